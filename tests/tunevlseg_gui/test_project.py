"""What the window keeps of a dataset's report."""

from __future__ import annotations

from pathlib import Path

from tunevlseg_gui.project import Found, Project, Split

REPORT = {
    "layout_title": "nnU-Net raw",
    "cases": [{}, {}],
    "labels": [{"value": 1, "name": "liver", "phrase": "liver", "colour": "#E69F00", "cases": 2}],
    "splits_from": "splits_final.json",
    "seed": 12345,
    "statistics": {
        "sizes": [{"shape_zyx": [40, 512, 512], "cases": 1}, {"shape_zyx": [1, 480, 640], "cases": 1}],
        "different_sizes": 5,
        "spacing_zyx": {"lowest": [2.0, 0.7, 0.7], "highest": [5.0, 0.7, 0.7]},
        "intensity": {"lowest": [-1024.0, 900.0], "highest": [-1000.0, 3071.0]},
        "areas": [{"value": 1, "median": 0.0213}],
    },
}


def test_numbers_are_told_in_words() -> None:
    found = Found.of_report(REPORT)
    assert found.facts == [
        "Size: 512 × 512 × 40, 640 × 480 and 3 more",
        "Spacing: 0.7 × 0.7 × 2 to 5 mm",
        "Values: -1024 to 3071",
        "Split: given by splits_final.json",
    ]
    assert found.labels[0].found == "in 2 cases, 2.1 %"


def test_our_own_split_is_called_ours() -> None:
    assert Found.of_report({**REPORT, "splits_from": ""}).facts[-1] == "Split: ours, by seed 12345"


def test_a_report_without_numbers_is_shown_all_the_same() -> None:
    found = Found.of_report({"cases": [{}], "labels": [{"value": 1, "name": "x", "cases": 1}]})
    assert found.facts == []
    assert found.labels[0].found == "in 1 case"


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
