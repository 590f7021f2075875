"""What is wrong with a dataset: what, where, how to mend it, and a button where the program can."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from tunevlseg_gui.pages.data.problem_groups import ProblemGroup, grouped
from tunevlseg_gui.theme.icons import picture
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.text import card, label

_SIGNS = {"error": "danger", "warning": "warning", "note": "note"}
_SPOKEN = {
    "error": QT_TRANSLATE_NOOP("ProblemList", "Error: a case is left out"),
    "warning": QT_TRANSLATE_NOOP("ProblemList", "Warning"),
    "note": QT_TRANSLATE_NOOP("ProblemList", "Note"),
}
AT_ONCE = 2
FEW = 4
MOST = 100
"""Lines shown of one kind of problem; its cases can all be shown in the grid."""


class ProblemCard(QWidget):
    """One kind of problem."""

    cases_wanted = Signal(list)  # ids: show these in the grid
    repair_wanted = Signal(object)  # ProblemGroup

    def __init__(self, group: ProblemGroup, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.group = group
        self.setObjectName("problem")
        self._sign = QLabel()
        self._sign.setFixedSize(20, 20)
        self._sign.setAccessibleName(self.tr(_SPOKEN.get(group.severity, "Note")))
        self._sign.setToolTip(self.tr(_SPOKEN.get(group.severity, "Note")))
        self.title = _text(group.title, "problemText")
        self.places = _text("", "problemPlaces", "muted")
        self.fix = _text("\n".join(group.fixes[: 1 if group.action else 3]), "problemFix", "muted")
        if not group.fixes:
            self.fix.hide()  # never shown from here: without a parent yet, it would be a window of its own
        texts = QVBoxLayout()
        texts.setSpacing(3)
        texts.addWidget(self.title)
        texts.addWidget(self.places)
        texts.addWidget(self.fix)
        self._all_lines = False
        buttons = FlowLayout()
        cases = group.cases
        if group.action:
            many = f" ({len(cases)})" if len(cases) > 1 else ""
            buttons.addWidget(button(group.action + many, "repairProblem", lambda: self.repair_wanted.emit(group)))
        if cases:
            words = self.tr("Show {n} cases").format(n=len(cases)) if len(cases) > 1 else self.tr("Show the case")
            buttons.addWidget(button(words, "showCases", lambda: self.cases_wanted.emit(cases), role="flat"))
        self.more = button("", "moreLines", self._turn_over, role="flat")
        if len(group.lines) <= FEW:
            self.more.hide()
        buttons.addWidget(self.more)
        if group.action or cases or len(group.lines) > FEW:
            texts.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(10)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        look().changed.connect(self._draw)
        self._draw()
        self._show_lines()

    @property
    def text(self) -> str:
        """All that it says."""
        return "\n".join([*self.group.lines, self.group.title, *self.group.fixes])

    def _draw(self) -> None:
        sign = _SIGNS.get(self.group.severity, "note")
        self._sign.setPixmap(picture(sign, 18, sign, self.devicePixelRatioF()))

    def _turn_over(self) -> None:
        self._all_lines = not self._all_lines
        self._show_lines()

    def _show_lines(self) -> None:
        lines = self.group.lines
        shown = lines[: MOST if self._all_lines else FEW]
        hidden = len(lines) - len(shown)
        text = "\n".join(shown) + (
            self.tr("\nand {hidden} more").format(hidden=hidden) if hidden and self._all_lines else ""
        )
        self.places.setText(breakable(text))
        self.places.setVisible(bool(lines))
        self.more.setText(self.tr("List fewer") if self._all_lines else self.tr("List all {n}").format(n=len(lines)))


class ProblemList(QScrollArea):
    cases_wanted = Signal(list)
    repair_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problems")
        self.setAccessibleName(self.tr("Problems found"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.cards: list[ProblemCard] = []
        self._waiting: list[ProblemGroup] = []
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._add_some)
        self.show_problems(None)

    def show_problems(self, problems: list[dict[str, Any]] | None) -> None:
        """None while nothing is known yet. A few cards are made at once, the rest between other events."""
        self._next.stop()
        inside = QWidget()
        inside.setObjectName("scrolled")
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(12, 6, 12, 6)
        rows.setSpacing(0)
        self.cards = []
        self._waiting = grouped(problems or [])
        if not self._waiting:
            known = problems is not None
            rows.addWidget(
                label(self.tr("No problems found.") if known else self.tr("Known once the files were opened."), "muted")
            )
        rows.addStretch(1)
        self._rows = rows
        self.setWidget(inside)
        self._add_some()

    def _add_some(self) -> None:
        now, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        for group in now:
            if self.cards:
                self._rows.insertWidget(self._rows.count() - 1, _line())
            made = ProblemCard(group)
            made.cases_wanted.connect(self.cases_wanted)
            made.repair_wanted.connect(self.repair_wanted)
            self.cards.append(made)
            self._rows.insertWidget(self._rows.count() - 1, made)
        if self._waiting:
            self._next.start()
        else:
            self._next.stop()

    def texts(self) -> list[str]:
        return [made.text for made in self.cards]


def breakable(text: str) -> str:
    """Long paths may be broken after slashes and underscores; otherwise they would widen whatever shows them."""
    for sign in "/_\\":
        text = text.replace(sign, f"{sign}\u200b")
    return text


def _line() -> QWidget:
    made = card(role="line")
    made.setFixedHeight(1)
    return made


def _text(text: str, name: str, role: str = "") -> QLabel:
    made = label(breakable(text), role, wrap=True, name=name)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made
