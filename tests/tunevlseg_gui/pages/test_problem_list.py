"""Problems alike stand together, say where they are, and offer what the program can do."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tunevlseg_gui.pages.data.problem_groups import grouped
from tunevlseg_gui.pages.data.problem_list import FEW, ProblemList


def problem(kind: str, severity: str, number: int, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "severity": severity, "message": f"wrong {number}", "path": f"masks/c{number}.png", **more}


GRID = [
    problem("grid_mismatch", "error", number, cases=[f"c{number}"], mending="geometry", fix=f"fix {number % 2}")
    for number in range(9)
]
PLAIN = {"kind": "phrase_twice", "severity": "warning", "message": "Two phrases.", "path": "", "fix": "Change one."}


def test_alike_problems_are_one_group() -> None:
    first, second = grouped([*GRID, PLAIN])
    assert first.title == "Masks that lie elsewhere than their scans: 9"
    assert first.lines[3] == "masks/c3.png: wrong 3"
    assert first.cases == [f"c{number}" for number in range(9)]
    assert first.fixes == ["fix 0", "fix 1"]
    assert first.action == "Bring onto the scan's grid…"
    assert (second.title, second.lines, second.action) == ("Two phrases.", [], "")


def test_buttons_tell_which_cases_and_what_to_mend(qtbot: QtBot) -> None:
    shown = ProblemList()
    qtbot.addWidget(shown)
    shown.show_problems([*GRID, PLAIN])
    first, second = shown.cards
    with qtbot.waitSignal(shown.cases_wanted) as wanted:
        first.findChild(QPushButton, "showCases").click()
    assert wanted.args == [[f"c{number}" for number in range(9)]]
    with qtbot.waitSignal(shown.repair_wanted) as mended:
        first.findChild(QPushButton, "repairProblem").click()
    assert mended.args == [first.group]
    assert second.findChild(QPushButton, "repairProblem") is None
    assert second.findChild(QPushButton, "showCases") is None


def test_long_lists_are_folded_and_names_may_break(qtbot: QtBot) -> None:
    shown = ProblemList()
    qtbot.addWidget(shown)
    shown.show_problems(GRID)
    (card,) = shown.cards
    assert len(card.places.text().splitlines()) == FEW
    card.more.click()
    assert len(card.places.text().splitlines()) == 9
    # A path of a hundred letters must not widen the column.
    shown.show_problems([problem("unreadable", "error", 1) | {"path": "masks/" + "name_" * 40 + ".png"}])
    shown.resize(300, 200)
    assert shown.widget().minimumSizeHint().width() < 300


def test_nothing_known_and_nothing_wrong_differ(qtbot: QtBot) -> None:
    shown = ProblemList()
    qtbot.addWidget(shown)
    assert not shown.cards
    shown.show_problems([])
    assert not shown.cards


def test_many_kinds_come_one_after_another(qtbot: QtBot) -> None:
    """A report with a hundred kinds of problems must not hold the window up."""
    shown = ProblemList()
    qtbot.addWidget(shown)
    kinds = [problem(f"kind_{number}", "note", number) for number in range(12)]
    shown.show_problems(kinds)
    assert 0 < len(shown.cards) < 12
    qtbot.waitUntil(lambda: len(shown.cards) == 12)
    assert [made.group.kind for made in shown.cards] == [f"kind_{number}" for number in range(12)]
    # Another report in between: nothing of the old one comes after it.
    shown.show_problems(kinds)
    shown.show_problems([])
    for _ in range(20):
        QCoreApplication.processEvents()
    assert shown.cards == []
