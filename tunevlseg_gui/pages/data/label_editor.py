"""All that can be said of one label: name, phrases, colour, SNOMED CT code. Each change is a step to undo."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from engine.config.sctid import wrong_with
from engine.data.palette import NAMES, PALETTE
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.project import Project
from tunevlseg_gui.translation import from_engine
from tunevlseg_gui.widgets.colour_choice import ColourChoice
from tunevlseg_gui.widgets.text import label, set_tone


class Lines(QPlainTextEdit):
    """Several lines of plain text; `left` when the cursor leaves them."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class LabelEditor(QWidget):
    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("labelEditor")
        self._project = project
        self._label: Label | None = None
        self.name = self._line("labelName", self.tr("Name"))
        self.phrase = self._line("labelPhrase", self.tr("Phrase given to the model"))
        self.others = Lines()
        self.others.setObjectName("labelAlternatives")
        self.others.setAccessibleName(self.tr("Other phrases, one a line"))
        self.others.setPlaceholderText(self.tr("One a line; while tuning, one of all is drawn for each image."))
        self.others.setToolTip(self.tr("Other words for the same thing: the model learns that they mean one."))
        self.others.setFixedHeight(3 * self.fontMetrics().lineSpacing() + 18)
        self.colour = ColourChoice(tuple(zip(PALETTE, map(from_engine, NAMES), strict=True)))
        self.snomed = self._line("labelSnomed", self.tr("SNOMED CT code"))
        self.snomed.setPlaceholderText(self.tr("Optional, such as 78961009"))
        self.wrong = label("", "problem", wrap=True, name="labelProblem")
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(6)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(self.tr("Name"), self.name)
        rows.addRow(self.tr("Phrase"), self.phrase)
        rows.addRow(self.tr("Other phrases"), self.others)
        rows.addRow(self.tr("Colour"), self.colour)
        rows.addRow("SNOMED CT", self.snomed)
        rows.addRow(self.wrong)
        self.name.editingFinished.connect(self._name_entered)
        self.phrase.editingFinished.connect(self._phrase_entered)
        self.others.left.connect(self.keep_others)
        self.colour.chosen.connect(lambda colour: self._change("colour", colour=colour))
        self.snomed.editingFinished.connect(self._code_entered)
        self.snomed.textEdited.connect(lambda: self._tell(""))
        self.show_label(None)

    def _line(self, name: str, spoken: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setAccessibleName(spoken)
        return made

    def show_label(self, shown: Label | None) -> None:
        """None: no label is chosen. What is being typed of the same label stays: a report may come at any time."""
        same = shown is not None and self._label is not None and shown.value == self._label.value
        self._label = shown
        self.setEnabled(shown is not None)
        for line, text in (
            (self.name, shown.name if shown else ""),
            (self.phrase, shown.phrase if shown else ""),
            (self.snomed, shown.snomed if shown else ""),
        ):
            if not (same and line.hasFocus() and line.isModified()):
                line.setText(text)
        if not (same and self.others.hasFocus() and self.others.document().isModified()):
            self.others.setPlainText("\n".join(shown.alternatives) if shown else "")
        self.colour.show_colour(shown.colour if shown else PALETTE[0])
        if not same:
            self._tell("")

    def take_typed(self) -> None:
        """What is being typed counts, though the cursor is still there."""
        for line, entered in (
            (self.name, self._name_entered),
            (self.phrase, self._phrase_entered),
            (self.snomed, self._code_entered),
        ):
            if line.isModified():
                entered()
        if self.others.document().isModified():
            self.keep_others()

    def keep_others(self) -> None:
        """Takes the other phrases as they are written; blanks, twins and the phrase itself are left away."""
        self.others.document().setModified(False)
        if self._label is not None:
            lines = dict.fromkeys(_tidy(line) for line in self.others.toPlainText().splitlines())
            kept = tuple(line for line in lines if line and line != self._label.phrase)
            self._change(self.tr("other phrases"), alternatives=kept)

    def _phrase_entered(self) -> None:
        self.phrase.setModified(False)
        self._change("phrase", phrase=_tidy(self.phrase.text()))

    def _name_entered(self) -> None:
        self.name.setModified(False)
        known, text = self._label, _tidy(self.name.text())
        if known is None or text == known.name:
            return
        if any(other.value != known.value and other.name == text for other in self._project.labels):
            self._tell(self.tr("Another label is called {text} already.").format(text=text))
            return
        self._tell("")
        # A phrase that was only the name follows it.
        self._change("name", name=text, **({"phrase": text} if known.phrase == known.name else {}))

    def _code_entered(self) -> None:
        self.snomed.setModified(False)
        code = "".join(self.snomed.text().split())
        wrong = wrong_with(code) if code else ""
        self._tell(self.tr("No code of a SNOMED CT concept: {wrong}.").format(wrong=wrong) if wrong else "")
        if not wrong and self._label is not None:
            self._change(self.tr("SNOMED CT code"), snomed=code)

    def _change(self, what: str, **after: object) -> None:
        known = self._label
        if known is None:
            return
        if any(after.get(name) == "" for name in ("name", "phrase")):
            self.show_label(known)  # a label without a name or phrase there is not
            return
        self._project.change_label(known.value, f"{what} of {known.name}", **after)

    def _tell(self, wrong: str) -> None:
        self.wrong.setText(wrong)
        self.wrong.setVisible(bool(wrong))
        set_tone(self.snomed, "true" if wrong.startswith("No code") else "", attribute="wrong")


def _tidy(text: str) -> str:
    return " ".join(text.split())
