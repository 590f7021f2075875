"""Inspection of good and bad folders: what is used, and what is said about the rest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, DatasetIncomplete, OutOfRange, UnknownName
from engine.contract.events import CasesListed, Log, Progress
from engine.contract.jobs import InspectData
from engine.data.config import DataConfig
from engine.data.findings import DatasetReport
from engine.data.problem import Problem
from engine.data.report import inspect
from engine.jobs.inspect_data import run

Inspected = Callable[..., DatasetReport]


def _problem(report: DatasetReport, kind: str) -> Problem:
    found = [problem for problem in report.problems if problem.kind == kind]
    assert len(found) == 1, [problem.line() for problem in report.problems]
    assert found[0].message
    assert found[0].fix
    return found[0]


def test_a_plain_folder(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path / "colon_polyps-2", 10))
    assert report.usable
    assert [(problem.kind, problem.severity) for problem in report.problems] == [("phrase_from_folder", "note")]
    assert [(label.value, label.name, label.phrase) for label in report.labels] == [
        (1, "colon polyps 2", "colon polyps 2")
    ]
    assert [report.slice_count(split) for split in ("train", "val", "test")] == [8, 1, 1]
    assert {finding.shape_zyx for finding in report.cases} == {(1, 48, 64)}
    assert report.intensity["intensity"] == "as_is"
    found = json.loads(json.dumps(report.to_dict()))
    assert found["labels"][0]["cases"] == 10
    assert found["splits"]["train"] == {"cases": 8, "patients": 8, "slices": 8}
    assert found["cases"][0]["image"] == "images/c0.png"


def test_a_phrase_that_a_person_wrote_is_not_called_the_folders(
    tmp_path: Path, make: Any, inspected: Inspected
) -> None:
    label = {"value": 1, "name": "polyp", "phrase": "a polyp", "colour": "#E69F00"}
    assert inspected(make.pairs(tmp_path / "set", 10), labels=[label]).problems == ()


def test_progress_is_told_and_a_cancel_heeded(tmp_path: Path, make: Any) -> None:
    make.pairs(tmp_path, 4)
    events: list[Any] = []
    inspect(DataConfig(folder=str(tmp_path)), 1, events.append, CancelToken(), job_id="j")
    assert isinstance(events[-1], Progress)
    assert (events[-1].done, events[-1].total, events[-1].job_id) == (4, 4, "j")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        inspect(DataConfig(folder=str(tmp_path)), 1, events.append, token)


@pytest.mark.parametrize("value", [1, 255, 7])
def test_one_value_is_binary_whatever_it_is(tmp_path: Path, make: Any, inspected: Inspected, value: int) -> None:
    report = inspected(make.pairs(tmp_path / "cells", 4, value=value))
    assert report.table.kind == "binary"
    assert report.table.values == [1]


def test_several_values_are_labels(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for number in range(4):
        mask = make.disc(value=3, seed=number)
        mask[:6, :6] = 8
        make.save(tmp_path / f"images/{number}.png", make.picture(seed=number))
        make.save(tmp_path / f"masks/{number}.png", mask)
    report = inspected(tmp_path)
    assert [(label.value, label.name) for label in report.labels] == [(3, "label 3"), (8, "label 8")]
    assert len({label.colour for label in report.labels}) == 2
    assert report.labels[0].phrase == f"{report.name} label 3"


def test_an_edited_label_table_is_used(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    labels = [{"value": 255, "name": "polyp", "phrase": "a round polyp", "colour": "#123456"}]
    report = inspected(make.pairs(tmp_path, 4), labels=labels)
    assert report.table.phrases == ["a round polyp"]
    assert all(finding.counts[255] > 0 for finding in report.cases)


def test_dataset_json_names_the_labels(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 4, value=1)
    described = {
        "name": "drawn polyps",
        "synthetic": True,
        "labels": [{"value": 1, "name": "polyp", "phrase": "a polyp"}],
    }
    (tmp_path / "dataset.json").write_text(json.dumps(described))
    report = inspected(tmp_path)
    assert (report.name, report.synthetic, report.table.phrases) == ("drawn polyps", True, ["a polyp"])
    assert report.to_dict()["synthetic"] is True


def test_dataset_json_of_another_program_is_left_alone(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path / "set", 4)
    (tmp_path / "set/dataset.json").write_text('{"labels": {"background": 0, "tumour": 1}, "numTraining": 4}')
    report = inspected(tmp_path / "set")
    assert report.table.names == ["set"]
    assert [problem.kind for problem in report.problems] == ["phrase_from_folder"]


@pytest.mark.parametrize(
    "text", ["{", '{"labels": [{"name": "x"}]}', '{"labels": [{"value": 0, "name": "x"}]}', "\udcff"]
)
def test_a_damaged_dataset_json_is_told(tmp_path: Path, make: Any, inspected: Inspected, text: str) -> None:
    make.pairs(tmp_path, 4)
    (tmp_path / "dataset.json").write_bytes(text.encode(errors="surrogateescape"))
    report = inspected(tmp_path)
    assert report.usable
    assert _problem(report, "dataset_json").path == "dataset.json"


# Bad input: a case is left out and told, the others are used.


def _damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    path.write_bytes({"empty": b"", "truncated": content[: len(content) // 2], "text": b"not an image at all"}[how])


@pytest.mark.parametrize("side", ["images", "masks"])
@pytest.mark.parametrize("how", ["empty", "truncated", "text"])
def test_an_unreadable_file(tmp_path: Path, make: Any, inspected: Inspected, how: str, side: str) -> None:
    make.pairs(tmp_path, 5)
    _damage(tmp_path / side / "c2.png", how)
    report = inspected(tmp_path)
    problem = _problem(report, "unreadable")
    assert (problem.severity, problem.path) == ("error", f"{side}/c2.png")
    assert str(tmp_path) not in problem.message
    assert {finding.case.case_id for finding in report.cases} == {"c0", "c1", "c3", "c4"}


def test_an_image_without_a_mask_and_the_reverse(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 5)
    (tmp_path / "masks/c1.png").unlink()
    (tmp_path / "images/c3.png").unlink()
    report = inspected(tmp_path)
    assert _problem(report, "image_without_mask").path == "images/c1.png"
    assert _problem(report, "mask_without_image").path == "masks/c3.png"
    assert len(report.cases) == 3


def test_a_mask_of_another_size(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 5)
    make.save(tmp_path / "masks/c0.png", make.disc(50, 60))
    problem = _problem(inspected(tmp_path), "size_mismatch")
    assert problem.path == "masks/c0.png"
    assert "60 × 50" in problem.message
    assert "64 × 48" in problem.message


def test_a_mask_that_lies_elsewhere(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.volumes(tmp_path, 3)
    make.volume(tmp_path / "labels/v1.nii.gz", np.ones((20, 24, 32), np.uint8), origin_x=5.0)
    report = inspected(tmp_path)
    problem = _problem(report, "grid_mismatch")
    assert problem.path == "labels/v1.nii.gz"
    assert "origin" in problem.message
    assert "data repair IMAGE MASK --how resample" in problem.fix
    assert len(report.cases) == 2


def test_a_mask_in_colours(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 4)
    make.save(tmp_path / "masks/c0.png", make.picture(seed=5))
    assert _problem(inspected(tmp_path), "unreadable").path == "masks/c0.png"


def test_a_label_that_no_mask_holds(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    labels = [{"value": 1, "name": "cyst"}, {"value": 2, "name": "stone"}]
    report = inspected(make.pairs(tmp_path, 4, value=1), labels=labels)
    problem = _problem(report, "label_absent")
    assert "'stone'" in problem.message
    assert report.usable


def test_a_folder_of_two_layouts_is_told(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 4)
    for number in range(3):
        make.pair(tmp_path / f"imagesTr/c{number}_0000.png", tmp_path / f"labelsTr/c{number}.png", seed=20 + number)
    about = {"channel_names": {"0": "x"}, "labels": {"background": 0, "a": 255}, "file_ending": ".png"}
    (tmp_path / "dataset.json").write_text(json.dumps({**about, "numTraining": 3}))
    report = inspected(tmp_path)
    assert (report.layout, len(report.cases)) == ("nnunet", 3)
    problem = _problem(report, "layout_ambiguous")
    assert "folder_pairs" in problem.fix
    assert problem.count == 4
    chosen = inspected(tmp_path, layout="folder_pairs")
    assert "layout_ambiguous" not in {found.kind for found in chosen.problems}


def test_many_labels_that_no_mask_holds_are_one_line(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    labels = [{"value": value, "name": f"organ {value}"} for value in range(1, 9)]
    report = inspected(make.pairs(tmp_path, 4, value=1), labels=labels)
    problem = _problem(report, "label_absent")
    assert problem.count == 7
    assert all(f"organ {value}" in problem.message for value in range(2, 9))


def test_of_a_file_with_several_volumes_one_is_used_and_told(tmp_path: Path, inspected: Inspected) -> None:
    series = np.random.default_rng(0).normal(size=(2, 5, 20, 24)).astype(np.float32)
    truth = np.zeros((5, 20, 24), np.uint8)
    truth[2, 5:10, 5:10] = 1
    for number in range(4):
        for folder, values in (("images", series + number), ("masks", truth)):
            (tmp_path / folder).mkdir(exist_ok=True)
            sitk.WriteImage(sitk.GetImageFromArray(values, isVector=False), str(tmp_path / folder / f"s{number}.nii"))
    first, second = inspected(tmp_path), inspected(tmp_path, channel=2)
    assert [len(report.cases) for report in (first, second)] == [4, 4]
    assert first.cases[0].values == pytest.approx((series[0].min(), series[0].max()))
    assert second.cases[0].values == pytest.approx((series[1].min(), series[1].max()))
    assert "number 2 is used" in _problem(second, "scan_note").message
    assert not inspected(tmp_path, channel=3).cases


def test_a_channel_of_nnunet_is_chosen(tmp_path: Path, inspected: Inspected) -> None:
    for name in ("imagesTr", "labelsTr"):
        (tmp_path / name).mkdir()
    for number in range(4):
        for channel in range(2):
            values = np.full((20, 24), 10 * (channel + 1), np.uint8)
            values[0, number] = 3
            Image.fromarray(values).save(tmp_path / "imagesTr" / f"c{number}_{channel:04d}.png")
        truth = np.zeros((20, 24), np.uint8)
        truth[3:9, 3 : 9 + number] = 1
        Image.fromarray(truth).save(tmp_path / "labelsTr" / f"c{number}.png")
    about = {"channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "spot": 1}, "file_ending": ".png"}
    (tmp_path / "dataset.json").write_text(json.dumps({**about, "numTraining": 4}))
    assert inspected(tmp_path).cases[0].values == (3, 10)
    assert inspected(tmp_path, channel=2).cases[0].values == (3, 20)
    with pytest.raises(OutOfRange, match="2 channels"):
        inspected(tmp_path, channel=3)


def test_a_value_that_is_no_label(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.volumes(tmp_path, 3), labels=[{"value": 2, "name": "spleen"}])
    assert "(1)" in _problem(report, "values_unlisted").message
    assert report.table.values == [2]


def test_masks_that_are_all_empty(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path, 4, value=0))
    assert not report.usable
    assert _problem(report, "all_masks_empty").severity == "error"
    with pytest.raises(DatasetIncomplete, match="All 4 masks are empty"):
        report.require_usable()


def test_some_empty_masks_are_only_noted(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 5)
    make.save(tmp_path / "masks/c0.png", np.zeros((48, 64), np.uint8))
    report = inspected(tmp_path)
    assert _problem(report, "masks_empty").severity == "note"
    assert len(report.cases) == 5


def test_jpeg_masks_are_cut_at_one_half(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for number in range(4):
        make.save(tmp_path / f"images/{number}.jpg", make.picture(seed=number))
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(make.disc(seed=number)).save(tmp_path / f"masks/{number}.jpg", quality=60)
    report = inspected(tmp_path / ".." / tmp_path.name)
    assert report.table.kind == "binary"
    assert _problem(report, "mask_cut").count == 4
    for number, finding in enumerate(report.cases):
        assert finding.counts[1] == pytest.approx(np.count_nonzero(make.disc(seed=number)), rel=0.05)


def test_numbered_objects_become_one_label(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for number in range(3):
        mask = np.zeros((48, 64), np.uint8)
        mask[4:44, 4:60] = np.arange(40)[:, None] // 1 + 1
        make.save(tmp_path / f"images/{number}.png", make.picture(seed=number))
        make.save(tmp_path / f"masks/{number}.png", mask)
    report = inspected(tmp_path)
    assert len(report.labels) == 1
    assert _problem(report, "numbered_objects").severity == "warning"


def test_the_same_image_twice_stays_in_one_split(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 8)
    for number in range(8):
        shutil.copy(tmp_path / f"images/c{number}.png", tmp_path / f"images/d{number}.png")
        shutil.copy(tmp_path / f"masks/c{number}.png", tmp_path / f"masks/d{number}.png")
    report = inspected(tmp_path)
    splits = {finding.case.case_id: finding.split for finding in report.cases}
    assert all(splits[f"c{number}"] == splits[f"d{number}"] for number in range(8))
    assert sum(problem.kind == "duplicate_image" for problem in report.problems) == 8


def test_many_equal_notes_become_one_line(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 6)
    for path in sorted((tmp_path / "images").iterdir()):
        Image.open(path).convert("RGBA").save(path)
    assert _problem(inspected(tmp_path), "scan_note").count == 6


@pytest.mark.parametrize("case", ["missing", "empty", "file", "texts", "not named"])
def test_no_dataset_at_all(tmp_path: Path, inspected: Inspected, case: str) -> None:
    folder = tmp_path / "set"
    if case == "file":
        folder.write_text("x")
    elif case != "missing":
        folder.mkdir()
    if case == "texts":
        (folder / "images").mkdir()
        (folder / "masks").mkdir()
        (folder / "readme.txt").write_text("x")
    if case == "not named":
        for name in "ab":
            Image.new("L", (4, 4)).save(folder / f"{name}.png")
    expected = {
        "missing": "does not exist",
        "empty": "is empty",
        "file": "is a file",
        "texts": "holds no images",
        "not named": "not recognised",
    }
    with pytest.raises(DatasetIncomplete, match=expected[case]) as caught:
        inspected(folder)
    assert caught.value.hint
    assert caught.value.field == "data.folder"


def test_an_unknown_layout_names_the_known_ones(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    with pytest.raises(UnknownName, match="folder_pairs"):
        inspected(make.pairs(tmp_path), layout="folder_pair")


# Volumes.


def test_volumes_feed_slices_with_labels_and_a_few_empty_ones(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.volumes(tmp_path), empty_slices=0.3)
    assert report.has_volumes
    assert report.table.values == [1, 2]
    train = report.of_split("train")[0]
    chosen = train.slices["train"]
    assert set(range(5, 12)) <= set(chosen)
    assert len(chosen) == 7 + 2
    assert report.intensity["intensity"] == "window"
    # What a model marks where nothing is counts in the final scores.
    assert report.of_split("test")[0].slices["test"] == tuple(range(20))


def test_every_nth_slice_and_planes(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.volumes(tmp_path)
    report = inspected(tmp_path, slices="all", each_nth=3)
    assert report.of_split("train")[0].slices["train"] == tuple(range(0, 20, 3))
    coronal = inspected(tmp_path, plane="coronal", empty_slices=0)
    assert len(coronal.of_split("train")[0].slices["train"]) == 6 + 8


def test_a_lone_volume_is_split_by_slabs(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.volumes(tmp_path, 1), slices="all")
    _problem(report, "one_volume")
    slices = report.cases[0].slices
    # Cut by the marked slices, 5 to 11, so that every part has some to look at.
    assert slices == {"train": tuple(range(10)), "val": (10,), "test": tuple(range(11, 20))}
    assert all(report.cases[0].labels_in.values())
    report.require_split("train", "val", "test")


def test_a_lone_picture_cannot_be_tuned_on(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path, 1))
    assert report.usable
    with pytest.raises(DatasetIncomplete, match="no cases for val"):
        report.require_split("train", "val")


def test_most_cases(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 9)
    first = {finding.case.case_id for finding in inspected(tmp_path, max_cases=4).cases}
    assert len(first) == 4
    assert {finding.case.case_id for finding in inspected(tmp_path, max_cases=4).cases} == first
    assert {finding.case.case_id for finding in inspected(tmp_path, max_cases=4, seed=2).cases} != first


def test_slices_are_chosen_by_the_labels_asked_for(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.volumes(tmp_path), labels=[{"value": 2, "name": "spleen"}], empty_slices=0)
    assert report.of_split("train")[0].slices["train"] == (8, 9, 10, 11)


def test_a_label_that_train_or_val_lacks_is_told(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for split, value in (("train", 1), ("val", 2)):
        for number in range(2):
            image, mask = (tmp_path / split / side / f"{split}{number}.png" for side in ("images", "masks"))
            make.pair(image, mask, seed=value * 10 + number, value=value)
    report = inspected(tmp_path)
    assert "'label 2'" in _problem(report, "label_not_in_train").message
    assert "label 1" in _problem(report, "label_not_in_val").message


# The job.


def test_the_job_returns_plain_values(tmp_path: Path, make: Any) -> None:
    make.pairs(tmp_path / "set", 5)
    job = InspectData(
        folder=str(tmp_path / "set"),
        labels=[{"value": 1, "name": "cell", "phrase": "a cell", "colour": "#00ff00"}],
        split={"train": 0.6, "val": 0.2, "test": 0.2},
    )
    found = run(job, lambda event: None, CancelToken(), "j")
    assert json.loads(json.dumps(found)) == found
    assert found["splits"]["train"]["cases"] == 3
    assert {row["unit"] for row in found["cases"]} == {row["patient"] for row in found["cases"]}
    events: list[Any] = []
    told = run(replace(job, in_parts=True), events.append, CancelToken(), "j")
    parts = [event for event in events if isinstance(event, CasesListed)]
    assert [row for part in parts for row in part.rows] == found["cases"]
    assert told == {**found, "cases": 5}


def test_cases_that_were_placed_by_hand_stay_there(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 4)
    placed = {"c0": "test", "c1": "val", "c2": "train", "c3": "val"}
    report = inspected(tmp_path, placed=placed)
    assert {item.case.case_id: item.split for item in report.cases} == placed


def test_the_job_tells_every_problem_where_nothing_is_usable(tmp_path: Path, make: Any) -> None:
    make.pairs(tmp_path, 3)
    for path in (tmp_path / "images").iterdir():
        path.write_bytes(b"")
    events: list[Any] = []
    with pytest.raises(DatasetIncomplete, match=r"Nothing in .* is usable.*c0\.png.*empty"):
        run(InspectData(folder=str(tmp_path)), events.append, CancelToken(), "j")
    logs = [event for event in events if isinstance(event, Log)]
    assert [log.level for log in logs] == ["error"] * 3


def test_a_wrong_setting_is_named_by_its_path(tmp_path: Path, make: Any) -> None:
    make.pairs(tmp_path, 3)
    with pytest.raises(OutOfRange, match=r"data\.split"):
        run(InspectData(folder=str(tmp_path), split={"train": 0.9}), lambda event: None, CancelToken(), "j")
    with pytest.raises(OutOfRange, match=r"data\.labels\.0\.value"):
        run(
            InspectData(folder=str(tmp_path), labels=[{"value": 0, "name": "x"}]),
            lambda event: None,
            CancelToken(),
            "j",
        )


def test_real_nuclei(shared_data: Path, inspected: Inspected) -> None:
    report = inspected(shared_data / "dsb2018_nuclei")
    assert len(report.cases) == 101
    assert report.table.names == ["dsb2018 nuclei"]
    assert {problem.severity for problem in report.problems} == {"note"}
    assert [len(report.of_split(split)) for split in ("train", "val", "test")] == [81, 10, 10]


def test_a_real_bids_folder(shared_data: Path, inspected: Inspected) -> None:
    report = inspected(shared_data / "axondeepseg_sem")
    assert (report.layout, report.table.names) == ("bids", ["axon", "myelin"])
    assert sorted(finding.case.patient for finding in report.cases) == ["sub-rat2", "sub-rat4", "sub-rat6", "sub-rat8"]
    assert all(finding.counts[1] and finding.counts[2] for finding in report.cases)
    assert _problem(report, "repeated_label").count == 4


def test_sides_that_are_swapped_are_told(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 3)
    make.save(tmp_path / "masks/c0.png", make.disc(64, 48))
    assert "turned by 90°" in _problem(inspected(tmp_path), "size_mismatch").message


def test_a_real_ct_by_slabs_beside_a_truncated_one(
    shared_data: Path, tmp_path: Path, make: Any, inspected: Inspected
) -> None:
    source = shared_data / "totalsegmentator_ct"
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    shutil.copy(source / "example_ct.nii.gz", tmp_path / "images/ct.nii.gz")
    shutil.copy(source / "example_seg_fast_force_split.nii.gz", tmp_path / "labels/ct.nii.gz")
    content = (source / "example_ct_sm.nii.gz").read_bytes()
    (tmp_path / "images/cut.nii.gz").write_bytes(content[: len(content) // 2])
    shutil.copy(source / "example_seg.nii.gz", tmp_path / "labels/cut.nii.gz")
    report = inspected(tmp_path, labels=[{"value": 5, "name": "liver", "phrase": "liver"}])
    assert _problem(report, "unreadable").path == "images/cut.nii.gz"
    assert report.intensity["intensity"] == "window"
    assert all(report.cases[0].labels_in[split] == {5} for split in ("train", "val", "test"))


@pytest.mark.parametrize("marked", [False, True])
def test_a_mask_without_its_images_orientation_mark_is_doubted(
    marked: bool, tmp_path: Path, make: Any, inspected: Inspected
) -> None:
    folder = make.pairs(tmp_path / "photos", 3)
    upside_down = Image.Exif()
    upside_down[0x0112] = 3
    for path in [*(folder / "images").iterdir(), *((folder / "masks").iterdir() if marked else [])]:
        Image.open(path).save(path, exif=upside_down)
    report = inspected(folder)
    doubts = [problem for problem in report.problems if problem.kind == "mask_perhaps_turned"]
    assert [problem.severity for problem in doubts] == ([] if marked else ["warning"] * 3)
