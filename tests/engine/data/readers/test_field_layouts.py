"""Layouts of the field: task files, class folders, nnU-Net, Decathlon, BiomedParse, BIDS, COCO."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.findings import CaseFinding, DatasetReport
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList
from engine.data.slices import open_case
from tests.fakes import drawn_layouts as draw

Inspected = Callable[..., DatasetReport]


def _listed(name: str, folder: Path) -> CaseList:
    return LAYOUTS.get(name)().cases(folder)


def _case(found: CaseList, case_id: str) -> Case:
    return next(case for case in found.cases if case.case_id == case_id)


def _of(report: DatasetReport, case_id: str) -> CaseFinding:
    return next(finding for finding in report.cases if finding.case.case_id == case_id)


# Published task files.


def test_tasks_have_labels_prompts_and_splits(tmp_path: Path) -> None:
    draw.task_files(tmp_path)
    found = _listed("task_files", tmp_path)
    assert [(label.name, label.phrase) for label in found.labels] == [
        ("Cavity of the heart", "Cavity of the heart."),
        ("Wall of the heart", "Wall of the heart."),
    ]
    assert {case.case_id: case.split for case in found.cases} == {"a": "train", "d": "train", "b": "val", "c": "test"}
    assert dict(dict(_case(found, "a").prompts)[1])["p1"] == ("Cavity of the heart.", "Cavity in the ultrasound.")
    # p10 comes after p2: prompts are ordered by their numbers.
    assert [name for name, _ in dict(_case(found, "d").prompts)[1]] == ["p0", "p1", "p2", "p10"]
    assert found.splits_from


def test_a_label_without_a_task_is_unknown(tmp_path: Path, inspected: Inspected) -> None:
    draw.task_files(tmp_path)
    report = inspected(tmp_path)
    assert _of(report, "a").present(report.table).tolist() == [True, True]
    assert _of(report, "d").present(report.table).tolist() == [True, False]


def _tasks(folder: Path, split: str, rows: list[dict[str, Any]]) -> None:
    path = folder / f"anns/{split}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))


def test_files_lie_in_the_splits_folders_and_names_come_back(tmp_path: Path, inspected: Inspected) -> None:
    """As in CAMUS: val lies with train, and test has images of the same names."""
    for at, (home, name) in enumerate(
        [("train", "patient0001_2CH"), ("train", "patient0002_2CH"), ("test", "patient0001_2CH")]
    ):
        draw.save(tmp_path / f"images/{home}/{name}.png", draw.photo(at))
        draw.save(tmp_path / f"masks/{home}/mask_1/{name}_gt.png", draw.disc(at))
    said = {"p0": "", "p1": "heart"}
    for split, name in (("train", "patient0002_2CH"), ("val", "patient0001_2CH"), ("test", "patient0001_2CH")):
        _tasks(tmp_path, split, [{"img_name": f"{name}.png", "mask_name": f"mask_1/{name}_gt.png", "prompts": said}])
    report = inspected(tmp_path)
    splits = {finding.case.image.parent.name + "/" + finding.case.image.stem: finding.split for finding in report.cases}
    assert splits == {"train/patient0001_2CH": "val", "train/patient0002_2CH": "train", "test/patient0001_2CH": "test"}
    assert len({finding.case.patient for finding in report.cases}) == 3
    assert not any(problem.kind == "leak" for problem in report.problems)


def test_findings_in_flat_names_and_images_in_two_splits(tmp_path: Path, inspected: Inspected) -> None:
    for name in ("x1", "x2"):
        draw.save(tmp_path / f"images/{name}.jpg", draw.photo(ord(name[1])))
        for at, finding in enumerate(("edema", "lung_lesion")):
            draw.save(tmp_path / f"masks/{name}_{finding}.png", draw.disc(at))
    rows = [
        {"img_name": f"{name}.jpg", "mask_name": f"{name}_{finding}.png", "prompts": {"p1": f"{finding} in a Xray."}}
        for name in ("x1", "x2")
        for finding in ("edema", "lung_lesion")
    ]
    _tasks(tmp_path, "train", rows)
    _tasks(tmp_path, "val", rows[:1])
    report = inspected(tmp_path)
    assert report.table.names == ["edema in a Xray", "lung_lesion in a Xray"]
    assert {finding.case.case_id for finding in report.cases} == {"train/x1", "x2", "val/x1"}
    assert any(problem.kind == "leak" and "x1" in problem.message for problem in report.problems)


def test_negatives_do_not_name_the_label(tmp_path: Path) -> None:
    rows = []
    for at in range(4):
        draw.save(tmp_path / f"images/{at}.png", draw.photo(at))
        draw.save(tmp_path / f"masks/{at}.png", draw.disc(at, 255 if at == 0 else 0))
        said = "Tumor in the image." if at == 0 else "No tumor in the image."
        rows.append({"img_name": f"{at}.png", "mask_name": f"{at}.png", "prompts": {"p0": "", "p1": said}})
    _tasks(tmp_path, "train", rows)
    found = _listed("task_files", tmp_path)
    assert [label.phrase for label in found.labels] == ["Tumor in the image."]
    assert dict(dict(_case(found, "3").prompts)[1])["p1"] == ("No tumor in the image.",)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"mask_name": "0.png"}, "names no image"),
        ("text", "names no image"),
        ({"img_name": "9.png", "mask_name": "0.png"}, "9.png, which is not there"),
        ({"img_name": "0.png", "mask_name": "9.png"}, "9.png, which is not there"),
        ({"img_name": "0.png", "mask_name": "0.png", "prompts": {"p1": 7}}, "'p1' is no text"),
        ({"img_name": "0.png", "mask_name": "0.png", "prompts": ["p1"]}, "no mapping"),
        ({"img_name": "../../0.png", "mask_name": "0.png"}, "not there"),
    ],
)
def test_bad_tasks_are_told(row: Any, said: str, tmp_path: Path) -> None:
    draw.save(tmp_path / "images/0.png", draw.photo(0))
    draw.save(tmp_path / "masks/0.png", draw.disc(0))
    good = {"img_name": "0.png", "mask_name": "0.png", "prompts": {"p0": "", "p1": "x"}}
    _tasks(tmp_path, "train", [good, row])
    found = _listed("task_files", tmp_path)
    assert len(found.cases) == 1
    assert any(said in problem.message and "Task 2" in problem.message for problem in found.problems)


def test_a_damaged_list_is_told(tmp_path: Path) -> None:
    draw.task_files(tmp_path)
    (tmp_path / "anns/val.json").write_text('[{"img_name": ')
    found = _listed("task_files", tmp_path)
    assert {case.case_id for case in found.cases} == {"a", "c", "d"}
    assert [problem.path for problem in found.problems] == ["anns/val.json"]


# Class folders.


def test_classes_are_labels_and_absent_ones_are_empty(tmp_path: Path, inspected: Inspected) -> None:
    draw.class_folders(tmp_path)
    report = inspected(tmp_path)
    assert report.table.names == ["person", "train"]
    assert [value for value, count in _of(report, "a").counts.items() if count] == [1, 2]
    assert [value for value, count in _of(report, "b").counts.items() if count] == [2]
    assert _of(report, "b").present(report.table).all()
    assert _of(report, "b").split == "val"


def test_sub_folders_on_both_sides_are_no_classes(tmp_path: Path) -> None:
    for subject in ("sub-01", "sub-02"):
        draw.save(tmp_path / f"images/{subject}/a.png", draw.photo(1))
        draw.save(tmp_path / f"masks/{subject}/a.png", draw.disc(1))
    assert LAYOUTS.get("class_folders")().recognises(tmp_path) == 0
    assert LAYOUTS.get("folder_pairs")().recognises(tmp_path) > 0


# nnU-Net and the Decathlon.


def _nnunet(folder: Path, labels: Any, **about: Any) -> None:
    draw.nnunet(folder)
    path = folder / "Dataset007_Belly/dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "labels": labels, **about}))


def test_nnunet_names_and_test_images(tmp_path: Path, inspected: Inspected) -> None:
    draw.nnunet(tmp_path)
    report = inspected(tmp_path)
    assert (report.name, report.table.names, report.table.values) == ("Belly", ["liver", "left kidney"], [1, 2])
    assert any(problem.kind == "no_truth" for problem in report.problems)


def test_nnunet_version_1_and_given_folds(tmp_path: Path, inspected: Inspected) -> None:
    _nnunet(tmp_path, {"0": "background", "1": "liver", "2": "kidney"}, modality={"0": "CT"}, training=[])
    (tmp_path / "Dataset007_Belly/splits_final.json").write_text(json.dumps([{"train": ["a", "c"], "val": ["b"]}]))
    report = inspected(tmp_path)
    assert report.layout == "nnunet"
    assert report.table.names == ["liver", "kidney"]
    assert {finding.case.case_id: finding.split for finding in report.cases} == {"a": "train", "b": "val", "c": "train"}


def test_nnunet_regions_and_ignored_values(tmp_path: Path, inspected: Inspected) -> None:
    _nnunet(tmp_path, {"background": 0, "whole": [1, 2], "kidney": 2, "ignore": 3})
    draw.volume(tmp_path / "Dataset007_Belly/labelsTr/a.nii.gz", draw.organs(1, 2, 3))
    report = inspected(tmp_path)
    found = _of(report, "a")
    area = int((draw.organs(2) > 0).sum())
    values = dict(zip(report.table.names, report.table.values, strict=True))
    assert found.counts[values["kidney"]] == area
    assert found.counts[values["whole"]] == 2 * area
    assert found.has_void
    assert not _of(report, "b").has_void


def test_nnunet_in_two_dimensions(tmp_path: Path, inspected: Inspected) -> None:
    for at, name in enumerate("abc"):
        draw.save(tmp_path / f"imagesTr/{name}_0000.png", draw.photo(at))
        draw.save(tmp_path / f"labelsTr/{name}.png", draw.disc(at, 1))
    about = {"channel_names": {"0": "R", "1": "G", "2": "B"}, "labels": {"background": 0, "cell": 1}}
    (tmp_path / "dataset.json").write_text(json.dumps(about))
    report = inspected(tmp_path)
    assert (report.layout, len(report.cases), report.has_volumes) == ("nnunet", 3, False)


@pytest.mark.parametrize("labels", [None, {"liver": "one"}, {"liver": 70000}, ["liver"]])
def test_nnunet_labels_that_cannot_be_used(labels: Any, tmp_path: Path) -> None:
    _nnunet(tmp_path, labels)
    found = _listed("nnunet", tmp_path)
    assert any(problem.path.endswith("dataset.json") for problem in found.problems)


def test_decathlon_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    draw.decathlon(tmp_path / "in")
    draw.volume(tmp_path / "secret.nii.gz", draw.scan(1))
    path = tmp_path / "in/Task03_Liver/dataset.json"
    about = json.loads(path.read_text())
    about["training"][0]["image"] = "../../secret.nii.gz"
    path.write_text(json.dumps(about))
    found = _listed("decathlon", tmp_path / "in")
    assert [case.case_id for case in found.cases] == ["b", "c"]
    assert found.problems[0].severity == "error"


# BiomedParse, BIDS, COCO.


def test_biomedparse_targets_and_unknown_ones(tmp_path: Path, inspected: Inspected) -> None:
    draw.biomedparse(tmp_path)
    report = inspected(tmp_path)
    assert report.table.names == ["left kidney", "liver"]
    assert report.table.phrases == ["left kidney in abdomen MRI", "liver in abdomen MRI"]
    assert _of(report, "amos_1_MRI_abdomen").present(report.table).tolist() == [True, True]
    assert _of(report, "amos_2_MRI_abdomen").present(report.table).tolist() == [True, False]
    assert _of(report, "amos_3_MRI_abdomen").split == "test"


def test_bids_tables_name_values_and_other_spaces_are_left_out(tmp_path: Path, inspected: Inspected) -> None:
    draw.bids(tmp_path)
    report = inspected(tmp_path)
    assert report.table.names == ["SC"]
    assert sum(problem.kind == "other_space" for problem in report.problems) == 3
    for subject in ("sub-01", "sub-02", "sub-03"):
        home = tmp_path / f"derivatives/atlas/{subject}/anat"
        draw.volume(home / f"{subject}_desc-atlas_dseg.nii.gz", draw.organs(0, 3, 7))
    (tmp_path / "derivatives/atlas/atlas_dseg.tsv").write_text("index\tname\tcolor\n3\tgrey_matter\t#fff\n7\tCSF\t\n")
    both = inspected(tmp_path)
    assert both.table.names == ["grey matter", "CSF", "SC"]
    assert all(min(finding.counts.values()) > 0 for finding in both.cases)


def test_coco_shapes_and_images_without_objects(tmp_path: Path, inspected: Inspected) -> None:
    draw.coco(tmp_path)
    report = inspected(tmp_path)
    assert (report.table.names, report.table.values) == (["polyp", "blood clot"], [1, 3])
    assert _of(report, "a").counts == {1: 400, 3: 0}
    assert _of(report, "b").counts == {1: 0, 3: np.count_nonzero(draw.disc(ord("b")))}
    assert _of(report, "c").counts[1] == np.count_nonzero(draw.disc(ord("c")))
    assert not any(_of(report, "d").counts.values())
    stored = open_case(_of(report, "c").case, tmp_path).layers[0][0]
    assert np.array_equal(stored > 0, draw.disc(ord("c")) > 0)


def test_coco_boxes_and_damaged_annotations_are_told(tmp_path: Path, inspected: Inspected) -> None:
    draw.coco(tmp_path)
    path = tmp_path / "annotations/instances_train2017.json"
    about = json.loads(path.read_text())
    about["annotations"] += [
        {"image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"image_id": 0, "category_id": 1, "segmentation": [[1, 2, 3]]},
        {"image_id": 0, "category_id": 1, "segmentation": [["x"] * 6]},
        {"image_id": 0},
    ]
    about["images"].append({"id": 9, "file_name": "gone.jpg"})
    path.write_text(json.dumps(about))
    report = inspected(tmp_path)
    assert len(report.cases) == 4
    assert sum(problem.count for problem in report.problems if problem.kind == "bad_annotation") == 4
    assert any("gone.jpg" in problem.message for problem in report.problems if problem.severity == "error")
