"""The way through the steps: the line of them, the one in sight, and the buttons that go back and forth."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QAbstractSlider, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.translation import from_the_right
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.focus_order import put_in_order
from tunevlseg_gui.widgets.stepper import Stepper
from tunevlseg_gui.widgets.text import label

_SCROLLS = {
    Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
    Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
}


class Walk(QWidget):
    """A step can be entered when all before it can be left. `finished`: one goes on from the last step.

    `shown` is the step that was told to enter: the one in sight, and none while the page is out of sight.
    """

    step_shown = Signal()
    finished = Signal()
    search_wanted = Signal()

    def __init__(self, steps: Sequence[WizardStep], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.all = list(steps)
        self.last = len(self.all) - 1
        self.shown: WizardStep | None = None
        self.stepper = Stepper([(step.name, step.title()) for step in self.all])
        self.steps = QStackedWidget()
        for step in self.all:
            self.steps.addWidget(step)
        self.back = button(self.tr("Back"), "wizardBack", self.go_back, picture="back", tip="Alt+←")
        self.next = button(self.tr("Next"), "wizardNext", self.go_on, role="primary", picture="next")
        # Its arrow stands behind the word and points onwards.
        behind = Qt.LayoutDirection.LeftToRight if from_the_right() else Qt.LayoutDirection.RightToLeft
        self.next.setLayoutDirection(behind)
        self.search = button(
            self.tr("Search its settings…"),
            "wizardSearch",
            self.search_wanted.emit,
            picture="experiments",
            tip=self.tr("Many runs of this recipe with other settings, in place of one"),
        )
        self.told = label("", "muted", wrap=True, name="wizardTold")
        self._arrange = QTimer(self)
        self._arrange.setSingleShot(True)
        self._arrange.setInterval(0)
        self._arrange.timeout.connect(lambda: put_in_order(self))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.told, 1)
        row.addWidget(self.search)
        row.addWidget(self.next)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(14)
        rows.addWidget(self.stepper)
        rows.addWidget(self.steps, 1)
        rows.addLayout(row)

    def _connect(self) -> None:
        self.stepper.chosen.connect(self.show_step)
        for step in self.all:
            step.checked.connect(self.check)
            step.rearranged.connect(self._arrange.start)
        for keys, done in (("Alt+Left", self.go_back), ("Alt+Right", self.go_on)):
            short = QShortcut(QKeySequence(keys), self)
            short.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            short.activated.connect(done)

    @property
    def here(self) -> int:
        return self.steps.currentIndex()

    def show_step(self, step: int) -> None:
        self._leave()
        self._enter(self.all[step])  # drawn first: nobody sees it being drawn
        self.steps.setCurrentIndex(step)
        last = step == self.last
        self.back.setEnabled(step > 0)
        self.search.setVisible(last)
        self.next.setText(self.tr("Start") if last else self.tr("Next"))
        self.next.setIcon(icon("play" if last else "next", "on_accent"))
        self.next.setAccessibleName(self.next.text())
        self.check()
        self.step_shown.emit()
        self._arrange.start()

    def problem(self, step: int) -> str:
        """Why one cannot go on from here: the first reason among this step and those before it."""
        return next((told for known in self.all[: step + 1] if (told := known.problem())), "")

    def check(self) -> None:
        problem = self.problem(self.here)
        self.told.setText(problem)
        self.next.setEnabled(not problem)
        self.search.setEnabled(not problem)
        self.next.setToolTip(problem or "Alt+→")
        self.next.setAccessibleDescription(problem)
        open_to = next((number for number, known in enumerate(self.all) if known.problem()), self.last)
        self.stepper.show_step(self.here, max(self.here, open_to))

    def go_back(self) -> None:
        self.show_step(max(0, self.here - 1))

    def go_on(self) -> None:
        if self.problem(self.here):
            return
        if self.here == self.last:
            self.finished.emit()
        else:
            self.show_step(self.here + 1)

    def _enter(self, step: WizardStep) -> None:
        if self.isVisible() and self.shown is not step:
            self.shown = step
            step.enter()

    def _leave(self) -> None:
        shown, self.shown = self.shown, None
        if shown is not None:
            shown.leave()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._enter(self.all[self.here])
        self.check()

    def hideEvent(self, event: QHideEvent) -> None:
        self._leave()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page up and down scroll the step wherever the keyboard is, also past texts that Tab does not stop at."""
        action = _SCROLLS.get(Qt.Key(event.key()))
        if action is not None:
            self.all[self.here].area.verticalScrollBar().triggerAction(action)
        else:
            super().keyPressEvent(event)
