"""Wordings of each label compared on the validation images; the better one goes into the recipe with one click."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.jobs import ComparePhrases, Job
from tunevlseg_gui.pages.tune.look_panel import LookPanel
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.translation import isolated
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label
from tunevlseg_gui.widgets.turns import in_turn

_USE = 4


class PhraseBench(LookPanel):
    """Wordings that the user adds are kept until another dataset is opened."""

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(
            wizard,
            "phraseBench",
            self.tr("Which wording does the model follow best?"),
            self.tr("Each wording is asked of the validation images with the model as it is; nothing is tuned."),
            self.tr("Compare"),
        )
        self.added: dict[int, list[str]] = {}  # label value → wordings
        self._dataset: object = None
        self.result: dict[str, Any] = {}
        self.which = QComboBox()
        self.which.setObjectName("benchLabel")
        self.which.setAccessibleName(self.tr("Label that the wording is for"))
        self.wording = QLineEdit()
        self.wording.setObjectName("benchWording")
        self.wording.setAccessibleName(self.tr("Another wording"))
        self.wording.setPlaceholderText(self.tr("Another wording…"))
        self.wording.setMaxLength(300)
        self.wording.returnPressed.connect(self.add)
        self.add_button = button(self.tr("Add"), "benchAdd", self.add)
        self.suggest = QCheckBox(self.tr("Compare usual wordings too"))
        self.suggest.setObjectName("benchSuggest")
        self.suggest.setToolTip(self.tr("Usual templates and plain variants of each phrase are compared too."))
        self.suggest.setChecked(True)
        self.list = label("", "muted", wrap=True, name="benchAdded")
        self.forget = button(self.tr("Forget them"), "benchForget", self._forget, role="flat")
        self._tables = QVBoxLayout()
        self._tables.setSpacing(12)
        self.note = label("", "muted", wrap=True, name="benchNote")
        row = QHBoxLayout()
        row.addWidget(self.which)
        row.addWidget(self.wording, 1)
        row.addWidget(self.add_button)
        kept = QHBoxLayout()
        kept.addWidget(self.suggest)
        kept.addWidget(self.list, 1)
        kept.addWidget(self.forget)
        self.rows.addLayout(row)
        self.rows.addLayout(kept)
        self.rows.addLayout(self._tables)
        self.rows.addWidget(self.note)
        wizard.data_changed.connect(self._show_labels)
        self._show_labels()
        self.clear()

    # -- asking --------------------------------------------------------------------------------------------------

    def matters(self) -> object:
        """A phrase that is taken over leaves the comparison standing."""
        data = self.wizard.project.data_for_recipe()
        values = [label["value"] for label in data["labels"]]
        return ({**data, "labels": values}, self.wizard.draft.weights, self.wizard.draft.seed)

    def job(self) -> Job | None:
        project, draft = self.wizard.project, self.wizard.draft
        wordings = {known.name: self.added[known.value] for known in project.labels if self.added.get(known.value)}
        return ComparePhrases(project.data_for_recipe(), draft.weights, wordings, self.suggest.isChecked(), draft.seed)

    def leave(self) -> None:
        self.stop()

    def add(self) -> None:
        """The wording that is written, for the label beside it."""
        text, value = " ".join(self.wording.text().split()), self.which.currentData()
        if not text or value is None:
            return
        known = self.added.setdefault(int(value), [])
        if text not in known:
            known.append(text)
        self.wording.clear()
        self._show_added()

    def _forget(self) -> None:
        self.added.clear()
        self._show_added()
        self.wording.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_labels(self) -> None:
        project = self.wizard.project
        if project.folder != self._dataset:
            self._dataset = project.folder
            self.added.clear()
        names = [(known.value, known.name) for known in project.labels]
        if names != [(self.which.itemData(at), self.which.itemText(at)) for at in range(self.which.count())]:
            chosen = self.which.currentData()
            self.which.clear()
            for value, name in names:
                self.which.addItem(name, value)
            self.which.setCurrentIndex(max(0, self.which.findData(chosen)))
        self.which.setVisible(len(names) > 1)
        self.add_button.setEnabled(bool(names))
        self._show_added()
        self._mark_chosen()

    def _show_added(self) -> None:
        names = {known.value: known.name for known in self.wizard.project.labels}
        several = len(names) > 1
        told = [
            f"{names[value]}: “{text}”" if several else f"“{text}”"
            for value, texts in self.added.items()
            for text in texts
            if value in names
        ]
        self.list.setText(self.tr("To compare: {wordings}").format(wordings=", ".join(told)))
        self.list.setVisible(bool(told))
        self.forget.setVisible(bool(told))

    # -- showing -------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        self.result = {}
        while item := self._tables.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)  # gone at once, also for whoever looks widgets up by name
                widget.deleteLater()
        self.note.hide()

    def show_result(self, result: dict[str, Any]) -> None:
        self.clear()
        self.result = result
        in_turn(self, lambda: self._add_tables(list(result.get("labels") or []), result))
        self.note.setText(
            self.tr("{images} validation images, patients: {patients}. {words}").format(
                images=result.get("images", 0), patients=result.get("patients", 0), words=result.get("words", "")
            )
        )
        self.note.show()

    def _add_tables(self, rows: list[dict[str, Any]], result: dict[str, Any]) -> None:
        """One now, the others in turns of their own: two at once take longer than a frame."""
        if not rows or result is not self.result:
            return
        row, *others = rows
        if len(self.wizard.project.labels) > 1:
            self._tables.addWidget(label(str(row["label"]), "heading"))
        table = self._table(row)
        shown = self.tables()
        before: QWidget = shown[-1].cellWidget(shown[-1].rowCount() - 1, _USE) if shown else self.forget
        self._tables.addWidget(table)
        table.show()
        # In the order in which they stand, or they would come after the whole page.
        QWidget.setTabOrder(before, table)
        for at in range(table.rowCount()):
            QWidget.setTabOrder(table if at == 0 else table.cellWidget(at - 1, _USE), table.cellWidget(at, _USE))
        self._tables.addWidget(label(str(row.get("words") or ""), wrap=True))
        self._mark_chosen()
        if others:
            in_turn(self, lambda: self._add_tables(others, result))

    def tables(self) -> list[QTableWidget]:
        found = (self._tables.itemAt(at).widget() for at in range(self._tables.count()))
        return [widget for widget in found if isinstance(widget, QTableWidget)]

    def _table(self, row: dict[str, Any]) -> QTableWidget:
        wordings = row.get("wordings") or []
        made = QTableWidget(len(wordings), _USE + 1)
        made.setObjectName(f"benchTable_{row['value']}")
        made.setAccessibleName(self.tr("Wordings of {label}").format(label=row["label"]))
        made.setHorizontalHeaderLabels(
            [self.tr("Wording"), self.tr("Dice"), self.tr("To the first"), self.tr("Verdict"), ""]
        )
        made.verticalHeader().hide()
        made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.setTabKeyNavigation(False)
        made.setShowGrid(False)
        verdicts = {
            "first": self.tr("the phrase so far"),
            "better": self.tr("better"),
            "worse": self.tr("worse"),
            "no real difference": self.tr("no real difference"),
            "too few cases": self.tr("too few patients"),
        }
        for at, wording in enumerate(wordings):
            cells = (
                str(wording["text"]),
                isolated(_with_span(wording, "dice", "{:.2f}")),
                isolated(_with_span(wording, "difference", "{:+.2f}")),
                verdicts.get(str(wording["verdict"]), str(wording["verdict"])),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                made.setItem(at, column, item)
            use = button(self.tr("Use"), f"benchUse_{row['value']}_{at}", role="flat")
            use.setAccessibleName(self.tr("Use “{text}”").format(text=wording["text"]))
            use.clicked.connect(
                lambda _checked=False, value=int(row["value"]), text=str(wording["text"]): self.use(value, text)
            )
            made.setCellWidget(at, _USE, use)
        header = made.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, _USE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        # The button says either of two things: wide and high enough for both.
        header.setSectionResizeMode(_USE, QHeaderView.ResizeMode.Fixed)
        widest = max(made.fontMetrics().horizontalAdvance(text) for text in (self.tr("Use"), self.tr("in use")))
        header.resizeSection(_USE, widest + 44)
        for at in range(len(wordings)):
            made.setRowHeight(at, made.cellWidget(at, _USE).sizeHint().height() + 4)
        made.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        heights = sum(made.rowHeight(at) for at in range(made.rowCount()))
        made.setFixedHeight(heights + header.sizeHint().height() + 2 * made.frameWidth() + 2)
        return made

    def use(self, value: int, text: str) -> None:
        """The label's phrase from now on, as if it was written into the label table: Undo takes it back."""
        self.wizard.project.change_label(value, self.tr("phrase"), phrase=text)

    def _mark_chosen(self) -> None:
        """The button of the wording that is in use says so."""
        phrases = {known.value: known.phrase for known in self.wizard.project.labels}
        for table, row in zip(self.tables(), self.result.get("labels") or [], strict=False):
            for at, wording in enumerate(row.get("wordings") or []):
                use = table.cellWidget(at, _USE)
                chosen = phrases.get(int(row["value"])) == wording["text"]
                if use is not None:
                    if chosen and use.hasFocus():
                        table.setFocus(Qt.FocusReason.OtherFocusReason)  # not the next wording
                    use.setEnabled(not chosen)
                    use.setText(self.tr("in use") if chosen else self.tr("Use"))  # type: ignore[attr-defined]


def _with_span(wording: dict[str, Any], name: str, form: str) -> str:
    """ "0.41  (0.30 to 0.52)"; an en dash for what is not known."""
    value, low, high = (wording.get(key) for key in (name, f"{name}_low", f"{name}_high"))
    if value is None:
        return "–"
    told, *ends = (form.format(number + 0.0).replace("-0.00", "0.00") for number in (value, low or 0, high or 0))
    return told if low is None else f"{told}  ({ends[0]} to {ends[1]})"
