"""The menu of a plot: what can be told to the study from here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from engine.contract.commands import Ban, Freeze, Narrow, StopTrial
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.side_panel import SidePanel
from tunevlseg_gui.pages.experiments.steering import Steering, in_words
from tunevlseg_gui.pages.experiments.study_data import Study
from tunevlseg_gui.translation import translate


def steer_menu(
    study: Study,
    selection: Selection,
    steering: Steering,
    side: SidePanel,
    number: int | None,
    here: Mapping[str, Any],
    parent: QWidget,
) -> QMenu:
    """`number`: the trial under the mouse; `here`: settings at this place of the plot."""
    menu = QMenu(parent)
    menu.setObjectName("steerMenu")
    row = study.row_of(number) if number is not None else None
    if row is not None:
        assert number is not None
        selection.look_at(number)
        if study.rows[row]["run"]:
            menu.addAction(
                translate("SteerMenu", "Open the run of trial {n}").format(n=number),
                partial(side.trial_wanted.emit, number),
            )
        if study.states[row] in ("running", "waiting"):
            menu.addAction(
                translate("SteerMenu", "Stop trial {n}").format(n=number), partial(steering.tell, StopTrial(number))
            )
        point = study.raw_params(row)
        menu.addAction(
            translate("SteerMenu", "Try a point like trial {n}…").format(n=number),
            partial(side.point_wanted.emit, point),
        )
    elif here:
        point = {**side.values(), **here}
        menu.addAction(translate("SteerMenu", "Try this point…"), partial(side.point_wanted.emit, point))
    kept = study.raw_params(row) if row is not None else dict(here)
    shown = list(here) if here else list(kept)
    if kept:
        menu.addSeparator()
    for key in shown:
        if key in kept:
            command = Freeze(key, kept[key])
            menu.addAction(in_words(command), partial(steering.tell, command))
    region = selection.region(study)
    if region:
        menu.addSeparator()
        menu.addAction(translate("SteerMenu", "Ban the selected region"), partial(steering.tell, Ban(region)))
        menu.addAction(translate("SteerMenu", "Ban a region like it…"), partial(side.ban_wanted.emit, region))
        for key, limits in region.items():
            narrow = Narrow(key, limits)
            menu.addAction(in_words(narrow), partial(steering.tell, narrow))
    elif study.params:
        menu.addSeparator()
        # Where a mouse would have brushed one first, a keyboard fills it in.
        menu.addAction(translate("SteerMenu", "Ban a region…"), partial(side.ban_wanted.emit, region))
    if selection.active:
        menu.addSeparator()
        menu.addAction(translate("SteerMenu", "Select all trials"), selection.clear)
    return menu


def asks_for_menu(event: QKeyEvent) -> bool:
    """The menu key, and Shift+F10 on keyboards without one."""
    shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    return event.key() == Qt.Key.Key_Menu or (event.key() == Qt.Key.Key_F10 and shifted)
