"""A study opened by the real engine: every plot, the linked selection, and steering where no worker runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.commands import Ban
from engine.runs.folders import data_folder
from tests.fakes.written_study import write_study
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.experiments.page import ExperimentsPage
from tunevlseg_gui.pages.experiments.saving import save_plot
from tunevlseg_gui.pages.experiments.study_tabs import PANELS, PARETO
from tunevlseg_gui.pages.experiments.study_view import StudyView

WAIT = 60_000
RATE = "training.learning_rate"


@pytest.fixture
def page(qtbot: QtBot, qapp: object) -> Iterator[ExperimentsPage]:
    client = EngineClient()
    made = ExperimentsPage(client)
    qtbot.addWidget(made)
    made.resize(1300, 850)
    made.show()
    yield made
    client.close()


def opened(page: ExperimentsPage, qtbot: QtBot, folder: Path) -> StudyView:
    page.open_study(folder)
    view: StudyView = page.tab("searches").view
    qtbot.waitUntil(lambda: view.study is not None, timeout=WAIT)
    return view


def test_a_study_is_seen_selected_and_steered(
    page: ExperimentsPage, qtbot: QtBot, tiny_weights: Path, tmp_path: Path
) -> None:
    folder = data_folder() / "studies" / "forty"
    write_study(folder, str(tiny_weights), 40)
    view = opened(page, qtbot, folder)
    assert view.count.text().startswith("40 of 45 trials ended · best 0.8")
    for name, *_ in PANELS:
        if name != "pareto":
            assert view.panel(name) is not None
    slices = view.panel("slices")
    qtbot.waitUntil(lambda: len(slices.plots) == len(view.study.params), timeout=WAIT)

    history = view.panel("history").plot
    history._brushed(-0.5, 19.5, 0.0, 1.0)  # what a drag of the mouse ends in
    assert int(view.selection.mask(view.study).sum()) == 20
    assert view.panel("trials").values.rowCount() == 20
    view.selection.brush({RATE: (-3.0, -2.0)}, only=True)
    kept = view.panel("trials").shown_rows
    assert 0 < len(kept) < 40
    assert all(view.study.params[3].values[row] >= 1e-3 for row in kept if view.study.params[3].key == RATE)

    for ending in ("png", "svg"):
        path = tmp_path / f"plot.{ending}"
        save_plot(history, path)
        assert path.stat().st_size > 2000

    # Without a worker the command goes by the storage, and is told as done.
    view.steering.tell(Ban(view.selection.region(view.study)))
    qtbot.waitUntil(lambda: view.steering.told[-1].state == "done", timeout=WAIT)
    qtbot.waitUntil(lambda: len(view.side.rules()) == 1, timeout=WAIT)
    words, back = view.side.rules()[0]
    assert words.startswith("Banned: Learning rate 0.001 to 0.005")

    def shown() -> list[QPushButton]:  # in the turn after the rules are there
        return [found for found in view.side.findChildren(QPushButton, "takeBack") if found.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=WAIT)
    qtbot.mouseClick(shown()[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.side.rules() == [], timeout=WAIT)
    assert isinstance(back, Ban)
    assert back.lift


def test_the_menu_of_a_plot_offers_what_lies_there(page: ExperimentsPage, qtbot: QtBot, tiny_weights: Path) -> None:
    from tunevlseg_gui.pages.experiments.steer_menu import steer_menu

    folder = data_folder() / "studies" / "few"
    write_study(folder, str(tiny_weights), 6)
    view = opened(page, qtbot, folder)
    parts = (view.study, view.selection, view.steering, view.side)

    def words(number: int | None, here: dict[str, float]) -> list[str]:
        menu = steer_menu(*parts, number, here, view)  # type: ignore[arg-type]
        return [action.text() for action in menu.actions() if action.text()]

    assert words(None, {RATE: 0.001}) == ["Try this point…", "Keep Learning rate at 0.001", "Ban a region…"]
    assert "Open the run of trial 3" in words(3, {})
    assert "Try a point like trial 3…" in words(3, {})
    view.selection.brush({RATE: (-4.0, -3.0)})
    assert "Ban the selected region" in words(None, {})
    assert "Keep Learning rate within 0.0001 to 0.001" in words(None, {})
    parallel = view.panel("parallel")
    parallel.setFocus()
    qtbot.keyClick(parallel, Qt.Key.Key_Escape)
    assert not view.selection.active
    asked: list[object] = []
    parallel.menu_wanted.connect(lambda *given: asked.append(given))
    parallel.item.menu_asked.emit(RATE, QPoint(5, 5))
    assert asked


def test_several_objectives_are_a_front(page: ExperimentsPage, qtbot: QtBot, tiny_weights: Path) -> None:
    folder = data_folder() / "studies" / "two"
    write_study(folder, str(tiny_weights), 12, objectives=("val_dice", "seconds"))
    view = opened(page, qtbot, folder)
    assert view.tabs.isTabVisible(PARETO)
    panel = view.panel("pareto")
    xs, ys = panel.front.getData()
    assert len(xs) == len(view.study.front) > 0
    assert sorted(ys) == list(ys)  # more seconds, more Dice


def test_nothing_of_a_study_stands_under_the_name_of_the_next(
    page: ExperimentsPage, qtbot: QtBot, tiny_weights: Path
) -> None:
    for name, many in (("one", 12), ("other", 9)):
        write_study(data_folder() / "studies" / name, str(tiny_weights), many)
    view = opened(page, qtbot, data_folder() / "studies" / "one")
    trials = view.panel("trials")
    qtbot.waitUntil(trials.isVisible)
    page.open_study(data_folder() / "studies" / "other")
    assert view.study is None
    assert not trials.isVisible()
    assert view.tabs.drawn() is None
    waiting = view.findChild(QLabel, "reading_trials")
    assert waiting.isVisible()
    qtbot.waitUntil(trials.isVisible, timeout=WAIT)
    assert trials.values.rowCount() == 9
    assert not waiting.isVisible()
