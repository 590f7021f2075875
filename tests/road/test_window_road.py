"""The demo through the real window under X: mouse, keyboard, real engine, starter model, a short run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.bundle.reader import Bundle
from engine.runs.folders import resources
from engine.runs.layout import METRICS

EPOCHS = 2
LIMIT_S = 1500
PICTURES = "start data wizard-settings live-curves run-finished exported volume mask threshold saved".split()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """TUNEVLSEG_SCREENSHOTS keeps what the driver leaves, for people to look at."""
    kept = os.environ.get("TUNEVLSEG_SCREENSHOTS")
    return Path(kept) if kept else tmp_path / "demo"


@pytest.mark.xvfb
@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 60)
def test_from_the_start_page_to_a_saved_mask(out: Path, repo_root: Path, tmp_path: Path) -> None:
    if not (resources() / "models" / "starter" / "model.safetensors").is_file():
        pytest.skip("needs the starter model in resources/models/starter")
    done = subprocess.run(
        [sys.executable, "-m", "tunevlseg_gui.demo_driver", "--out", str(out), "--epochs", str(EPOCHS)],
        cwd=repo_root,
        env={**os.environ, "TUNEVLSEG_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert found["synthetic"]
    assert found["epochs"] == EPOCHS
    assert found["parity_verified"]
    assert found["mask_on_the_volumes_grid"]
    assert found["mask_voxels"] > 0
    # Two epochs teach little; a mask that were turned or mirrored would miss the liver altogether.
    assert found["dice"]["volume"] > 0.2
    assert not any(Path(name).is_absolute() for name in found["files"]["screenshots"])
    assert len((out / METRICS).read_text(encoding="utf-8").splitlines()) == 1 + EPOCHS
    assert [label.phrase for label in Bundle.open(out / "demo.vlseg").manifest.labels] == ["liver"]
    taken = {path.stem[3:]: path for path in sorted(out.glob("[0-9][0-9]-*.png"))}
    assert set(PICTURES) <= set(taken)
    shots = {name: Image.open(taken[name]).convert("RGB") for name in ("volume", "mask", "threshold")}
    assert shots["volume"].size >= (1300, 800)
    # The mask is seen, and the threshold changes what is seen.
    assert shots["mask"].tobytes() != shots["volume"].tobytes()
    assert shots["threshold"].tobytes() != shots["mask"].tobytes()
