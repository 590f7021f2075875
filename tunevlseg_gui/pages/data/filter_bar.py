"""What narrows and orders the cases: search, split, label, problem, size of structure, order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from tunevlseg_gui.cases import SEVERITIES, CaseRow
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.pages.data.case_filter import LEFT_OUT, ORDERS, CaseFilter, Order
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.theme.spin_box import inset
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

_SPLITS = (
    (QT_TRANSLATE_NOOP("FilterBar", "All splits"), ""),
    (QT_TRANSLATE_NOOP("FilterBar", "Train"), "train"),
    (QT_TRANSLATE_NOOP("FilterBar", "Validation"), "val"),
    (QT_TRANSLATE_NOOP("FilterBar", "Test"), "test"),
    (QT_TRANSLATE_NOOP("FilterBar", "Left out"), LEFT_OUT),
)
_PROBLEMS = (
    (QT_TRANSLATE_NOOP("FilterBar", "All cases"), ""),
    (QT_TRANSLATE_NOOP("FilterBar", "With problems"), "any"),
    (QT_TRANSLATE_NOOP("FilterBar", "Without"), "none"),
)
_SEVERITIES = {
    "error": QT_TRANSLATE_NOOP("FilterBar", "Errors"),
    "warning": QT_TRANSLATE_NOOP("FilterBar", "Warnings"),
    "note": QT_TRANSLATE_NOOP("FilterBar", "Notes"),
}


class FilterBar(QWidget):
    """`changed` follows every change; `filter` and `order` say what is wanted."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._only: frozenset[str] = frozenset()
        self.search = QLineEdit()
        self.search.setObjectName("caseSearch")
        self.search.setAccessibleName(self.tr("Search cases by name"))
        self.search.setPlaceholderText(self.tr("Search by name (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.split = _combo("splitFilter", self.tr("Split"), self._said(_SPLITS))
        self.label = _combo("labelFilter", self.tr("Label"), ((self.tr("All labels"), 0),))
        self.problem = _combo("problemFilter", self.tr("Problems"), self._said(_PROBLEMS))
        self.least, self.most = (
            _share("leastSize", self.tr("Size of structure from")),
            _share("mostSize", self.tr("Size of structure to")),
        )
        self.most.setValue(100)
        self.sort = _combo(
            "caseOrder", self.tr("Order"), [(translate("CaseFilter", title), name) for name, title in ORDERS]
        )
        self.downwards = QToolButton()
        self.downwards.setObjectName("orderDown")
        self.downwards.setAccessibleName(self.tr("Descending order"))
        self.downwards.setToolTip(self.tr("The other way round"))
        self.downwards.setProperty("role", "flat")
        self.downwards.setCheckable(True)
        self.downwards.setIcon(icon("down", "muted"))
        self.downwards.setIconSize(QSize(16, 16))
        self.clear = button(
            self.tr("Clear"), "clearFilter", self.reset, role="flat", tip=self.tr("Shows all cases again")
        )

        self.count = label("", "muted", name="caseCount")
        lines = [QHBoxLayout() for _ in range(3)]
        for line in lines:
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(6)
        lines[0].addWidget(self.search, 1)
        lines[0].addWidget(self.sort)
        lines[0].addWidget(self.downwards)
        for widget in (self.split, self.label, self.problem):
            lines[1].addWidget(widget, 1)
        lines[2].addWidget(self.count, 1)
        for widget in (
            label(self.tr("Size"), "muted"),
            self.least,
            label(self.tr("to"), "muted"),
            self.most,
            self.clear,
        ):
            lines[2].addWidget(widget)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        for line in lines:
            rows.addLayout(line)

        self.search.textChanged.connect(self._changed)
        for combo in (self.split, self.label, self.problem, self.sort):
            combo.currentIndexChanged.connect(self._changed)
        for share in (self.least, self.most):
            share.valueChanged.connect(self._changed)
        self.downwards.toggled.connect(self._changed)
        self._changed()

    @property
    def filter(self) -> CaseFilter:
        return CaseFilter(
            self.search.text(),
            str(self.split.currentData() or ""),
            int(self.label.currentData() or 0),
            str(self.problem.currentData() or ""),
            self.least.value() / 100,
            self.most.value() / 100,
            self._only,
        )

    @property
    def order(self) -> tuple[Order, bool]:
        """And whether it is descending."""
        return self.sort.currentData(), self.downwards.isChecked()

    def show_only(self, cases: Iterable[str]) -> None:
        """These cases alone (ids), until the filter is cleared."""
        self._reset(frozenset(cases))

    def show_counts(self, shown: int, total: int, chosen: int) -> None:
        text = (
            self.tr("{total} cases").format(total=f"{total:,}")
            if shown == total
            else self.tr("Showing {shown} of {total}").format(shown=f"{shown:,}", total=f"{total:,}")
        )
        text += self.tr(", those of a problem") if self._only else ""
        self.count.setText(
            self.tr("{text}, {chosen} selected").format(text=text, chosen=f"{chosen:,}") if chosen else text
        )

    def reset(self) -> None:
        self._reset(frozenset())

    def _reset(self, only: frozenset[str]) -> None:
        self._only = only
        blockers = [QSignalBlocker(widget) for widget in (self.search, self.split, self.label, self.problem)]
        blockers += [QSignalBlocker(widget) for widget in (self.least, self.most)]
        self.search.clear()
        for combo in (self.split, self.label, self.problem):
            combo.setCurrentIndex(0)
        self.least.setValue(0)
        self.most.setValue(100)
        del blockers
        self._changed()

    def offer(self, labels: Sequence[Label], rows: Iterable[CaseRow]) -> None:
        """The labels and the kinds of problems that there are; what is chosen stays where it still exists."""
        kinds: dict[str, set[str]] = {}
        for row in rows:
            for severity, kind in row.problems:
                kinds.setdefault(severity, set()).add(kind)
        _refill(self.label, [(self.tr("All labels"), 0), *((known.name, known.value) for known in labels)])
        told: list[tuple[str, object]] = self._said(_PROBLEMS)
        for severity in SEVERITIES:
            if severity in kinds:
                told.append((self.tr(_SEVERITIES[severity]), severity))
                told += [(f"    {kind.replace('_', ' ')}", kind) for kind in sorted(kinds[severity])]
        _refill(self.problem, told)

    def _said(self, items: Sequence[tuple[str, object]]) -> list[tuple[str, object]]:
        return [(self.tr(text), value) for text, value in items]

    def _changed(self) -> None:
        self.clear.setEnabled(self.filter != CaseFilter())
        self.changed.emit()


def _combo(name: str, title: str, items: Sequence[tuple[str, object]]) -> QComboBox:
    made = QComboBox()
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setToolTip(title)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(6 if name != "caseOrder" else 14)
    for text, value in items:
        made.addItem(text, value)
    return made


def _refill(combo: QComboBox, items: Sequence[tuple[str, object]]) -> None:
    if [(combo.itemText(at), combo.itemData(at)) for at in range(combo.count())] == list(items):
        return
    chosen = combo.currentData()
    with QSignalBlocker(combo):
        combo.clear()
        for text, value in items:
            combo.addItem(text, value)
        combo.setCurrentIndex(max(0, combo.findData(chosen)))
    if combo.currentData() != chosen:
        combo.currentIndexChanged.emit(combo.currentIndex())


def _share(name: str, title: str) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    inset(made)
    made.setObjectName(name)
    made.setAccessibleName(translate("FilterBar", "{title}, per cent of the image").format(title=title))
    made.setToolTip(translate("FilterBar", "{title}: share of the image that the label covers").format(title=title))
    made.setRange(0, 100)
    made.setDecimals(1)
    made.setSuffix(" %")
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setFixedWidth(92)
    return made
