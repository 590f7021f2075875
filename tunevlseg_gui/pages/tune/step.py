"""What every step of the wizard is: a sentence, a column that scrolls, and the reason why one cannot go on."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.sight import keep_focus_in_sight
from tunevlseg_gui.widgets.text import label


class WizardStep(QWidget):
    """A step reads and fills the `Wizard`; it does not know the other steps.

    A subclass gives `title` and `sentence`, puts its own parts into `self.rows` (a column that scrolls), what stays in
    sight beside it into `self.columns`, and says in `problem()` why one cannot go on; it emits `checked` whenever that
    answer may be another. `enter()` is called when the step comes into sight, `leave()` when it goes, also with the
    whole page.

    A panel (domain gauge, quick look, phrase bench …) hangs in without a change to any step: it is a QWidget in a file
    of its own that takes the `Wizard`, listens to its signals, submits jobs through `wizard.client`, and puts what it
    found into the wizard (`wizard.put_shift`). `panels.py` names each with the step it hangs in; the page then calls
    `step.add_panel(panel)`. Panels stand below the step's own parts, or above them with `first=True`. A panel that has
    methods `enter()` and `leave()` hears when its step comes into sight and goes: long work belongs between the two.
    """

    checked = Signal()
    rearranged = Signal()  # its parts are others now: Tab has to go through them in another order
    name: ClassVar[str]

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wizard = wizard
        self.setObjectName(f"{self.name}Step")
        self._panels: list[QWidget] = []
        inner = QWidget()
        inner.setObjectName("scrolled")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(12)
        self._above = QVBoxLayout()
        self.rows = QVBoxLayout()
        self._below = QVBoxLayout()
        for part in (self._above, self.rows, self._below):
            part.setSpacing(12)
            column.addLayout(part)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inner)
        keep_focus_in_sight(self.area)
        self.columns = QHBoxLayout()
        self.columns.setSpacing(16)
        self.columns.addWidget(self.area, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(10)
        whole.addWidget(label(self.sentence(), "muted", wrap=True, name="stepSentence"))
        whole.addLayout(self.columns, 1)

    def title(self) -> str:
        """One word."""
        raise NotImplementedError

    def sentence(self) -> str:
        """What is decided here and what happens if one just goes on."""
        raise NotImplementedError

    def problem(self) -> str:
        """Why one cannot go on from here, in words; empty where one can."""
        return ""

    def enter(self) -> None:
        """It comes into sight."""
        self._tell_panels("enter")

    def leave(self) -> None:
        """It goes out of sight."""
        self._tell_panels("leave")

    def add_panel(self, panel: QWidget, *, first: bool = False) -> None:
        """Hangs a self-contained widget in; see the class."""
        self._panels.append(panel)
        (self._above if first else self._below).addWidget(panel)
        self.rearranged.emit()

    def _tell_panels(self, what: str) -> None:
        for panel in self._panels:
            heard = getattr(panel, what, None)
            if heard is not None:
                heard()
