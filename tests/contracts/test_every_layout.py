"""What every registered dataset layout keeps: it knows its own folders, finds every case once, explains what lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.control import CancelToken
from engine.data.config import DataConfig
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Layout
from engine.data.report import inspect
from tests.fakes.drawn_layouts import LAYOUTS as EXAMPLES


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture(params=LAYOUTS.names())
def name(request: pytest.FixtureRequest) -> str:
    assert request.param in EXAMPLES, f"add an example folder of the layout {request.param} to tests/fakes"
    return str(request.param)


@pytest.fixture
def layout(name: str) -> Layout:
    return LAYOUTS.get(name)()


def test_it_recognises_its_own_folder_best(name: str, layout: Layout, tmp_path: Path) -> None:
    EXAMPLES[name](tmp_path)
    own = layout.recognises(tmp_path)
    assert 0 < own <= 1
    others = {other: cls().recognises(tmp_path) for other, cls in LAYOUTS if other != name}
    assert all(own > score for score in others.values()), others


def test_it_recognises_its_folder_within_others(name: str, layout: Layout, tmp_path: Path) -> None:
    inner = tmp_path / "archive" / "inner"
    inner.mkdir(parents=True)
    ids = EXAMPLES[name](inner)
    assert layout.recognises(tmp_path) > 0
    assert sorted(case.case_id for case in layout.cases(tmp_path).cases) == sorted(ids)
    # An archive's own folder may be missing as well.
    shorter = inner
    while len(within := [one for one in shorter.iterdir() if one.is_dir()]) == 1 and len(list(shorter.iterdir())) == 1:
        shorter = within[0]
    assert layout.recognises(shorter) > 0


def test_it_does_not_recognise_an_empty_or_foreign_folder(layout: Layout, tmp_path: Path) -> None:
    assert layout.recognises(tmp_path) == 0
    _touch(tmp_path / "letters/a.txt")
    _touch(tmp_path / "b.docx")
    (tmp_path / "dataset.json").write_text('{"name": "x"}')
    (tmp_path / "annotations.json").write_text("[1, 2")
    assert layout.recognises(tmp_path) == 0
    assert layout.title


def test_it_finds_every_case_once(name: str, layout: Layout, tmp_path: Path) -> None:
    ids = EXAMPLES[name](tmp_path)
    listed = layout.cases(tmp_path)
    assert sorted(case.case_id for case in listed.cases) == sorted(ids)
    assert len({case.image for case in listed.cases}) == len(listed.cases)
    values = {label.value for label in listed.labels}
    for case in listed.cases:
        assert case.image.is_file()
        assert case.patient
        assert all(mask.path.is_file() for mask in case.masks)
        assert all(mask.value is None or mask.value in values for mask in case.masks)
        assert case.split in (None, "train", "val", "test")
    assert listed.details
    assert not [problem for problem in listed.problems if problem.severity == "error"]


def test_it_gives_the_same_answer_twice(name: str, layout: Layout, tmp_path: Path) -> None:
    EXAMPLES[name](tmp_path)
    assert layout.cases(tmp_path) == layout.cases(tmp_path)


def test_it_explains_a_missing_file(name: str, layout: Layout, tmp_path: Path) -> None:
    ids = EXAMPLES[name](tmp_path)
    gone = sorted(ids)[1]
    ids[gone].unlink()
    listed = layout.cases(tmp_path)
    assert sorted(case.case_id for case in listed.cases) == sorted(ids.keys() - {gone})
    errors = [problem for problem in listed.problems if problem.severity == "error"]
    assert errors
    for problem in errors:
        assert problem.message
        assert problem.fix
        assert str(tmp_path) not in problem.line()


def test_every_case_can_be_opened(name: str, tmp_path: Path) -> None:
    ids = EXAMPLES[name](tmp_path)
    report = inspect(DataConfig(folder=str(tmp_path)), 1, lambda event: None, CancelToken())
    assert report.layout == name
    assert report.usable
    assert not [problem for problem in report.problems if problem.severity == "error"]
    assert sorted(finding.case.case_id for finding in report.cases) == sorted(ids)
    assert report.slice_count("train")
    assert report.slice_count("val")
