"""Beside the plots: what runs at the moment, what is selected, what can be told, and what was told."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from engine.contract.commands import Ban, Command, Freeze, Narrow, Resume, StopTrial
from tunevlseg_gui.pages.experiments.live_trials import LiveTrials, RunningTrial
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.steering import (
    Steering,
    job_of,
    told_limits,
    told_point,
    told_region,
    told_value,
)
from tunevlseg_gui.pages.experiments.study_data import Study, title_of
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import CommandDialog
from tunevlseg_gui.widgets.text import card, label


class SidePanel(QWidget):
    point_wanted = Signal(object)  # values to begin with
    freeze_wanted = Signal(object)
    ban_wanted = Signal(object)  # region
    trial_wanted = Signal(object)  # number: open its run

    def __init__(self, selection: Selection, steering: Steering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("studySide")
        self.selection, self.steering = selection, steering
        self.study: Study | None = None
        self.live = LiveTrials()
        inner = QWidget()
        self._rows = QVBoxLayout(inner)
        self._rows.setContentsMargins(0, 0, 6, 0)
        self._rows.setSpacing(12)
        self._running = self._box(self.tr("Running now"), "runningTrials")
        self._selected = self._box(self.tr("Selected"), "selectedTrials")
        self._add_actions()
        self._rules = self._box(self.tr("Rules of this study"), "studyRules")
        self._told = self._box(self.tr("What was told"), "studyTold")
        self._rows.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(area)
        selection.changed.connect(self.show_selection)
        selection.current_changed.connect(self.show_selection)
        steering.changed.connect(self.show_told)
        self.show_running(self.live)
        self.show_told()

    def _box(self, title: str, name: str) -> QVBoxLayout:
        holder = card(name)
        rows = QVBoxLayout(holder)
        rows.setContentsMargins(14, 10, 14, 12)
        rows.setSpacing(6)
        rows.addWidget(label(title, "heading"))
        inner = QVBoxLayout()
        inner.setSpacing(6)
        rows.addLayout(inner)
        self._rows.addWidget(holder)
        return inner

    def _add_actions(self) -> None:
        holder = card("steerActions")
        grid = QGridLayout(holder)
        grid.setContentsMargins(14, 10, 14, 12)
        grid.setSpacing(8)
        grid.addWidget(label(self.tr("Steer"), "heading"), 0, 0, 1, 2)
        self.point = button(self.tr("Try a point…"), "steerPoint", lambda: self.point_wanted.emit(self.values()))
        self.freeze = button(self.tr("Keep a setting…"), "steerFreeze", lambda: self.freeze_wanted.emit(self.values()))
        self.ban = button(self.tr("Ban a region…"), "steerBan", lambda: self.ban_wanted.emit(self.region()))
        self.clear = button(self.tr("Select all"), "selectAll", self.selection.clear, tip=self.tr("Escape in a plot"))
        for at, made in enumerate((self.point, self.freeze, self.ban, self.clear)):
            grid.addWidget(made, 1 + at // 2, at % 2)
        self._rows.addWidget(holder)

    # -- what it is about ----------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """The point of the trial looked at, else of the best one."""
        if self.study is None:
            return {}
        number = self.selection.current if self.selection.current is not None else self.study.best
        row = self.study.row_of(number) if number is not None else None
        return self.study.raw_params(row) if row is not None else {}

    def region(self) -> dict[str, list[Any]]:
        return self.selection.region(self.study) if self.study is not None else {}

    def show_study(self, study: Study) -> None:
        self.study = study
        self.show_selection()
        self.show_rules()

    # -- running -------------------------------------------------------------------------------------------------

    def show_running(self, live: LiveTrials) -> None:
        self.live = live
        _empty(self._running)
        for trial in live.running.values():
            self._running.addWidget(self._running_row(trial))
        if not live.running:
            self._running.addWidget(label(self._idle(), "muted", wrap=True, name="nothingRuns"))

    def _idle(self) -> str:
        if self.live.phase == "running":
            return self.live.stage or self.tr("Between two trials.")
        return self.tr("No worker of this computer.")

    def _running_row(self, trial: RunningTrial) -> QWidget:
        made = QWidget()
        rows = QVBoxLayout(made)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(3)
        head = QHBoxLayout()
        words = self.tr("Trial {n}").format(n=trial.number)
        if trial.dice:
            words = self.tr("Trial {n}: Dice {dice:.3f} after epoch {epoch} of {epochs}").format(
                n=trial.number, dice=trial.dice[-1], epoch=trial.epoch, epochs=trial.epochs
            )
        head.addWidget(label(words, wrap=True, name=f"running{trial.number}"), 1)
        head.addWidget(
            button(
                self.tr("Stop"),
                f"stopTrial{trial.number}",
                partial(self.steering.tell, StopTrial(trial.number)),
                picture="stop",
            )
        )
        rows.addLayout(head)
        bar = QProgressBar()
        bar.setRange(0, max(1, trial.epochs))
        bar.setValue(trial.epoch)
        bar.setTextVisible(False)
        bar.setAccessibleName(words)
        rows.addWidget(bar)
        rows.addWidget(label(told_point(trial.params), "muted", wrap=True))
        return made

    # -- selected ------------------------------------------------------------------------------------------------

    def show_selection(self) -> None:
        if self.study is None or not self.isVisibleTo(self.window()):
            return
        study, rows = self.study, []
        _empty(self._selected)
        mask = self.selection.mask(study)
        if self.selection.active:
            known = study.objectives[0].values[mask & study.complete]
            rows.append(self.tr("{n} of {all} trials").format(n=int(mask.sum()), all=study.n))
            if len(known):
                rows.append(
                    self.tr("{name}: {low} to {high}, median {middle}").format(
                        name=study.objectives[0].title,
                        low=study.objectives[0].told(float(known.min())),
                        high=study.objectives[0].told(float(known.max())),
                        middle=study.objectives[0].told(float(np.median(known))),
                    )
                )
            region = self.region()
            if region:
                rows.append(told_region(region))
        number = self.selection.current
        at = study.row_of(number) if number is not None else None
        if at is not None:
            rows.append(study.told(at))
        for words in rows or [self.tr("All trials. Drag in a plot to select some.")]:
            self._selected.addWidget(label(words, "muted", wrap=True))
        if at is not None and study.rows[at]["run"]:
            self._selected.addWidget(
                button(self.tr("Open its run"), "openTrialRun", partial(self.trial_wanted.emit, number), picture="runs")
            )
        if at is not None and study.states[at] == "running":
            self._selected.addWidget(
                button(
                    self.tr("Stop this trial"),
                    "stopThisTrial",
                    partial(self.steering.tell, StopTrial(int(study.numbers[at]))),
                    picture="stop",
                )
            )
        self.ban.setEnabled(bool(study.params))

    # -- rules ---------------------------------------------------------------------------------------------------

    def show_rules(self) -> None:
        _empty(self._rules)
        for words, back in self.rules():
            self._rules.addWidget(self._rule_row(words, back))
        if not self.rules():
            self._rules.addWidget(label(self.tr("None: the whole space is searched."), "muted", wrap=True))

    def rules(self) -> list[tuple[str, Command]]:
        """Each rule in words, with the command that takes it back."""
        if self.study is None:
            return []
        rules: Mapping[str, Any] = self.study.rules
        found: list[tuple[str, Command]] = []
        if rules.get("paused"):
            found.append((self.tr("Paused: no further trial begins."), Resume()))
        for key, value in rules.get("frozen", {}).items():
            found.append(
                (self.tr("{name} stays at {value}").format(name=title_of(key), value=told_value(value)), Freeze(key))
            )
        for key, limits in rules.get("narrowed", {}).items():
            words = self.tr("{name} within {limits}").format(name=title_of(key), limits=told_limits(limits))
            found.append((words, Narrow(key)))
        for region in rules.get("banned", []):
            found.append((self.tr("Banned: {region}").format(region=told_region(region)), Ban(region, lift=True)))
        for row in self.study.of_state("waiting"):
            words = self.tr("In line, trial {n}: {point}").format(n=row["number"], point=told_point(row["params"]))
            found.append((words, StopTrial(int(row["number"]))))
        return found

    def _rule_row(self, words: str, back: Command) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label(words, wrap=True), 1)
        take = button(self.tr("Take back"), "takeBack", partial(self.steering.tell, back), role="flat")
        take.setAccessibleDescription(words)
        row.addWidget(take, 0, Qt.AlignmentFlag.AlignTop)
        return made

    # -- told ----------------------------------------------------------------------------------------------------

    def show_told(self) -> None:
        _empty(self._told)
        for one in reversed(self.steering.told[-8:]):
            made = QWidget()
            row = QHBoxLayout(made)
            row.setContentsMargins(0, 0, 0, 0)
            state = {
                "asked": self.tr("telling…"),
                "done": self.tr("done in {s:.1f} s").format(s=one.seconds),
                "refused": self.tr("not done: {why}").format(why=one.said),
            }[one.state]
            words = label(f"{one.words}: {state}", "" if one.state != "refused" else "warning", wrap=True)
            row.addWidget(words, 1)
            show = button("", "toldCommand", partial(self._show_command, one.command), role="flat", picture="command")
            show.setAccessibleName(self.tr("Show the command"))
            show.setToolTip(self.tr("Show the command"))
            row.addWidget(show, 0, Qt.AlignmentFlag.AlignTop)
            self._told.addWidget(made)
        if not self.steering.told:
            self._told.addWidget(label(self.tr("Nothing yet, from this window."), "muted", wrap=True))

    def _show_command(self, command: Command) -> None:
        CommandDialog(job_of(self.steering.folder, command), None, self.window()).open()


def _empty(rows: QVBoxLayout) -> None:
    while rows.count():
        item = rows.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
