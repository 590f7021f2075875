"""Does the phrase matter? The badge with its numbers, each word's influence, and the words near learned vectors."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.contract.jobs import PhraseEffect
from engine.runs.layout import PHRASE
from engine.runs.writer import best_epoch
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.job_bar import JobBar
from tunevlseg_gui.pages.runs.phrase_rows import (
    kind_heads,
    kind_rows,
    label_heads,
    label_rows,
    vector_heads,
    vector_rows,
)
from tunevlseg_gui.widgets.plain_table import Cell, Head, PlainTable
from tunevlseg_gui.widgets.share_bars import ShareBar, ShareBars
from tunevlseg_gui.widgets.text import label, set_tone

VERDICTS = {
    "yes": (QT_TRANSLATE_NOOP("PhraseEffectPanel", "The mask depends on your words: yes"), "good"),
    "weakly": (QT_TRANSLATE_NOOP("PhraseEffectPanel", "The mask depends on your words: weakly"), "warning"),
    "no": (QT_TRANSLATE_NOOP("PhraseEffectPanel", "The mask depends on your words: no"), "danger"),
    "unclear": (QT_TRANSLATE_NOOP("PhraseEffectPanel", "The mask depends on your words: unclear"), "accent"),
}


class PhraseEffectPanel(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("phraseEffectPanel")
        self._folder = Path()
        self._found: dict[str, Any] = {}
        self.phrase = QLineEdit()
        self.phrase.setObjectName("phraseToLookAt")
        self.phrase.setAccessibleName(self.tr("A phrase to look at word by word"))
        self.phrase.setPlaceholderText(self.tr("Word by word: each label's own phrase, or type another"))
        self.phrase.setClearButtonEnabled(True)
        self.bar = JobBar(client, "phraseEffect", self.tr("Ask control phrases"), self._job)
        self.bar.notice.connect(self.notice)
        self.bar.finished.connect(self._asked)
        self.phrase.returnPressed.connect(self.bar.ask)
        self.badge = label("", "chip", name="phraseBadge")
        self.words = label("", wrap=True, name="phraseWords")
        self.rule = label("", "muted", wrap=True, name="phraseRule")
        self.kinds = _table("phraseKinds", self.tr("What was said instead"))
        self.labels = _table("phraseLabels", self.tr("By label"))
        self.which = QComboBox()
        self.which.setObjectName("phraseLabel")
        self.which.setAccessibleName(self.tr("Label"))
        self.which.currentIndexChanged.connect(self._show_words)
        self.dropped = ShareBars("wordsDropped", self.tr("Change of the mask without the word"))
        self.gained = ShareBars("wordsDice", self.tr("Change of the Dice without the word"))
        self.swapped = ShareBars("wordsReplaced", self.tr("Change of the mask with nonsense instead of the word"))
        self.vectors = _table("nearestWords", self.tr("Words near learned vectors"))
        self.warning = label("", "muted", wrap=True, name="nearestNote")
        self.nothing = label(
            self.tr(
                "A model may have learned its answer so well that words no longer decide anything: then typing others "
                "misleads. Control phrases (nonsense, unrelated things, opposites, other labels') on the validation "
                "images show it."
            ),
            "muted",
            wrap=True,
            name="phraseNothing",
        )
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)  # it fills the page while nothing else does
        line = QHBoxLayout()
        line.addWidget(self.bar, 2)
        line.addWidget(self.phrase, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(10)
        rows.addLayout(line)
        rows.addWidget(self.nothing)
        rows.addWidget(self._body(), 1)
        self._show({})

    def _body(self) -> QWidget:
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 8, 0)
        rows.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.words, 1)
        rows.addLayout(head)
        rows.addWidget(self.kinds)
        rows.addWidget(self.labels)
        rows.addWidget(self.rule)
        self.more = QWidget()
        inner = QVBoxLayout(self.more)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        words = QHBoxLayout()
        words.addWidget(label(self.tr("Word by word"), "heading"))
        words.addWidget(self.which)
        words.addStretch(1)
        inner.addLayout(words)
        charts = QHBoxLayout()
        charts.setSpacing(24)
        for title, chart in (
            (self.tr("Mask that changes without it"), self.dropped),
            (self.tr("Dice without it"), self.gained),
            (self.tr("Mask that changes with nonsense instead"), self.swapped),
        ):
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(label(title, "muted"))
            column.addWidget(chart)
            charts.addLayout(column, 1)
            charts.setAlignment(column, Qt.AlignmentFlag.AlignTop)
        inner.addLayout(charts)
        inner.addWidget(label(self.tr("What learned vectors lie near"), "heading"))
        inner.addWidget(self.warning)
        inner.addWidget(self.vectors)
        rows.addWidget(self.more)
        rows.addStretch(1)
        self.body = QScrollArea()
        self.body.setObjectName("phraseBody")
        self.body.setWidgetResizable(True)
        self.body.setFrameShape(QFrame.Shape.NoFrame)
        self.body.setWidget(inside)
        self.vectors.selectionModel().currentRowChanged.connect(self._keep_in_sight)
        return self.body

    def _keep_in_sight(self, row: QModelIndex) -> None:
        """The table is as high as its rows: what the arrows reach is scrolled to in the page."""
        place = self.vectors.visualRect(row)
        seen = self.vectors.viewport().mapTo(self.body.widget(), place.center())
        self.body.ensureVisible(seen.x(), seen.y(), 0, place.height())

    def show_run(self, folder: Path) -> None:
        self._folder = folder
        self.bar.show_run(folder)
        self._show({})
        run_task(self, partial(_read, folder), self._take)

    def _job(self, folder: Path) -> PhraseEffect:
        return PhraseEffect(str(folder), phrase=self.phrase.text().strip())

    def _asked(self, folder: Path, result: dict[str, Any]) -> None:
        if folder == self._folder:
            self._show(result)

    def _take(self, found: tuple[Path, dict[str, Any]]) -> None:
        if found[0] == self._folder and not self.bar.going:
            self._show(found[1])

    def _show(self, found: dict[str, Any]) -> None:
        self._found = found
        known = bool(found.get("verdict"))
        self.body.setVisible(known)
        self.nothing.setVisible(not known)
        if not known:
            return
        title, tone = VERDICTS.get(str(found["verdict"]), VERDICTS["unclear"])
        self.badge.setText(self.tr(title))
        set_tone(self.badge, tone)
        notes = [*found.get("notes", ())]
        if found.get("old"):
            notes.append(self.tr("The run has another best epoch since: ask again."))
        if found.get("synthetic"):
            notes.append(self.tr("Drawn (synthetic) images."))
        self.words.setText(" ".join([str(found["words"]), *notes]))
        for widget in (self.rule, self.kinds, self.more):
            widget.setVisible(bool(found["rule"]))
        if found["rule"]:
            where = self.tr("{images} images of {cases} cases, split {split}. Rule: {rule}")
            self.rule.setText(
                where.format(images=found["images"], cases=found["cases"], split=found["split"], rule=found["rule"])
            )
        self._fill(self.kinds, kind_heads(), kind_rows(found["kinds"]))
        tones = {verdict: tone.replace("accent", "") for verdict, (_, tone) in VERDICTS.items()}
        self.labels.setVisible(len(found["labels"]) > 1)
        self._fill(self.labels, label_heads(), label_rows(found["labels"], tones))
        self.which.clear()
        for entry in found["word_effects"]:
            self.which.addItem(entry["label"], entry)
        self.which.setVisible(self.which.count() > 1)
        self._show_words()
        self._show_vectors(found["nearest"])

    def _show_words(self) -> None:
        entry = self.which.currentData() or {"words": []}
        words = entry["words"]
        self.dropped.show_bars([_bar(word["word"], word["mask_dropped"]) for word in words])
        self.gained.show_bars([_bar(word["word"], word["dice_dropped"], signed=True) for word in words])
        self.swapped.show_bars([_bar(word["word"], word["mask_replaced"]) for word in words])

    def _show_vectors(self, nearest: dict[str, Any]) -> None:
        self.warning.setText(str(nearest["note"]))
        self.vectors.setVisible(bool(nearest["vectors"]))
        self._fill(self.vectors, vector_heads(), vector_rows(nearest["vectors"]), most=10)

    def _fill(self, table: PlainTable, heads: list[Head], rows: list[list[Cell]], most: int = 8) -> None:
        table.show_rows(heads, [(row, None) for row in rows])
        height = table.horizontalHeader().sizeHint().height()
        table.setFixedHeight(height + 28 * min(len(rows), most) + 8)


_BADGE_ALONE: dict[str, Any] = {
    "rule": "",
    "kinds": [],
    "labels": [],
    "word_effects": [],
    "nearest": {"note": "", "vectors": []},
}
"""A run that was imported brings its badge alone."""


def _table(name: str, title: str) -> PlainTable:
    made = PlainTable(name, title, sorts=False)
    made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    return made


def _bar(word: str, value: float | None, *, signed: bool = False) -> ShareBar:
    if value is None:
        return ShareBar(word, None, "–")
    if signed:
        return ShareBar(word, value, f"{value:+.3f}", "danger" if value < 0 else "good")
    return ShareBar(word, value, f"{value:.0%}")


def _read(folder: Path) -> tuple[Path, dict[str, Any]]:
    """What the run keeps; `old` where it is of another best epoch. Empty where there is nothing or it is damaged."""
    try:
        found = json.loads((folder / PHRASE).read_text(encoding="utf-8"))
        found = {**_BADGE_ALONE, **found}
        found["verdict"], found["words"], found["nearest"]["vectors"], found["nearest"]["note"]
    except (OSError, ValueError, KeyError, TypeError):
        return folder, {}
    return folder, {**found, "old": found.get("best_epoch") != best_epoch(folder)}
