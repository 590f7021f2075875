"""What a dataset looks like in numbers: its grey values, and how large its structures are in each split."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.dataset import Found, Label
from tunevlseg_gui.project import Project
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.bar_plot import BarPlot, Bars
from tunevlseg_gui.widgets.text import label
from tunevlseg_gui.widgets.turns import in_turn

SPLITS = {
    "train": QT_TRANSLATE_NOOP("PlotsPanel", "Train"),
    "val": QT_TRANSLATE_NOOP("PlotsPanel", "Validation"),
    "test": QT_TRANSLATE_NOOP("PlotsPanel", "Test"),
}
_COLOURS = {"train": "train", "val": "val", "test": "best"}
_ALL = -1
MOST_AT_ONCE = 9
"""Labels beside each other in one plot; of more, one is shown at a time."""


class PlotsPanel(QWidget):
    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self.grey = BarPlot(self.tr("Grey values"), "greyPlot")
        self.grey_line = label("", "muted", wrap=True, name="greyLine")
        self.sizes = BarPlot(self.tr("Size of the structures"), "sizePlot", percent=True)
        self.sizes_line = label("", "muted", wrap=True, name="sizeLine")
        self.which = QComboBox()
        self.which.setObjectName("sizeLabel")
        self.which.setAccessibleName(self.tr("Label whose sizes are shown"))
        self.which.currentIndexChanged.connect(lambda _index: self._show_sizes())
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Label")))
        row.addWidget(self.which, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 12, 12, 12)
        rows.setSpacing(8)
        rows.addWidget(self.grey, 1)
        rows.addWidget(self.grey_line)
        rows.addLayout(row)
        rows.addWidget(self.sizes, 1)
        rows.addWidget(self.sizes_line)
        self._old = True
        project.labels_edited.connect(self.show_found)
        project.cases_moved.connect(lambda: in_turn(self, self.show_found))  # the sizes are told by split
        self.show_found()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._old:
            self._draw()

    def show_found(self) -> None:
        """Draws what is known of the project's dataset, once it is looked at."""
        self._old = True
        if self.isVisible():
            self._draw()

    def _draw(self) -> None:
        self._old = False
        found = self._project.found
        self._show_grey(found)
        chosen = self.which.currentData()
        self.which.blockSignals(True)
        self.which.clear()
        labels = self._project.labels
        if 1 < len(labels) <= MOST_AT_ONCE:
            self.which.addItem(self.tr("All, in their colours"), _ALL)
        for known in labels:
            self.which.addItem(known.name, known.value)
        self.which.setCurrentIndex(max(0, self.which.findData(chosen)))
        self.which.blockSignals(False)
        self._show_sizes()

    def _show_grey(self, found: Found | None) -> None:
        numbers: dict[str, Any] = (found.statistics.get("grey") if found else None) or {}
        unit = numbers.get("unit") or (
            self.tr("8-bit grey level") if found and found.kind == "pictures" else self.tr("scan units")
        )
        levels = found.grey_levels if found else {}
        limits = levels.get("limits") if levels.get("intensity") == "window" else None
        mark = (float(limits[0]), float(limits[1])) if limits else None
        bars = []
        if numbers:
            shares = [100 * share for share in numbers["shares"]]
            bars = [Bars(self.tr("All cases"), numbers["edges"], shares, "accent")]
        self.grey.show_bars(bars, self.tr("Value ({unit})").format(unit=unit), self.tr("Share of the values (%)"), mark)
        self.grey_line.setText(_grey_words(numbers, levels, mark))

    def _show_sizes(self) -> None:
        found = self._project.found
        edges = [math.log10(edge) for edge in found.statistics.get("size_edges") or []] if found else []
        areas = {row.get("value"): row for row in found.statistics.get("areas") or []} if found else {}
        chosen = self.which.currentData()
        labels = [known for known in self._project.labels if known.value in areas and "sizes" in areas[known.value]]
        if not edges or not labels:
            self.sizes.show_bars([], self.tr("Share of the image (log scale)"), self.tr("Cases"))
            self.sizes_line.setText("")
            return
        if chosen == _ALL:
            bars = [Bars(known.name, edges, _all_splits(areas[known.value]["sizes"]), known.colour) for known in labels]
            shown = labels
        else:
            shown = [known for known in labels if known.value == chosen] or labels[:1]
            value = shown[0].value
            edited = self._project.size_counts(value, found.statistics["size_edges"]) if found else None
            sizes = areas[value]["sizes"] if edited is None else edited
            bars = [
                Bars(translate("PlotsPanel", title), edges, sizes.get(split, []), _COLOURS[split])
                for split, title in SPLITS.items()
            ]
        self.sizes.show_bars(_cut(bars), self.tr("Share of the image (log scale)"), self.tr("Cases that show it"))
        self.sizes_line.setText(_size_words(shown, areas))


def _all_splits(sizes: dict[str, list[int]]) -> list[int]:
    return [sum(counts) for counts in zip(*sizes.values(), strict=False)]


def _cut(bars: list[Bars]) -> list[Bars]:
    """Without the bins at either end that are empty in every series; whole decades stay, so that ticks make sense."""
    held = [at for series in bars for at, height in enumerate(series.heights) if height]
    if not held:
        return bars
    first, last = min(held) // 4 * 4, -(-(max(held) + 1) // 4) * 4
    return [
        Bars(series.name, series.edges[first : last + 1], series.heights[first:last], series.colour) for series in bars
    ]


def _grey_words(numbers: dict[str, Any], levels: dict[str, Any], mark: tuple[float, float] | None) -> str:
    if not numbers:
        return translate("PlotsPanel", "Known once the files were opened.")
    beyond = float(numbers.get("beyond") or 0)
    rest = (
        translate("PlotsPanel", " {beyond} % of the values lie beyond what is shown.").format(
            beyond=f"{100 * beyond:.2g}"
        )
        if beyond >= 0.0005
        else ""
    )
    if mark is not None:
        window = levels.get("window") or {}
        width, centre = window.get("width", mark[1] - mark[0]), window.get("center", sum(mark) / 2)
        told = translate(
            "PlotsPanel", "Shaded: the window that the model sees, {mark} to {mark2} (width {width}, level {centre})."
        ).format(mark=f"{mark[0]:g}", mark2=f"{mark[1]:g}", width=f"{width:g}", centre=f"{centre:g}")
    elif levels.get("intensity") == "percentile":
        low, high = levels.get("lower", 0), levels.get("upper", 100)
        told = translate("PlotsPanel", "Each scan is shown between its own {low} and {high} percentiles.").format(
            low=f"{low:g}", high=f"{high:g}"
        )
    else:
        told = translate("PlotsPanel", "The model sees the values as they are.")
    return told + rest


def _size_words(labels: list[Label], areas: dict[Any, dict[str, Any]]) -> str:
    told = []
    for known in labels[:4]:
        row = areas[known.value]
        if row.get("median") is not None:
            low, middle, high = (100 * row[name] for name in ("lowest", "median", "highest"))
            told.append(
                translate("PlotsPanel", "{name}: median {middle} %, from {low} to {high} %, in {cases} cases").format(
                    name=known.name, middle=f"{middle:.2g}", low=f"{low:.2g}", high=f"{high:.2g}", cases=row["cases"]
                )
            )
    return "\n".join(told)
