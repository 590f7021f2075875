"""The phrase of each label, with the tokens that the model makes of it, and what it would not see."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import PreviewTokens
from engine.text.phrases import TEMPLATES, phrase_for
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.text import card, label, set_tone

SHOWN = 12
"""Labels with a row here; all of them are on the Data page."""
PAUSE = 150
"""Milliseconds without a key after which the tokens are asked."""
MOST_TOKENS = 40


class PhraseRow(QWidget):
    """One label: its name, its phrase, the tokens below it."""

    def __init__(self, known: Label, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = known.value
        self.edit = QLineEdit(known.phrase)
        self.edit.setObjectName(f"phrase_{known.value}")
        self.edit.setAccessibleName(self.tr("Phrase of {name}").format(name=known.name))
        name = label(known.name, "muted")
        name.setMinimumWidth(120)
        self.told = label("", "warning", wrap=True, name=f"phraseTold_{known.value}")
        self.told.hide()
        self._tokens = QWidget()
        self._tokens.setObjectName(f"phraseTokens_{known.value}")
        self._flow = FlowLayout(self._tokens, spacing=3)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(name)
        head.addWidget(self.edit, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addLayout(head)
        rows.addWidget(self._tokens)
        rows.addWidget(self.told)

    def show_tokens(self, row: dict[str, Any], room: int) -> None:
        """`room`: tokens that a phrase may have here; those beyond are shown as what is cut."""
        while item := self._flow.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        tokens, kept = [str(token) for token in row.get("tokens") or ()], int(row.get("kept") or 0)
        for place, token in enumerate(tokens[:MOST_TOKENS]):
            chip = label(token, "chip")
            set_tone(chip, "accent" if place < kept else "danger")
            self._flow.addWidget(chip)
        count = self.tr("{count} of at most {room} tokens").format(count=len(tokens), room=room)
        said = label(count, "muted")
        said.setContentsMargins(6, 3, 0, 0)  # on the line of the chips' text
        self._flow.addWidget(said)
        self._tokens.setAccessibleName(count)
        cut, problem = str(row.get("cut") or ""), str(row.get("problem") or "")
        told = self.tr("Too long: the model does not see “{cut}”. Shorten the phrase.").format(cut=cut) if cut else ""
        self.told.setText(problem or told)
        self.told.setVisible(bool(problem or told))


class PhrasesBox(QWidget):
    """Edits go into the project, as on the Data page: Undo there takes them back."""

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wizard = wizard
        self._rows: list[PhraseRow] = []
        self._drawn: list[tuple[int, str]] = []
        self._asked: object = None
        self.reserve = 0
        """Places that learned words take: they leave less room for a phrase."""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._ask)
        self.template = QComboBox()
        self.template.setObjectName("phraseTemplate")
        self.template.setAccessibleName(self.tr("Template for all phrases"))
        self.template.addItem(self.tr("Template…"), "")
        for name, pattern in TEMPLATES.items():
            self.template.addItem(pattern.replace("{}", self.tr("name")), name)
        self.template.activated.connect(self._apply)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Phrases"), "heading"))
        head.addStretch(1)
        head.addWidget(self.template)
        frame = card()
        column = QVBoxLayout(frame)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(
            label(
                self.tr("What the model is given for each structure, and the tokens that it makes of it."),
                "muted",
                wrap=True,
            )
        )
        self._column = QVBoxLayout()
        self._column.setSpacing(10)
        column.addLayout(self._column)
        self._more = label("", "muted")
        column.addWidget(self._more)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    def draw(self) -> None:
        """The labels as they are now; fields that say the same are left alone."""
        labels = self._wizard.project.labels
        wanted = [(known.value, known.name) for known in labels[:SHOWN]]
        if wanted != self._drawn:
            self._drawn = wanted
            for row in self._rows:
                row.setParent(None)  # gone at once, also for whoever looks widgets up by name
                row.deleteLater()
            self._rows = [PhraseRow(known) for known in labels[:SHOWN]]
            for row in self._rows:
                row.edit.textEdited.connect(lambda _text: self._pause.start())
                row.edit.editingFinished.connect(lambda row=row: self._edited(row))
                self._column.addWidget(row)
        for row, known in zip(self._rows, labels, strict=False):
            if row.edit.text() != known.phrase and not row.edit.hasFocus():
                row.edit.setText(known.phrase)
        more = len(labels) - SHOWN
        self._more.setText(self.tr("{count} more labels are on the Data page.").format(count=more))
        self._more.setVisible(more > 0)
        self._ask()

    def put_reserve(self, places: int) -> None:
        if places != self.reserve:
            self.reserve = places
            self._ask()

    def _edited(self, row: PhraseRow) -> None:
        project = self._wizard.project
        text = " ".join(row.edit.text().split())
        known = next((found for found in project.labels if found.value == row.value), None)
        if known is None:
            return
        if text:
            project.change_label(known.value, self.tr("phrase of {name}").format(name=known.name), phrase=text)
        else:
            row.edit.setText(known.phrase)

    def _apply(self, place: int) -> None:
        """One template for all labels, as one step that Undo takes back."""
        name = str(self.template.itemData(place) or "")
        self.template.setCurrentIndex(0)
        if not name:
            return
        project = self._wizard.project
        project.undo_stack.beginMacro(self.tr("phrases from a template"))
        for known in list(project.labels):
            project.change_label(known.value, "", phrase=phrase_for(known.name, name))
        project.undo_stack.endMacro()
        for row, known in zip(self._rows, project.labels, strict=False):
            row.edit.setText(known.phrase)
        self._ask()

    def _ask(self) -> None:
        phrases = [row.edit.text() for row in self._rows]
        if not phrases or not self._wizard.catalogue.weights:
            return
        job = PreviewTokens(self._wizard.weights.id, phrases, self.reserve)
        if job == self._asked:
            return
        self._asked = job
        self._wizard.client.submit(job, lambda event: self._heard(job, event))

    def _heard(self, job: PreviewTokens, event: Event) -> None:
        if job != self._asked:
            return  # typed on meanwhile: another answer is on its way
        match event:
            case JobFinished(result=result):
                room = int(result.get("limit") or 0) - 2 - job.reserve
                for row, found in zip(self._rows, result.get("rows") or [], strict=False):
                    row.show_tokens(found, room)
            case JobFailed():
                self._asked = None
