"""`tunevlseg data cache`: shown, and cleared on request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.data.cache.room import LIMIT
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.report import inspect
from engine.inference.encoding_files import EncodingFiles, encodings_folder
from engine.runs.folders import runs_folder
from engine.training.feature_cache import FeatureCache, features_folder
from engine.volumes.preprocess import Preprocess


def _built(folder: Path, seed: int) -> SliceDataset:
    for number in range(4):
        rng = np.random.default_rng(10 * seed + number)
        for kind, values in (
            ("images", rng.integers(0, 255, (24, 24, 3), dtype=np.uint8)),
            ("masks", np.pad(np.full((4, 4), 255, np.uint8), ((number, 20 - number), (3, 17)))),
        ):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(folder / f"{kind}/{number}.png")
    report = inspect(DataConfig(folder=str(folder)), 1, lambda event: None, CancelToken())
    return SliceDataset.build(report, "train", Preprocess(size=16), lambda event: None, CancelToken())


def _asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["data", "cache", *words, "--json"]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])["result"]
    return result


def test_shown_and_cleared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _asked(capsys)["datasets"] == []
    used = _built(tmp_path / "used", 1)
    _built(tmp_path / "other", 2)
    every = _asked(capsys)
    assert len(every["datasets"]) == 2
    assert every["bytes"] == sum(row["bytes"] for row in every["datasets"]) > 0
    (row,) = _asked(capsys, str(tmp_path / "used"))["datasets"]
    assert row["name"] == str(tmp_path / "used")
    assert [row["name"] for row in every["datasets"]] == ["", ""]
    (runs_folder() / "run").mkdir(parents=True)
    (runs_folder() / "run" / "recipe.yaml").write_text(f"data: {{folder: '{tmp_path / 'other'}'}}")
    assert {row["name"] for row in _asked(capsys)["datasets"]} == {"", str(tmp_path / "other")}
    assert row["slices"] == len(used)
    assert (row["pixels"], row["labels"], row["plane"], row["in_use"]) == (16, 1, "axial", True)

    assert main(["data", "cache", "--clear"]) == 0
    told = capsys.readouterr().out
    assert "removed" in told
    assert "since a run uses them" in told
    assert [row["in_use"] for row in _asked(capsys)["datasets"]] == [True]
    del used
    assert _asked(capsys, str(tmp_path / "other"), "--clear")["removed"] == 0
    assert _asked(capsys, "--clear")["removed"] == row["bytes"]
    assert _asked(capsys)["datasets"] == []


def test_mistakes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["data", "cache", str(tmp_path / "nowhere")]) == 2
    assert "is no folder" in capsys.readouterr().err
    monkeypatch.setenv(LIMIT, "lots")
    assert main(["data", "cache"]) == 2
    assert LIMIT in capsys.readouterr().err


def test_image_features_are_shown_and_cleared_with_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = FeatureCache("kind", 10**9)
    cache.write("aabb", np.arange(200, dtype=np.uint8))
    assert _asked(capsys)["features"]["entries"] == 1
    assert main(["data", "cache"]) == 0
    assert "1 image features" in capsys.readouterr().out
    (tmp_path / "other").mkdir()
    assert not _asked(capsys, str(tmp_path / "other"), "--clear")["features"]["cleared"]
    assert cache.read("aabb", 200) is not None
    assert main(["data", "cache", "--clear"]) == 0
    assert "removed" in capsys.readouterr().out
    assert cache.read("aabb", 200) is None
    assert _asked(capsys)["features"] == {
        "entries": 0,
        "bytes": 0,
        "folder": str(features_folder()),
        "cleared": False,
    }


def test_encoded_scans_are_shown_and_cleared_with_all_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = EncodingFiles(encodings_folder())
    assert kept.put("stack", 0, {"features": np.zeros((2, 1000), np.float32)})
    held = kept.nbytes
    shown = _asked(capsys)["encodings"]
    assert (shown["entries"], shown["bytes"], shown["cleared"]) == (1, held, False)
    assert not _asked(capsys, str(tmp_path), "--clear")["encodings"]["cleared"]
    assert kept.nbytes == held
    assert main(["data", "cache", "--clear"]) == 0
    assert "1 encoded scans" in capsys.readouterr().out
    assert kept.nbytes == 0
