"""The open dataset as it is edited."""

from __future__ import annotations

from pathlib import Path

from tunevlseg_gui.dataset import Split
from tunevlseg_gui.project import Project


def _cases(**splits: str) -> Project:
    project = Project()
    rows = [
        {"case_id": name, "patient": name[0], "split": split, "shape_zyx": [1, 4, 4], "chosen": 1, "stack": 1}
        for name, split in splits.items()
    ]
    project.take_report({"cases": rows, "labels": [], "usable": True})
    return project


def test_a_patient_moves_as_one_unless_the_split_is_by_image(qapp: object) -> None:
    project = _cases(a1="train", a2="train", b1="train", b2="val")
    assert project.together(["a1"], "val") == (["a1"], ["a2"])
    assert project.together(["b1"], "val") == (["b1"], [])  # the other one is there already
    assert project.together(["b2"], "val") == ([], ["b1"])
    project.split = Split(by="image")
    assert project.together(["a1"], "val") == (["a1"], [])


def test_sizes_follow_moves_and_draws_and_their_undo(qapp: object) -> None:
    project = _cases(a1="train", b1="train", c1="val")
    project.move_cases({"a1": "test"})
    assert {split: row["cases"] for split, row in project.split_sizes().items()} == {"train": 1, "val": 1, "test": 1}
    project.draw_split(Split(50, 50, 0), {"a1": "val", "b1": "train", "c1": "train"})
    assert project.moves == {}
    assert project.splits() == {"train": ["b1", "c1"], "val": ["a1"], "test": []}
    project.undo_stack.undo()
    assert project.splits() == {"train": ["b1"], "val": ["c1"], "test": ["a1"]}
    project.move_cases({"c1": ""})
    assert "No case is left in val" in project.split_problem
    assert not project.ready


def test_a_lone_volume_that_serves_several_splits_cannot_be_moved(qapp: object) -> None:
    project = _cases(a1="train, val")
    assert not project.shareable
    assert project.together(["a1"], "test") == ([], [])


def test_a_recipe_points_at_the_file_that_holds_the_moves(qapp: object) -> None:
    project = _cases(a1="train", b1="train", c1="val")
    project.folder = Path("/data/set")
    project.move_cases({"a1": "val"})
    assert not project.ready
    project.take_saved(Path("/kept/1"), project.moves)
    assert project.ready
    assert project.data_for_recipe()["folder"] == str(Path("/kept/1"))
    project.move_cases({"b1": "val", "c1": "train"})
    assert project.waiting
    project.undo_stack.undo()
    project.undo_stack.undo()
    assert project.data_for_recipe()["folder"] == str(Path("/data/set"))
