"""dataset.yaml: what was edited comes back; files stay where they are; mistakes are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.jobs import EditDataset
from engine.data.dataset_file import write_dataset_file
from engine.data.findings import DatasetReport
from engine.data.readers.base import Case, CaseList
from engine.data.readers.dataset_yaml import DatasetFile
from engine.data.readers.mended import mended
from engine.jobs.edit_dataset import run
from tests.fakes import drawn_layouts as draw

Inspected = Callable[..., DatasetReport]


def _splits(report: DatasetReport) -> dict[str, str]:
    return {finding.case.case_id: finding.split for finding in report.cases}


@pytest.mark.parametrize("name", [name for name in draw.LAYOUTS if name != "dataset_yaml"])
def test_what_is_written_comes_back(name: str, tmp_path: Path, inspected: Inspected) -> None:
    draw.LAYOUTS[name](tmp_path)
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    first = inspected(tmp_path, seed=3)
    path = write_dataset_file(first, tmp_path)
    # Another seed would share out anew, but what is written stands.
    second = inspected(tmp_path, seed=4)
    assert second.layout == "dataset_yaml"
    assert _splits(second) == _splits(first)
    assert second.labels == first.labels
    assert second.table.kind == first.table.kind
    assert [item.counts for item in second.cases] == [item.counts for item in first.cases]
    assert [item.case.patient for item in second.cases] == [item.case.patient for item in first.cases]
    assert second.splits_from == "dataset.yaml"
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted([*before, path])
    write_dataset_file(second, tmp_path, overwrite=True)
    assert _splits(inspected(tmp_path, seed=5)) == _splits(first)


def test_it_may_lie_elsewhere(tmp_path: Path, inspected: Inspected) -> None:
    draw.kvasir_seg(tmp_path / "data/polyps")
    (tmp_path / "mine").mkdir()
    first = inspected(tmp_path / "data/polyps")
    write_dataset_file(first, tmp_path / "mine/dataset.yaml")
    assert yaml.safe_load((tmp_path / "mine/dataset.yaml").read_text())["folder"] == "../data/polyps"
    second = inspected(tmp_path / "mine")
    assert _splits(second) == _splits(first)
    assert second.usable


def test_edited_labels_and_splits(tmp_path: Path, inspected: Inspected) -> None:
    draw.folder_pairs(tmp_path)
    (tmp_path / "dataset.yaml").write_text(
        "version: 1\nname: stones\nlabels: [{value: 1, name: stone}]\n"
        "splits: {train: [a], val: [b]}\npatients: {a: one, b: two}\n"
    )
    report = inspected(tmp_path)
    assert (report.name, report.table.phrases) == ("stones", ["stone"])
    assert _splits(report) == {"a": "train", "b": "val"}
    assert [finding.case.patient for finding in report.cases] == ["one", "two"]
    (told,) = [problem for problem in report.problems if problem.kind == "not_listed"]
    assert "c" in told.message


def test_names_that_look_like_numbers(tmp_path: Path, inspected: Inspected) -> None:
    for number in (1, 2):
        draw.save(tmp_path / f"images/{number}.png", draw.photo(number))
        draw.save(tmp_path / f"masks/{number}.png", draw.disc(number))
    (tmp_path / "dataset.yaml").write_text("version: 1\nsplits: {train: [1], val: [2]}\n")
    assert _splits(inspected(tmp_path)) == {"1": "train", "2": "val"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nsplit: {}", "split: there is no such setting"),
        ("version: 2\n", "version"),
        ("version: 1\nlabels: [{value: 0, name: x}]", "labels.0.value"),
        ("version: 1\nlayout: nnunett", "nnunett"),
        ("version: 1\nlayout: coco\ncases: [{image: a.png}]", "exclude each other"),
        ("version: 1\nfolder: nowhere", "nowhere is not there"),
        ("version: [", "not valid YAML"),
        ("version: 1\nsplits: {training: [a]}", "splits"),
    ],
)
def test_mistakes_are_named(text: str, said: str, tmp_path: Path, inspected: Inspected) -> None:
    draw.folder_pairs(tmp_path)
    (tmp_path / "dataset.yaml").write_text(text)
    report = inspected(tmp_path)
    assert not report.usable
    assert said in report.problems[0].message
    assert report.problems[0].path == "dataset.yaml"


def test_cases_that_are_not_there_or_twice(tmp_path: Path, inspected: Inspected) -> None:
    draw.dataset_yaml(tmp_path)
    path = tmp_path / "dataset.yaml"
    about: dict[str, Any] = yaml.safe_load(path.read_text())
    about["cases"] += [about["cases"][0], {"id": "e", "image": "none.png", "mask": "truth/a-x.png"}]
    about["splits"] = {"train": ["a", "zz"], "val": ["b", "a"], "test": ["c"]}
    path.write_text(yaml.safe_dump(about))
    report = inspected(tmp_path)
    assert {"listed_twice", "case_gone", "mask_without_image"} <= {problem.kind for problem in report.problems}
    assert _splits(report) == {"a": "train", "b": "val", "c": "test"}


def test_another_programs_file_is_left_alone(tmp_path: Path, inspected: Inspected) -> None:
    draw.folder_pairs(tmp_path)
    (tmp_path / "dataset.yaml").write_text("path: ../coco\ntrain: images/train\nnames: {0: person}\n")
    assert inspected(tmp_path).layout == "folder_pairs"


def test_nothing_is_overwritten_unasked(tmp_path: Path, inspected: Inspected) -> None:
    draw.folder_pairs(tmp_path)
    report = inspected(tmp_path)
    write_dataset_file(report, tmp_path)
    with pytest.raises(InputError, match="exists already"):
        write_dataset_file(report, tmp_path)
    with pytest.raises(InputError, match=r"is called dataset\.yaml"):
        write_dataset_file(report, tmp_path / "mine.yaml")


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(10):
        draw.save(tmp_path / f"in/images/p{number // 2}-{number}.png", draw.photo(number))
        draw.save(tmp_path / f"in/masks/p{number // 2}-{number}.png", draw.disc(number))
    split = ["data", "split", str(tmp_path / "in"), "--folds", "5", "--fold", "2", "--train", "0.9", "--test", "0"]
    pattern = ["--patient-pattern", r"p(\d)-"]
    assert main([*split, *pattern]) == 0
    told = capsys.readouterr().out
    assert "dataset.yaml" in told
    about = yaml.safe_load((tmp_path / "in/dataset.yaml").read_text())
    assert [len(about["splits"][name]) for name in ("train", "val")] == [8, 2]
    assert len({about["patients"][name] for name in about["splits"]["val"]}) == 1
    assert main([*split, *pattern]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main(["data", "split", str(tmp_path / "in"), "--seed", "9", "--overwrite"]) == 0
    assert main(["data", "inspect", str(tmp_path / "in"), "--write", str(tmp_path)]) == 0
    assert (tmp_path / "dataset.yaml").is_file()


def _voxels(report: DatasetReport, case: str) -> dict[int, int]:
    return next(dict(finding.counts) for finding in report.cases if finding.case.case_id == case)


def test_labels_are_merged_in_masks_of_many_labels(tmp_path: Path, inspected: Inspected) -> None:
    draw.nnunet(tmp_path)
    before = _voxels(inspected(tmp_path), "a")
    assert set(before) == {1, 2}
    run(EditDataset(str(tmp_path), merged={"2": 1}), lambda _event: None, CancelToken(), "job")
    report = inspected(tmp_path)
    assert [label.value for label in report.labels] == [1]
    assert _voxels(report, "a") == {1: before[1] + before[2]}
    assert not [problem for problem in report.problems if problem.kind == "values_unlisted"]
    # A later day nobody remembers it: it is told, and where.
    (told,) = (problem for problem in report.problems if problem.kind == "merged")
    assert "2 as 1" in told.message
    assert told.path == "dataset.yaml"
    # What is written from the report keeps it.
    write_dataset_file(report, tmp_path, overwrite=True)
    assert _voxels(inspected(tmp_path), "a") == {1: before[1] + before[2]}
    run(EditDataset(str(tmp_path), merged={"2": 0}), lambda _event: None, CancelToken(), "job")
    assert _voxels(inspected(tmp_path, labels=[{"value": 1, "name": "a"}, {"value": 2, "name": "b"}]), "a") == before


def test_overlapping_masks_of_one_label_each_are_merged_without_counting_twice(
    tmp_path: Path, inspected: Inspected
) -> None:
    for name, mask in (("one", draw.disc(1)), ("two", draw.disc(1)), ("three", draw.disc(3))):
        draw.save(tmp_path / f"{name}.png", mask)
    draw.save(tmp_path / "a.png", draw.photo(0))
    files = [{"path": f"{name}.png", "value": at} for at, name in enumerate(("one", "two", "three"), 1)]
    # 3 becomes 2 becomes 1.
    about = {"version": 1, "cases": [{"id": "a", "image": "a.png", "masks": files}], "merged": {3: 2, 2: 1}}
    (tmp_path / "dataset.yaml").write_text(yaml.safe_dump(about))
    assert _voxels(inspected(tmp_path), "a") == {1: int(((draw.disc(1) | draw.disc(3)) > 0).sum())}


def test_a_merge_into_the_background_is_refused(tmp_path: Path, inspected: Inspected) -> None:
    draw.folder_pairs(tmp_path)
    (tmp_path / "dataset.yaml").write_text("version: 1\nmerged: {2: 0}\n")
    (told,) = inspected(tmp_path).problems
    assert "background is no label" in told.message


def test_truth_is_known_only_where_that_of_all_parts_is() -> None:
    case = Case("a", "a", Path("a.png"), (), known=frozenset({1, 3}), prompts=((2, ()), (3, ())))
    found = mended(CaseList((case,)), DatasetFile(merged={2: 1}), Path(), "dataset.yaml").cases[0]
    assert found.known == {3}
    assert [value for value, _ in found.prompts] == [3]
    found = mended(CaseList((case,)), DatasetFile(merged={3: 1}), Path(), "dataset.yaml").cases[0]
    assert found.known == {1}
