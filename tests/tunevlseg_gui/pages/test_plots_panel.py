"""Plots show the engine's numbers, in the labels' colours, with the window marked."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tunevlseg_gui.pages.data.plots_panel import PlotsPanel
from tunevlseg_gui.project import Project
from tunevlseg_gui.theme.look import look

EDGES = [10 ** (step / 4) for step in range(-20, 1)]


def sizes(place: int) -> dict[str, list[int]]:
    return {split: [count if at == place else 0 for at in range(20)] for split, count in (("train", 3), ("val", 1))}


def row(value: int, place: int) -> dict[str, Any]:
    return {"value": value, "cases": 4, "lowest": 0.01, "median": 0.02, "highest": 0.03, "sizes": sizes(place)}


REPORT: dict[str, Any] = {
    "labels": [
        {"value": 1, "name": "polyp", "phrase": "polyp", "colour": "#E69F00"},
        {"value": 2, "name": "liver", "phrase": "liver", "colour": "#56B4E9"},
    ],
    "kind": "volumes",
    "cases": [{}],
    "statistics": {
        "grey": {"edges": [-1000, 0, 1000], "shares": [0.25, 0.7], "beyond": 0.05, "unit": "HU"},
        "size_edges": EDGES,
        "areas": [row(1, 8), row(2, 13)],
    },
    "grey_levels": {"intensity": "window", "limits": [-160, 240], "window": {"center": 40, "width": 400}},
}


@pytest.fixture
def panel(qtbot: QtBot) -> PlotsPanel:
    project = Project()
    project.take_report(REPORT)
    made = PlotsPanel(project)
    qtbot.addWidget(made)
    made.show()
    return made


def test_grey_values_with_the_window_that_the_model_sees(panel: PlotsPanel) -> None:
    (bars,) = panel.grey.bars
    assert list(bars.heights) == [25, 70]
    assert panel.grey.marked == (-160, 240)
    assert "width 400, level 40" in panel.grey_line.text()
    assert "5 % of the values lie beyond" in panel.grey_line.text()


def test_sizes_of_all_labels_in_their_colours_or_of_one_by_split(panel: PlotsPanel) -> None:
    assert [(bars.name, bars.colour, sum(bars.heights)) for bars in panel.sizes.bars] == [
        ("polyp", "#E69F00", 4),
        ("liver", "#56B4E9", 4),
    ]
    # Whole decades from the smallest structure to the largest.
    assert [round(panel.sizes.bars[0].edges[at], 6) for at in (0, -1)] == [-3, -1]
    panel.which.setCurrentIndex(panel.which.findData(2))
    assert [(bars.name, sum(bars.heights)) for bars in panel.sizes.bars] == [
        ("Train", 3),
        ("Validation", 1),
        ("Test", 0),
    ]
    held = panel.sizes.bars[0]
    (place,) = [at for at, height in enumerate(held.heights) if height]
    assert held.edges[place] == pytest.approx(math.log10(EDGES[13]))
    assert "median 2 %" in panel.sizes_line.text()


def test_a_change_of_colour_or_theme_is_drawn(panel: PlotsPanel) -> None:
    panel._project.change_label(1, "colour", colour="#0072B2")
    assert panel.sizes.bars[0].colour == "#0072B2"
    for theme in ("dark", "light"):
        look().use(theme)
        assert len(panel.sizes.bars) == 2


def test_nothing_known_is_said(qtbot: QtBot) -> None:
    panel = PlotsPanel(Project())
    qtbot.addWidget(panel)
    panel.show()
    assert panel.grey.bars == []
    assert "Known once" in panel.grey_line.text()


def test_of_many_labels_one_is_shown_at_a_time_and_only_when_looked_at(qtbot: QtBot) -> None:
    project = Project()
    panel = PlotsPanel(project)
    qtbot.addWidget(panel)
    many = [REPORT["labels"][0] | {"value": value, "name": f"organ {value}"} for value in range(1, 40)]
    statistics = REPORT["statistics"] | {"areas": [row(value, 8) for value in range(1, 40)]}
    project.take_report(REPORT | {"labels": many, "statistics": statistics})
    panel.show_found()
    assert panel.sizes.bars == []
    panel.show()
    assert panel.which.count() == 39
    assert [bars.name for bars in panel.sizes.bars] == ["Train", "Validation", "Test"]


def test_sizes_follow_cases_that_are_moved(panel: PlotsPanel, qtbot: QtBot) -> None:
    project = panel._project
    cases = [
        {"case_id": name, "split": split, "shape_zyx": [1, 10, 10], "voxels": {"2": 5}}
        for name, split in (("a", "train"), ("b", "train"), ("c", "val"))
    ]
    project.take_report({**REPORT, "cases": cases})
    panel.show_found()
    panel.which.setCurrentIndex(panel.which.findData(2))
    project.move_cases({"a": "test"})
    qtbot.waitUntil(lambda: [sum(bars.heights) for bars in panel.sizes.bars] == [1, 1, 1])
    held = panel.sizes.bars[2]
    (place,) = [at for at, height in enumerate(held.heights) if height]
    assert held.edges[place] <= math.log10(0.05) < held.edges[place + 1]
    project.undo_stack.undo()
    qtbot.waitUntil(lambda: [sum(bars.heights) for bars in panel.sizes.bars] == [3, 1, 0])  # as the engine told them
