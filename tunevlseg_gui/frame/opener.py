"""What a path is, and the page that opens it: chosen in a dialog, dropped, remembered or given on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.contract.errors import EngineError
from tunevlseg_gui.errors.present import of_error
from tunevlseg_gui.frame.page_stack import PageStack
from tunevlseg_gui.opening import SCAN_SUFFIXES, Kind, kind_of, meant_by

NOT_REMEMBERED = ("recipe", "labels", "pack", "weights")
"""Read once, into something else."""


class Opener(QObject):
    """`dialogs` is what file dialogs lie before."""

    told = Signal(object)
    """The notice of a path of no use; None before one is opened: what was said is over."""
    opened = Signal(object, str)
    """A path that may be opened again, and its kind."""

    def __init__(self, pages: PageStack, dialogs: QWidget) -> None:
        super().__init__(dialogs)
        self._pages = pages
        self._dialogs = dialogs

    def ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._dialogs, self.tr("Open a folder: a dataset, a run or a bundle"))
        if chosen:
            self.open_path(Path(chosen))

    def ask_for_scan(self) -> None:
        known = " ".join(f"*{suffix}" for suffix in SCAN_SUFFIXES)
        chosen, _ = QFileDialog.getOpenFileName(
            self._dialogs,
            self.tr("Open a scan"),
            "",
            self.tr("Pictures and volumes ({known});;All files (*)").format(known=known),
        )
        if chosen:
            self.open_path(Path(chosen))

    def ask_for_pack(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self._dialogs,
            self.tr("Import a prompt pack"),
            "",
            self.tr("Prompt packs ({known})").format(known="*.tvprompt"),
        )
        if chosen:
            self.open_path(Path(chosen))

    def open_path(self, path: Path) -> None:
        """A dataset, run, bundle, recipe or scan, wherever it came from; a path of no use is told in the banner."""
        path = path.expanduser().absolute()
        try:
            kind = kind_of(path)
        except EngineError as error:
            self.told.emit(of_error(error))
            return
        if kind == "dataset" and path.is_file():
            path = path.parent
        self._open_as(kind, path)
        if kind not in NOT_REMEMBERED:
            self.opened.emit(path, kind)

    def open_dropped(self, paths: list[Path]) -> None:
        """What was dropped together: one thing, or the files of one DICOM series."""
        try:
            path = meant_by(paths)
        except EngineError as error:
            self.told.emit(of_error(error))
        else:
            self.open_path(path)

    def _open_as(self, kind: Kind, path: Path) -> None:
        homes = {
            "dataset": "data",
            "labels": "data",
            "run": "runs",
            "pack": "runs",
            "recipe": "tune",
            "weights": "models",
        }
        if kind == "weights" and self._pages.currentWidget() is self._pages.made("tune"):
            homes["weights"] = "tune"  # where a model is being chosen
        home = homes.get(kind, "segment")
        page: Any = self._pages.page(home)
        self.told.emit(None)
        self._pages.show_page(home)
        if kind == "dataset":
            page.open_folder(path)
        elif kind == "labels":
            page.import_labels(path)
        elif kind == "run":
            page.open_run(path)
        elif kind == "pack":
            page.import_pack(path)
        elif kind == "weights":
            page.import_weights(path)
        elif kind == "recipe":
            page.open_recipe(path)
        elif kind == "bundle":
            page.open_bundle(path)
        else:
            page.open_scan(path)
