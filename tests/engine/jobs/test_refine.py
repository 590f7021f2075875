"""Stored answers made cleaner, as they would be saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import InputError, OutOfRange
from engine.contract.jobs import Refine
from engine.inference.refine import Refinement, refine
from engine.jobs.refine import run
from engine.volumes.geometry import Geometry
from engine.volumes.view_export import export_for_view
from engine.volumes.volume import Volume

GRID = Geometry((0.5, 1.0, 2.0), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def go(job: Refine) -> list[str]:
    return run(job, lambda _: None, CancelToken(), "job")["masks"]


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    levels = np.random.default_rng(0).integers(0, 256, (6, 20, 30), np.uint8)
    np.save(tmp_path / "liver.npy", levels)
    return tmp_path / "liver.npy"


def test_millimetres_are_those_of_the_scan(answer: Path, tmp_path: Path) -> None:
    levels = np.load(answer)
    export_for_view(Volume(levels, GRID), tmp_path / "view")
    (path,) = go(Refine([str(answer)], str(tmp_path / "out"), 0.5, str(tmp_path / "view"), smooth=1.0, largest=True))
    found = np.load(path)
    assert (found.dtype, set(np.unique(found))) == (np.dtype(np.uint8), {0, 255})
    wanted = refine(levels, 0.5, Refinement(smooth=1.0, largest=True), GRID)
    assert np.array_equal(found == 255, wanted)
    assert not np.array_equal(wanted, refine(levels, 0.5, Refinement(smooth=1.0, largest=True), None))


def test_what_is_wrong_is_told(answer: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no longer there"):
        go(Refine([str(tmp_path / "gone.npy")], str(tmp_path), 0.5))
    np.save(tmp_path / "other.npy", np.zeros((2, 2)))
    with pytest.raises(InputError, match="no probabilities"):
        go(Refine([str(tmp_path / "other.npy")], str(tmp_path), 0.5))
    with pytest.raises(InputError, match="opened scan"):
        go(Refine([str(answer)], str(tmp_path), 0.5, view=str(tmp_path / "no view")))
    with pytest.raises(OutOfRange):
        go(Refine([str(answer)], str(tmp_path), 0.5, smooth=-1))
