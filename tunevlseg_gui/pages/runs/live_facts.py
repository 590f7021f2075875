"""Where a run stands, in numbers: epoch, Dice, time and patience left; device, speed, memory; how far it is."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QWidget

from engine.contract.sizes import size
from tunevlseg_gui.pages.runs.live_state import LiveState, in_words
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import PathLabel, label, set_tone

_FACTS = (
    # name, title, and what it is called where there is little room.
    ("epoch", QT_TRANSLATE_NOOP("LiveFacts", "Epoch"), QT_TRANSLATE_NOOP("LiveFacts", "Epoch")),
    ("dice", QT_TRANSLATE_NOOP("LiveFacts", "Validation Dice"), QT_TRANSLATE_NOOP("LiveFacts", "Dice")),
    ("best", QT_TRANSLATE_NOOP("LiveFacts", "Best Dice"), QT_TRANSLATE_NOOP("LiveFacts", "Best, epoch")),
    ("left", QT_TRANSLATE_NOOP("LiveFacts", "Time left, at most"), QT_TRANSLATE_NOOP("LiveFacts", "Time left")),
    (
        "patience",
        QT_TRANSLATE_NOOP("LiveFacts", "Patience left, epochs"),
        QT_TRANSLATE_NOOP("LiveFacts", "Patience left"),
    ),
)
SHORT, SMALL = 1240, 1000
"""Pixels below which titles are short, and below which numbers are small."""


class LiveFacts(QFrame):
    """A card with the numbers, and what can be changed of the run."""

    adjust_wanted = Signal()
    fork_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.numbers = {name: label("–", "number", name=f"fact_{name}") for name, *_ in _FACTS}
        self._titles = {name: label(self.tr(title), "muted") for name, title, _ in _FACTS}
        self.machine = PathLabel()
        self.machine.setObjectName("runMachine")
        self.machine.setAccessibleName(self.tr("Device, speed and memory"))
        self.progress = QProgressBar()
        self.progress.setObjectName("runProgress")
        self.progress.setAccessibleName(self.tr("Progress of the run"))
        self.progress.setTextVisible(False)
        later = self.tr("Learning rate, patience and epochs, from the next step on")
        self.adjust = button(
            self.tr("Change settings…"), "adjustRun", self.adjust_wanted.emit, picture="tune", tip=later
        )
        forks = self.tr("A new run from one of its epochs, with other settings")
        self.fork = button(self.tr("Fork…"), "forkRun", self.fork_wanted.emit, picture="part", tip=forks)
        self._room: tuple[bool, bool] | None = None
        self._state = LiveState()
        self._lay_out()

    def _lay_out(self) -> None:
        self._grid = grid = QGridLayout(self)
        grid.setVerticalSpacing(0)
        for column, (name, title, _) in enumerate(_FACTS):
            self.numbers[name].setAccessibleName(self.tr(title))
            self._titles[name].setToolTip(self.tr(title))
            grid.addWidget(self._titles[name], 0, column)
            grid.addWidget(self.numbers[name], 1, column)
        last = len(_FACTS)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addStretch(1)
        actions.addWidget(self.adjust)
        actions.addWidget(self.fork)
        self.machine.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.machine, 0, last)
        grid.addLayout(actions, 1, last)
        grid.setColumnStretch(last, 1)
        grid.addWidget(self.progress, 2, 0, 1, last + 1)
        self._use_room(short=False, small=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._use_room(short=self.width() < SHORT, small=self.width() < SMALL)

    def _use_room(self, *, short: bool, small: bool) -> None:
        if (short, small) == self._room:
            return
        self._room = short, small
        for name, title, other in _FACTS:
            self._titles[name].setText(self.tr(other if short else title))
            set_tone(self.numbers[name], "heading" if small else "number", attribute="role")
        self.adjust.setText(self.tr("Change…") if small else self.tr("Change settings…"))
        side, top = (12, 6) if small else (18, 10)
        self._grid.setContentsMargins(side, top, side, top)
        self._grid.setHorizontalSpacing(14 if small else 28)
        self.show_state(self._state)

    # -- drawing -------------------------------------------------------------------------------------------------

    def show_state(self, state: LiveState) -> None:
        self._state = state
        for name, told in self._told(state).items():
            self.numbers[name].setText(told)
        self.machine.set_path(self._machine(state))
        for name in ("left", "patience"):
            for text in (self.numbers[name], self._titles[name]):
                text.setVisible(not state.over)
        self._show_progress(state)

    def _told(self, state: LiveState) -> dict[str, str]:
        dice, left = state.metrics.get("val_dice"), state.patience_left
        of, best = self.tr("{epoch} of {epochs}"), self.tr("{value} (epoch {epoch})")
        if self._room is not None and self._room[1]:
            best = self.tr("{value} ({epoch})")
        return {
            "epoch": of.format(epoch=state.epoch, epochs=state.epochs) if state.epochs else "–",
            "dice": "–" if dice is None else f"{dice:.3f}",
            "best": best.format(value=f"{state.best[1]:.3f}", epoch=state.best[0]) if state.best else "–",
            "left": "–" if state.over else in_words(state.seconds_left),
            "patience": "–" if left is None or state.over else str(left),
        }

    def _machine(self, state: LiveState) -> str:
        rate, memory = state.images_per_second, state.memory
        device = {"cpu": self.tr("processor")}.get(state.device, state.device)
        parts = [
            device,
            "" if rate is None else self.tr("{rate} images/s").format(rate=f"{rate:.3g}"),
            "" if memory is None else size(memory),
        ]
        told = "  ·  ".join(filter(None, parts))
        if state.waiting:
            return self.tr("It starts when its turn comes, with or without this window.")
        return told or ("" if state.over else self.tr("The run goes on when this window is closed."))

    def _show_progress(self, state: LiveState) -> None:
        shown = not state.over and not state.waiting
        self.progress.setVisible(shown)
        self._grid.setRowMinimumHeight(2, 14 if shown else 0)
        if state.epochs:
            within = state.done / state.total if state.total and state.done < state.total else 0.0
            self.progress.setRange(0, state.epochs * 100)
            self.progress.setValue(round((state.epoch + within) * 100))
        else:
            self.progress.setRange(0, int(state.total))
            self.progress.setValue(int(state.done))
