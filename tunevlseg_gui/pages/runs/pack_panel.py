"""The prompt pack of a run: what is in it, a tile to drag it from, and a button that saves it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from engine.contract.jobs import Pack
from engine.runs.layout import BEST
from engine.runs.reader import read_labels
from engine.runs.writer import best_epoch
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_error
from tunevlseg_gui.pages.runs.job_bar import JobBar
from tunevlseg_gui.pages.runs.pack_drag import SUFFIX, PackDrag, pack_name
from tunevlseg_gui.theme.icons import picture
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.saved_name import saved_name
from tunevlseg_gui.widgets.text import PathLabel, card, label


class PackPanel(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("packPanel")
        self._folder = Path()
        self._packable = False
        self._out = Path()
        self.bar = JobBar(client, "pack", self.tr("Save the pack"), self._job, picture="export")
        self.bar.notice.connect(self.notice)
        self.bar.finished.connect(self._saved)
        self.place = PathLabel()
        self.place.setObjectName("packPlace")
        self.choose = button(self.tr("Another place…"), "packPlaceChoose", self._choose, role="flat", picture="folder")
        self.show_it = button(self.tr("Show folder"), "packShow", self._show_folder, role="flat", picture="folder")
        self.facts = label("", wrap=True, name="packFacts")
        self.tile = card("packTile", "drop")
        self.tile.setAccessibleName(self.tr("The prompt pack: drag it to a folder or another window"))
        self.tile.setCursor(Qt.CursorShape.OpenHandCursor)
        self.sign = QLabel()
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.tile_words = label("", wrap=True, name="packTileWords")
        self.tile_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.sign, self.tile_words):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = QVBoxLayout(self.tile)
        inside.setContentsMargins(24, 20, 24, 20)
        inside.addWidget(self.sign)
        inside.addWidget(self.tile_words)
        self.drag = PackDrag(client, self.tile, self._run_at)
        self.drag.notice.connect(self.notice)
        self.nothing = label(self.tr("This run has no best epoch yet, or learned nothing: there is nothing to pack."))
        line = QHBoxLayout()
        self.file = label(self.tr("File"), "muted")
        line.addWidget(self.file)
        line.addWidget(self.place, 1)
        line.addWidget(self.choose)
        line.addWidget(self.show_it)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(10)
        for one in (self.nothing, self.facts):
            rows.addWidget(one)
        rows.addLayout(line)
        rows.addWidget(self.bar)
        rows.addWidget(self.tile)
        rows.addStretch(1)
        look().changed.connect(self._draw_sign)
        self._draw_sign()

    def _draw_sign(self) -> None:
        self.sign.setPixmap(picture("export", 40, "accent_text", self.devicePixelRatioF()))

    def show_run(self, folder: Path) -> None:
        self._folder = folder
        self.bar.show_run(folder)
        self._out = folder / f"{pack_name(folder.name)}{SUFFIX}"
        self._show_place()
        self._show_packable(False)
        self.nothing.hide()  # not known yet
        run_task(self, partial(_facts, folder), self._take)

    def _job(self, folder: Path) -> Pack:
        return Pack(str(folder), str(self._out), overwrite=True)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Save the prompt pack"),
            str(self._out),
            self.tr("Prompt packs (*{suffix})").format(suffix=SUFFIX),
        )
        if chosen:
            try:
                self._out = saved_name(chosen, SUFFIX)
            except EngineError as error:
                self.notice.emit(of_error(error))
            self._show_place()

    def _show_place(self) -> None:
        self.place.set_path(str(self._out))
        self.show_it.setVisible(self._out.is_file())

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._out.parent)))

    def _take(self, found: tuple[Path, bool, str, list[str]]) -> None:
        folder, packable, name, labels = found
        if folder != self._folder:
            return
        self._show_packable(packable)
        facts = self.tr(
            "What was learned, the recipe and a card in one small file, for {labels}. It works on the same base "
            "weights only, and is refused on others. It says nothing of where anything lay, and nothing of cases."
        )
        self.facts.setText(facts.format(labels=", ".join(labels) or self.tr("its labels")))
        words = self.tr("{name}\nDrag it to a folder, or onto another window of this program")
        self.tile_words.setText(words.format(name=f"{pack_name(name)}{SUFFIX}"))

    def _show_packable(self, packable: bool) -> None:
        self._packable = packable
        for widget in (self.facts, self.bar, self.tile, self.file, self.place, self.choose):
            widget.setVisible(packable)
        self.nothing.setVisible(not packable)

    def _run_at(self, place: QPoint) -> tuple[Path, str] | None:
        del place
        return (self._folder, self.tile_words.text().partition(SUFFIX)[0]) if self._packable else None

    def _saved(self, folder: Path, result: dict[str, Any]) -> None:
        size = float(result["kilobytes"])
        told = self.tr("Saved as {path}, {size:.1f} kB.").format(path=result["pack"], size=size)
        self.notice.emit(Notice(told, str(result["presence"]), "good"))
        if folder == self._folder:
            self._show_place()


def _facts(folder: Path) -> tuple[Path, bool, str, list[str]]:
    """Whether the run can be packed, its name and its labels."""
    from engine.runs.reader import Run

    best = folder / BEST
    learned = best.is_file() and best.stat().st_size > 200  # a header alone: nothing was learned
    labels = [str(found.get("name")) for found in read_labels(folder).get("labels", ())]
    return folder, learned and best_epoch(folder) is not None, Run.open(folder).name, labels
