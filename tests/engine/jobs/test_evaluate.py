"""Scores of a bundle: the surface Dice's tolerance, and what is told where MONAI is not installed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import OutOfRange
from engine.contract.events import Event, Log
from engine.contract.jobs import Evaluate
from engine.jobs import evaluate
from engine.training.evaluate import NO_SURFACES
from engine.training.surfaces import surfaces_available
from tests.fakes.tiny_bundle import write_tiny_bundle


@pytest.fixture
def asked(tmp_path: Path) -> tuple[Path, Path]:
    """A bundle, and pictures whose bright square lies three pixels beside their mask."""
    for number in range(6):
        picture, mask = np.full((16, 16, 3), number, np.uint8), np.zeros((16, 16), np.uint8)
        picture[4:12, 4:12] = 255
        mask[4:12, 7:15] = 255
        for kind, values in (("images", picture), ("masks", mask)):
            (tmp_path / "bright" / kind).mkdir(exist_ok=True, parents=True)
            Image.fromarray(values).save(tmp_path / "bright" / kind / f"c{number}.png")
    return write_tiny_bundle(tmp_path / "tiny", labels=False), tmp_path / "bright"


def rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_tolerance_reaches_the_scores(asked: tuple[Path, Path], tmp_path: Path) -> None:
    if not surfaces_available():
        pytest.skip("needs MONAI")
    bundle, data = asked
    found = {}
    for tolerance in (None, 0.0, 2.0, 1000.0):
        job = Evaluate(str(bundle), str(data), "all", str(tmp_path / str(tolerance)), tolerance)
        found[tolerance] = evaluate.run(job, lambda event: None, CancelToken(), "job")
    shares = {tolerance: [float(row["nsd"]) for row in rows(result["scores"])] for tolerance, result in found.items()}
    assert shares[None] == shares[2.0]
    assert found[None]["tolerance"] == 2.0
    assert sum(shares[0.0]) < sum(shares[2.0]) < sum(shares[1000.0])
    assert {row["unit"] for row in rows(found[2.0]["scores"])} == {"px"}
    assert shares[1000.0] == [1.0] * 6
    assert {float(row["hd95"]) for row in rows(found[2.0]["scores"])} == {3.0}


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_what_is_no_distance_is_refused(asked: tuple[Path, Path], tolerance: float) -> None:
    with pytest.raises(OutOfRange, match="no distance"):
        evaluate.run(Evaluate(str(asked[0]), str(asked[1]), tolerance=tolerance), print, CancelToken(), "job")


def test_without_monai_overlap_is_scored_and_the_rest_is_blank(
    asked: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle is used, and scored, where only the light base is installed."""
    monkeypatch.setattr("engine.training.evaluate.surfaces_available", lambda: False)
    told: list[Event] = []
    job = Evaluate(str(asked[0]), str(asked[1]), "all", str(tmp_path / "out"))
    result = evaluate.run(job, told.append, CancelToken(), "job")
    assert NO_SURFACES in [event.message for event in told if isinstance(event, Log) and event.level == "warning"]
    assert all(row["dice"] and row["hd95"] == row["nsd"] == row["unit"] == "" for row in rows(result["scores"]))
    assert result["summary"][0]["hd95"] is None
