"""The example in resources/ uses a bundle without our code, and gets the same mask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fakes.tiny_bundle import square_picture, write_tiny_bundle


def test_the_example_runs_without_the_engine(tmp_path: Path, repo_root: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "tiny.vlseg")
    picture = square_picture(64)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    example = repo_root / "resources" / "examples" / "segment_with_onnxruntime.py"
    assert "import engine" not in example.read_text()
    subprocess.run(
        [sys.executable, str(example), str(bundle), str(tmp_path / "photo.png"), "red", str(tmp_path / "mask.png")],
        check=True,
        cwd=tmp_path,  # outside the repository: the engine is not found by accident
    )
    mask = np.asarray(Image.open(tmp_path / "mask.png")) > 0
    truth = picture[..., 0] > 0
    assert mask.shape == truth.shape
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.9
