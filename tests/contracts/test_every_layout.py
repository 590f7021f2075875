"""What every registered dataset layout keeps: it knows its own folders, finds every case once, explains what lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data.readers import LAYOUTS
from engine.data.readers.base import Layout

Example = Callable[[Path], dict[str, Path]]


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def _folder_pairs(folder: Path) -> dict[str, Path]:
    found = {}
    for name in "abc":
        _touch(folder / f"images/{name}.png")
        found[name] = _touch(folder / f"masks/{name}.png")
    return found


# A layout's own example: writes three cases a, b, c and returns the mask of each. A new layout adds one line here.
EXAMPLES: dict[str, Example] = {"folder_pairs": _folder_pairs}


@pytest.fixture(params=LAYOUTS.names())
def name(request: pytest.FixtureRequest) -> str:
    assert request.param in EXAMPLES, f"add an example folder of the layout {request.param} to EXAMPLES"
    return str(request.param)


@pytest.fixture
def layout(name: str) -> Layout:
    return LAYOUTS.get(name)()


def test_it_recognises_its_own_folder_best(name: str, layout: Layout, tmp_path: Path) -> None:
    EXAMPLES[name](tmp_path)
    own = layout.recognises(tmp_path)
    assert 0 < own <= 1
    others = [cls().recognises(tmp_path) for other, cls in LAYOUTS if other != name]
    assert all(own > score for score in others)


def test_it_does_not_recognise_an_empty_or_foreign_folder(layout: Layout, tmp_path: Path) -> None:
    assert layout.recognises(tmp_path) == 0
    _touch(tmp_path / "letters/a.txt")
    _touch(tmp_path / "b.docx")
    assert layout.recognises(tmp_path) == 0
    assert layout.title


def test_it_finds_every_case_once(name: str, layout: Layout, tmp_path: Path) -> None:
    masks = EXAMPLES[name](tmp_path)
    cases = layout.cases(tmp_path).cases
    assert sorted(case.case_id for case in cases) == sorted(masks)
    assert len({case.image for case in cases}) == len(cases)
    for case in cases:
        assert case.image.is_file()
        assert case.patient
        assert [mask.path for mask in case.masks] == [masks[case.case_id]]
        assert case.split in (None, "train", "val", "test")


def test_it_gives_the_same_answer_twice(name: str, layout: Layout, tmp_path: Path) -> None:
    EXAMPLES[name](tmp_path)
    assert layout.cases(tmp_path) == layout.cases(tmp_path)


def test_it_explains_a_missing_mask(name: str, layout: Layout, tmp_path: Path) -> None:
    EXAMPLES[name](tmp_path)["b"].unlink()
    listed = layout.cases(tmp_path)
    assert sorted(case.case_id for case in listed.cases) == ["a", "c"]
    assert listed.problems
    for problem in listed.problems:
        assert problem.severity == "error"
        assert problem.message
        assert problem.fix
        assert not Path(problem.path).is_absolute()
