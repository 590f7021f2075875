"""Problems say whose they are and what the program can do about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.data.findings import DatasetReport
from engine.data.problem import Problem, gathered

Inspected = Callable[..., DatasetReport]


def test_many_equal_notes_become_one_line_with_all_cases() -> None:
    notes = [Problem("mask_cut", "note", "Cut.", f"{name}.jpg", cases=(name,), mending="lossless") for name in "abcde"]
    (line,) = gathered(notes)
    assert (line.count, line.cases, line.mending) == (5, tuple("abcde"), "lossless")


def test_each_problem_names_its_cases_and_its_mending(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 8)
    (tmp_path / "masks/c1.png").write_bytes(b"no picture")
    make.save(tmp_path / "masks/c2.png", np.zeros((48, 64), np.uint8))
    (tmp_path / "masks/c3.png").unlink()
    Image.fromarray(make.disc(seed=3)).save(tmp_path / "masks/c3.jpg", quality=30)
    make.save(tmp_path / "masks/c4.png", 255 - make.disc(seed=4))
    found = {(problem.kind, problem.cases, problem.mending) for problem in inspected(tmp_path).problems}
    assert ("unreadable", ("c1",), "leave_out") in found
    assert ("masks_empty", ("c2",), "leave_out") in found
    assert ("mask_cut", ("c3",), "lossless") in found
    assert ("mask_inverted", ("c4",), "invert") in found


def test_only_headers_that_allow_it_offer_a_repair(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.volumes(tmp_path, 3)
    voxels = np.ones((20, 24, 32), np.uint8)
    make.volume(tmp_path / "labels/v1.nii.gz", voxels, origin_x=0.3)
    make.volume(tmp_path / "labels/v2.nii.gz", voxels, origin_x=900.0)
    found = {
        problem.cases: problem.mending for problem in inspected(tmp_path).problems if problem.kind == "grid_mismatch"
    }
    assert found == {("v1",): "geometry", ("v2",): "leave_out"}


def test_leaks_name_all_cases_of_the_patient(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for number, (split, name) in enumerate((("train", "p1_a"), ("val", "p1_b"), ("train", "p2_a"), ("val", "p3_a"))):
        make.pair(tmp_path / f"{split}/images/{name}.png", tmp_path / f"{split}/masks/{name}.png", seed=number)
    report = inspected(tmp_path, split={"patient_pattern": r"(p\d)_"})
    (leak,) = [problem for problem in report.problems if problem.kind == "leak"]
    assert (set(leak.cases), leak.mending) == ({"p1_a", "p1_b"}, "regroup")
