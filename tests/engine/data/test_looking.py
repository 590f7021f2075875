"""Cases are opened in order, several at a time; an error or a cancel ends the work at once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled
from engine.data.config import DataConfig
from engine.data.looking import look
from engine.data.readers.base import Case
from engine.data.report import inspect
from engine.volumes.guarded_reader import READER, reader


def _cases(count: int, suffix: str = ".png") -> list[Case]:
    return [Case(str(at), str(at), Path(f"{at}{suffix}"), ()) for at in range(count)]


@pytest.mark.parametrize("count", [3, 200])
def test_answers_come_in_order(count: int) -> None:
    assert list(look(_cases(count), lambda number, case: (number, case.case_id))) == [
        (at, str(at)) for at in range(count)
    ]


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow taker keeps the openers waiting: results do not pile up."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    opened: list[int] = []
    answers = look(_cases(300), lambda number, case: opened.append(number))
    for _ in range(5):
        next(answers)
    assert len(opened) <= 5 + 2 * 3 + 1
    answers.close()  # type: ignore[attr-defined]


def test_threads_have_readers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    used = set(look(_cases(100), lambda number, case: (threading.get_ident(), id(reader()))))
    assert len({one for _, one in used}) == len(used) <= 2
    assert id(READER) not in {one for _, one in used}
    # One volume may fill much of the memory.
    alone = set(look(_cases(100, ".nii.gz"), lambda number, case: (threading.get_ident(), id(reader()))))
    assert alone == {(threading.get_ident(), id(READER))}


def test_an_error_is_raised_where_it_belongs() -> None:
    def open_one(number: int, case: Case) -> int:
        if number == 70:
            raise ValueError("broken")
        return number

    answers = look(_cases(200), open_one)
    assert [next(answers) for _ in range(70)] == list(range(70))
    with pytest.raises(ValueError, match="broken"):
        next(answers)


def test_many_pictures_give_the_same_report_as_one_by_one(
    tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.pairs(tmp_path, 80)
    (tmp_path / "images/c7.png").write_bytes(b"damaged")
    config = DataConfig(folder=str(tmp_path))
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    several = inspect(config, 1, lambda event: None, CancelToken()).to_dict()
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert several == inspect(config, 1, lambda event: None, CancelToken()).to_dict()
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        inspect(config, 1, lambda event: None, token)
