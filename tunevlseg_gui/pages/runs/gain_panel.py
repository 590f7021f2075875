"""Is it the prompts? The controls of a run, started by a click, and which part of its gain is due to what."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.contract.events import ENDINGS, Event
from engine.contract.jobs import SplitGain
from engine.runs.layout import GAIN
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.job_bar import JobBar
from tunevlseg_gui.pages.runs.score_rows import metric_tip
from tunevlseg_gui.widgets.plain_table import Cell, Head, PlainTable, number_cell, text_cell
from tunevlseg_gui.widgets.share_bars import ShareBar, ShareBars
from tunevlseg_gui.widgets.text import label


class GainPanel(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gainPanel")
        self._client = client
        self._folder = Path()
        self._waiting: dict[str, Path] = {}
        """Control run → the run that waits for it."""
        self.bar = JobBar(client, "splitGain", self.tr("Run the controls"), self._job)
        self.bar.notice.connect(self.notice)
        self.bar.finished.connect(self._asked)
        self.words = label("", "heading", wrap=True, name="gainWords")
        self.chart = ShareBars("gainShares", self.tr("Shares of the gain"), least=1.0)
        self.runs = PlainTable("gainRuns", self.tr("Dice of the three runs"), sorts=False)
        self.parts = PlainTable("gainParts", self.tr("Differences of Dice"), sorts=False)
        self.notes = label("", "muted", wrap=True, name="gainNotes")
        self.nothing = label(
            self.tr(
                "Part of what a run gains may come from what learns beside its prompts, or would come without any. Two "
                "control runs show it, with the same data, seed and budget: the untuned model, and one that learns an "
                "upsampler alone. Controls that were run before are used."
            ),
            "muted",
            wrap=True,
            name="gainNothing",
        )
        self.state = label("", wrap=True, name="gainState")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(10)
        for widget in (self.bar, self.nothing, self.state, self.words, self.chart, self.runs, self.parts, self.notes):
            rows.addWidget(widget)
        rows.addStretch(1)
        rows.setAlignment(Qt.AlignmentFlag.AlignTop)
        client.run_event.connect(self._run_said)
        self._show({})

    def _job(self, folder: Path) -> SplitGain:
        return SplitGain(str(folder), "queue")

    def show_run(self, folder: Path) -> None:
        self._folder = folder
        self.bar.show_run(folder)
        self._show({})
        run_task(self, partial(_read, folder), self._take)

    def _take(self, found: tuple[Path, dict[str, Any]]) -> None:
        if found[0] == self._folder and not self.bar.going:
            self._show(found[1])

    def _asked(self, folder: Path, result: dict[str, Any]) -> None:
        for control in result.get("waiting", ()):
            self._waiting[str(control)] = folder
            self._client.watch(Path(control))
        if folder == self._folder:
            self._show(result)

    def _run_said(self, control: str, event: Event) -> None:
        """A control ended: the gain is looked at again, once the last one has."""
        if control not in self._waiting or not isinstance(event, ENDINGS):
            return
        folder = self._waiting.pop(control)
        if folder == self._folder and folder not in self._waiting.values():
            self.bar.ask()

    def _show(self, found: dict[str, Any]) -> None:
        done = found.get("state") == "done"
        waits = any(folder == self._folder for folder in self._waiting.values())
        self.state.setVisible(waits)
        self.state.setText(
            self.tr("The controls wait in the queue of runs, or are running: their curves are on the Runs page.")
        )
        self.nothing.setVisible(not done and not waits)
        for widget in (self.words, self.chart, self.runs, self.parts, self.notes):
            widget.setVisible(done)
        self.bar.start.setText(self.tr("Look again") if done or waits else self.tr("Run the controls"))
        if not done:
            return
        self.words.setText(str(found["words"]))
        share = found.get("share")
        self.chart.setVisible(share is not None)
        if share is not None:
            up = float(share["upsampler"])
            self.chart.show_bars(
                [
                    ShareBar(self.tr("upsampler alone"), up, _share(up, share["low"], share["high"]), "muted"),
                    ShareBar(self.tr("the prompts"), 1 - up, _share(1 - up, 1 - share["high"], 1 - share["low"])),
                ]
            )
        titles = {
            "zero_shot": self.tr("zero-shot: the untuned model"),
            "upsampler_only": self.tr("upsampler only: no prompts"),
            "tuned": self.tr("this run"),
        }
        self._fill(
            self.runs,
            [
                Head(self.tr("Run"), self.tr("This run and its controls: the same data, seed and budget.")),
                Head(self.tr("Dice"), metric_tip("dice")),
                Head(self.tr("95 % interval"), self.tr("Of the mean over cases.")),
            ],
            [[text_cell(titles[name]), *_cells(row)] for name, row in found["dice"].items()],
        )
        names = {
            "by_upsampler": self.tr("upsampler only, over zero-shot"),
            "by_prompts": self.tr("this run, over upsampler only: the prompts"),
            "whole": self.tr("this run, over zero-shot: the whole gain"),
        }
        parts = found["differences"]
        self._fill(
            self.parts,
            [
                Head(self.tr("Difference"), self.tr("Of two runs on the same cases.")),
                Head(self.tr("Dice"), self.tr("The mean difference of the Dice, case by case.")),
                Head(self.tr("95 % interval"), self.tr("Paired bootstrap over cases.")),
                Head(self.tr("Verdict"), self.tr("Different: the interval excludes 0.")),
            ],
            [
                [text_cell(title), *_cells(parts[name]), text_cell(parts[name]["verdict"])]
                for name, title in names.items()
            ],
        )
        where = self.tr("Split {split}: {pairs} pairs of label and case, {cases} cases, paired.")
        told = where.format(split=found["split"], pairs=found["pairs"], cases=found["cases"])
        self.notes.setText(" ".join([told, *found["notes"]]))

    def _fill(self, table: PlainTable, heads: list[Head], rows: list[list[Cell]]) -> None:
        table.show_rows(heads, [(row, None) for row in rows])
        table.setFixedHeight(table.horizontalHeader().sizeHint().height() + 28 * len(rows) + 8)


def _share(value: float, low: float, high: float) -> str:
    return f"{value:.0%} ({low:.0%} … {high:.0%})"


def _cells(row: dict[str, Any]) -> list[Cell]:
    low, high = row["low"], row["high"]
    return [number_cell(row["mean"]), Cell("" if low is None else f"{low:.3f} … {high:.3f}", low)]


def _read(folder: Path) -> tuple[Path, dict[str, Any]]:
    """What the run keeps; empty where there is nothing or it is damaged."""
    try:
        found = json.loads((folder / GAIN).read_text(encoding="utf-8"))
        for name in ("words", "dice", "differences", "split", "pairs", "cases", "notes"):
            found[name]
    except (OSError, ValueError, KeyError, TypeError):
        return folder, {}
    return folder, found
