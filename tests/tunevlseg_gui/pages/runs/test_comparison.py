"""Runs compared in the window: seeds as a band, the verdict by the same statistics, cases by point and by row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea
from pytestqt.qtbot import QtBot

from engine.runs.folders import runs_folder
from engine.runs.overview import overview
from engine.runs.scores import Pairs, paired, read_evaluation
from engine.runs.statistics import compare
from tests.fakes.run_folders import write_run
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.compare_view import CompareView
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.pages.runs.sides import Outcome
from tunevlseg_gui.pages.runs.verdict_box import VerdictBox


@pytest.fixture
def view(qtbot: QtBot, qapp: object, fake_program: list[str]) -> Iterator[CompareView]:
    root = runs_folder()
    for seed in (1, 2, 3):
        write_run(root / f"vpt-{seed}", "vpt", seed, name="vpt", gain=0.1)
    write_run(root / "coop", "coop", 4, name="coop", learning_rate=0.02)
    write_run(root / "twin", "coop", 5, name="twin", learning_rate=0.01)
    client = EngineClient(fake_program)
    made = CompareView(client)
    qtbot.addWidget(made)
    yield made
    client.close()


def rows(*names: str) -> list[RunRow]:
    found = [overview(runs_folder() / name) for name in names]
    return [RunRow.of(row) for row in found if row is not None]


def show(view: CompareView, qtbot: QtBot, *names: str) -> None:
    view.show_runs(rows(*names))
    qtbot.waitUntil(lambda: view.cases.found is not None)


def test_seeds_of_a_recipe_are_one_side_with_a_band(view: CompareView, qtbot: QtBot) -> None:
    show(view, qtbot, "coop", "vpt-1", "vpt-2", "vpt-3")
    assert [(side.name, side.repeats) for side in view.sides] == [("coop", 1), ("vpt", 3)]
    assert [len(group.lines) for group in view.curves.groups] == [1, 3]
    differ = {meaning: [cell.text for cell in cells[1:]] for cells, meaning in view.settings.values.rows}
    assert differ == {"strategy.name": ["coop", "vpt"], "training.learning_rate": ["0.02", "0.05"]}


def test_one_setting_differs(view: CompareView, qtbot: QtBot) -> None:
    write_run(runs_folder() / "near", "coop", 4, name="near", learning_rate=0.03)
    show(view, qtbot, "coop", "near")
    assert view.settings_title.text() == "One setting differs"


def test_the_verdict_is_that_of_the_engine(view: CompareView, qtbot: QtBot) -> None:
    show(view, qtbot, "coop", "vpt-1")
    one, other = (read_evaluation(runs_folder() / name / "scores.csv") for name in ("coop", "vpt-1"))
    pairs = paired(one, other)
    wanted = compare(pairs.first, pairs.second, pairs.clusters)
    assert view.cases.found is not None
    assert view.cases.found.found == wanted
    assert wanted.verdict == "different"
    assert view.cases.verdict.title.text() == "Different: vpt is better"
    assert f"{wanted.difference.low:+.3f}" in view.cases.verdict.numbers.text()
    assert view.cases.plot.count == 48


def test_too_few_cases_have_no_interval_to_tell_of(qtbot: QtBot) -> None:
    pairs = Pairs(
        tuple((f"case{at}", "polyp") for at in range(3)), (0.1, 0.2, 0.3), (0.2, 0.2, 0.5), ("a", "b", "c"), 0
    )
    box = VerdictBox()
    qtbot.addWidget(box)
    found = compare(pairs.first, pairs.second, pairs.clusters)
    box.show_outcome("coop", "vpt", "dice", "Dice", Outcome(pairs, found, (), "dice"), "cases")
    assert box.title.text() == "Too few cases to tell"
    assert box.numbers.text() == "vpt minus coop: Dice +0.100; no interval from so few"


def test_equal_runs_show_no_real_difference(view: CompareView, qtbot: QtBot) -> None:
    show(view, qtbot, "coop", "twin")
    assert view.cases.verdict.title.text() == "No real difference"
    verdicts = [cells[-1].text for cells, _ in view.cases.labels.values.rows]
    assert set(verdicts) <= {"no real difference", "better", "worse"}


def test_a_point_chooses_its_row_and_worst_come_first(view: CompareView, qtbot: QtBot) -> None:
    show(view, qtbot, "coop", "vpt-1")
    lower = [min(cells[2].key, cells[3].key) for cells, _ in view.cases.cases.values.rows]
    assert lower == sorted(lower)
    found = view.cases.found
    assert found is not None
    view.tabs.setCurrentIndex(1)
    view.resize(1200, 800)
    view.show()
    qtbot.waitExposed(view)
    qtbot.wait(1)
    drawn_on = view.cases.plot.findChild(QAbstractScrollArea).viewport()
    qtbot.mouseClick(drawn_on, Qt.MouseButton.LeftButton, pos=view.cases.plot.position(7))
    qtbot.waitUntil(lambda: bool(view.cases.picture.case))
    at = view.cases.cases.currentIndex().row()
    assert view.cases.cases.values.rows[at][1] == found.pairs.keys[7]
    assert view.cases.picture.case == found.pairs.keys[7][0]


def test_lower_is_better_for_distances(view: CompareView, qtbot: QtBot) -> None:
    show(view, qtbot, "coop", "vpt-1")
    view.cases.metric.setCurrentIndex(view.cases.metric.findData("hd95"))
    view.cases.metric.activated.emit(0)
    qtbot.waitUntil(lambda: view.cases.found is not None and view.cases.found.metric == "hd95")
    assert view.cases.found is not None
    assert view.cases.found.found.difference.mean < 0
    assert view.cases.verdict.title.text() == "Different: vpt is better"


def test_one_side_alone_is_not_compared(view: CompareView, qtbot: QtBot) -> None:
    view.show_runs(rows("vpt-1", "vpt-2"))
    qtbot.waitUntil(lambda: len(view.sides) == 1)
    assert view.cases.verdict.title.text() == "Nothing to compare"
