"""The curves of a run: labels, other runs over them, minutes, files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from engine.runs.folders import runs_folder
from engine.runs.layout import METRICS
from engine.runs.writer import read_metrics
from tests.fakes.run_folders import write_run
from tunevlseg_gui.pages.runs.live_curves import LiveCurves

WAIT = 20_000


@pytest.fixture
def curves(qtbot: QtBot) -> LiveCurves:
    made = LiveCurves()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


def row(epoch: int, dice: float = 0.5) -> dict[str, float]:
    values = {"train_dice": dice + 0.1, "val_dice": dice, "train_loss": 0.4, "val_loss": 0.5, "seconds": 30.0}
    labels = {f"{split}_dice[{name}]": dice for split in ("train", "val") for name in ("liver", "spleen")}
    return {"epoch": float(epoch), **values, **labels}


def action(curves: LiveCurves, name: str):  # type: ignore[no-untyped-def]
    return next(found for found in curves.controls.shown.menu().actions() if found.objectName() == f"show_{name}")


def test_epochs_are_timed_and_lost_ones_give_way(curves: LiveCurves) -> None:
    for epoch in (1, 2, 3):
        curves.put(epoch, row(epoch))
    curves.put(2, row(2, 0.7))
    assert curves.dice.points("val") == [(1, 0.5), (2, 0.7)]
    assert curves.loss.series("val").minutes.tolist() == [0.5, 1.0]


def test_labels_have_curves_of_their_own_once_they_are_asked_for(curves: LiveCurves) -> None:
    curves.put(1, row(1))
    assert not curves.dice.visible("val_dice[liver]")
    action(curves, "liver").trigger()
    assert curves.dice.visible("val_dice[liver]")
    assert curves.dice.visible("train_dice[liver]")
    assert not curves.dice.visible("val_dice[spleen]")
    curves.put(2, row(2, 0.6))
    assert curves.dice.points("val_dice[liver]") == [(1, 0.5), (2, 0.6)]
    action(curves, "train").trigger()
    assert not curves.dice.visible("train")
    assert not curves.loss.visible("train")


def test_all_at_once_is_the_same_and_goes_on(curves: LiveCurves) -> None:
    curves.fill([row(epoch, epoch / 10) for epoch in (1, 2)])
    curves.put(3, row(3, 0.3))
    assert curves.dice.points("val") == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert curves.dice.points("train_dice[spleen]") == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert curves.dice.series("val").minutes.tolist() == [0.5, 1.0, 1.5]


def test_other_runs_are_laid_over_hidden_and_taken_away(curves: LiveCurves, qtbot: QtBot) -> None:
    first, second = (write_run(runs_folder() / f"vpt-{seed}", seed=seed) for seed in (1, 2))
    curves.show_run(first)
    qtbot.waitUntil(lambda: len(curves.overlays.choices) == 2, timeout=WAIT)
    curves.controls.runs.menu().aboutToShow.emit()
    seeds, choice = curves.controls.runs.menu().actions()
    assert seeds.text() == "vpt-1: 2 seeds"
    assert choice.text() == "vpt-2"
    choice.trigger()
    key = f"{second}:val"
    qtbot.waitUntil(lambda: key in curves.dice.keys, timeout=WAIT)
    assert curves.dice.points(key) == [(int(found["epoch"]), found["val_dice"]) for found in read_metrics(second)]
    curves.overlays.set_shown(str(second), False)
    assert not curves.dice.visible(key)
    curves.overlays.take_away(str(second))
    assert curves.overlays.overlaid == []
    assert key not in curves.dice.keys


def test_a_run_that_is_hidden_before_it_was_read_stays_hidden(curves: LiveCurves, qtbot: QtBot) -> None:
    first, second = (write_run(runs_folder() / f"vpt-{seed}", seed=seed) for seed in (1, 2))
    curves.show_run(first)
    qtbot.waitUntil(lambda: len(curves.overlays.choices) == 2, timeout=WAIT)
    curves.overlays.overlay(next(one for one in curves.overlays.choices if one.folder == second and not one.seeds))
    box = curves.overlays.findChild(QCheckBox, f"overlaid_{second.name}")
    box.setChecked(False)
    qtbot.waitUntil(lambda: f"{second}:val" in curves.dice.keys, timeout=WAIT)
    assert not curves.dice.visible(f"{second}:val")
    box.setChecked(True)
    assert curves.dice.visible(f"{second}:val")


def test_a_run_that_cannot_be_read_does_not_stand_among_those_that_are_drawn(curves: LiveCurves, qtbot: QtBot) -> None:
    first, second = (write_run(runs_folder() / f"vpt-{seed}", seed=seed) for seed in (1, 2))
    (second / METRICS).write_text("epoch,val_dice\none,0.5\n")
    told: list[object] = []
    curves.notice.connect(told.append)
    curves.show_run(first)
    qtbot.waitUntil(lambda: len(curves.overlays.choices) == 2, timeout=WAIT)
    curves.overlays.overlay(next(one for one in curves.overlays.choices if one.folder == second and not one.seeds))
    assert curves.overlays.overlaid == [str(second)]
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    assert curves.overlays.overlaid == []


def test_seeds_of_one_recipe_are_a_band_around_their_mean(curves: LiveCurves, qtbot: QtBot) -> None:
    runs = [write_run(runs_folder() / f"vpt-{seed}", seed=seed, name="vpt") for seed in (1, 2, 3)]
    write_run(runs_folder() / "other", seed=1, learning_rate=0.5)
    curves.show_run(runs[0])
    qtbot.waitUntil(lambda: bool(curves.overlays.choices), timeout=WAIT)
    seeds = [choice for choice in curves.overlays.choices if choice.seeds]
    assert [set(choice.seeds) for choice in seeds] == [set(runs)]
    curves.overlays.overlay(seeds[0])
    qtbot.waitUntil(lambda: seeds[0].key in curves.dice.bands, timeout=WAIT)
    by_run = [[found["val_dice"] for found in read_metrics(run)] for run in runs]
    mean = [sum(values) / 3 for values in zip(*by_run, strict=True)]
    assert [value for _, value in curves.dice.points(f"{seeds[0].key}:val")] == pytest.approx(mean)
    curves.dice.redraw()
    low, high = (edge.getData()[1] for edge in curves.dice._bands[seeds[0].key]._edges)
    assert list(low) == pytest.approx([min(values) for values in zip(*by_run, strict=True)])
    assert list(high) == pytest.approx([max(values) for values in zip(*by_run, strict=True)])
    curves.overlays.take_away(seeds[0].key)
    assert curves.dice.bands == []
    assert curves.dice.keys == ["train", "val"]


def test_what_is_shown_is_written(curves: LiveCurves, tmp_path: Path) -> None:
    told: list[object] = []
    curves.notice.connect(told.append)
    curves.fill([row(epoch, epoch / 10) for epoch in range(1, 5)])
    curves.controls.smoothing.setValue(50)
    for kind in ("csv", "png", "svg"):
        curves.export_to(str(tmp_path / "curves"), kind)
    rows = list(csv.DictReader((tmp_path / "curves.csv").read_text().splitlines()))
    assert {found["curve"] for found in rows} == {"Training", "Validation"}
    assert "smoothed" in rows[0]
    (tmp_path / "file").touch()
    for wrong in (tmp_path / "file" / "curves.png", tmp_path / "curves"):  # the second one's file is there already
        told.clear()
        curves.export_to(str(wrong), "png")
        assert [str(getattr(notice, "tone", "")) for notice in told] == ["danger"]
