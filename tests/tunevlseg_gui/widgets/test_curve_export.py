"""Curves as files: the numbers of what is shown, and pictures of it."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.contract.errors import InputError
from tunevlseg_gui.widgets.curve_export import SCALE, export_curves
from tunevlseg_gui.widgets.curve_plot import CurvePlot


@pytest.fixture
def plots(qtbot: QtBot) -> list[CurvePlot]:
    made = [CurvePlot("Dice", "dicePlot", top=1.0), CurvePlot("Loss", "lossPlot")]
    for plot in made:
        qtbot.addWidget(plot)
        plot.resize(500, 240)
        plot.show()
        plot.mark_best(3, 0.6)
        for epoch in (1, 2, 3):
            plot.put(epoch, epoch * 0.5, train=epoch / 4, val=epoch / 5)
    made[0].add_curve("other", "Other", "#cc79a7").put(1, 0.9)
    return made


def test_the_table_holds_what_is_shown(plots: list[CurvePlot], tmp_path: Path) -> None:
    plots[1].set_visible("train", False)
    path = export_curves(plots, tmp_path / "curves.csv", 0.5)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 3 + 3 + 1 + 3
    assert {(row["plot"], row["curve"]) for row in rows} == {
        ("Dice", "Training"), ("Dice", "Validation"), ("Dice", "Other"), ("Loss", "Validation")
    }  # fmt: skip
    last = [row for row in rows if row["plot"] == "Dice" and row["curve"] == "Validation"][-1]
    assert (last["epoch"], last["minutes"], float(last["value"])) == ("3", "1.5000", 0.6)
    assert float(last["smoothed"]) == pytest.approx((0.5 * 0.6 + 0.25 * 0.4 + 0.125 * 0.2) / 0.875)
    assert rows[-4]["minutes"] == ""
    assert "smoothed" not in export_curves(plots, tmp_path / "plain.csv").read_text(encoding="utf-8")


def test_pictures_show_both_plots(plots: list[CurvePlot], tmp_path: Path) -> None:
    picture = QImage(str(export_curves(plots, tmp_path / "curves.png")))
    height = sum(plot.shown_rect().height() for plot in plots)
    assert picture.height() >= SCALE * height
    colours = {picture.pixelColor(x, y).name() for x in range(0, picture.width(), 3) for y in range(picture.height())}
    assert len(colours) > 10
    root = ElementTree.parse(export_curves(plots, tmp_path / "curves.svg")).getroot()
    texts = " ".join(element.text or "" for element in root.iter() if element.tag.endswith("text"))
    assert "Dice" in texts
    assert "Loss" in texts
    assert any(element.tag.endswith("polyline") or element.tag.endswith("path") for element in root.iter())
    assert not any(element.tag.endswith("image") for element in root.iter()), "lines, not pixels"


def test_other_endings_are_refused(plots: list[CurvePlot], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.pdf"):
        export_curves(plots, tmp_path / "curves.pdf")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        export_curves(plots, tmp_path / "file" / "curves.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
