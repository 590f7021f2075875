"""Runs go to the trash, or for good where the system has none; always after a question."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFile
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.contract.errors import InputError
from engine.runs.layout import is_run
from engine.runs.lock import holder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.translation import translate


class Trash:
    """Asks about runs of a page, and moves them away. `told` gets an error, `done` is called when files have moved."""

    def __init__(self, parent: QWidget, told: Callable[[Exception], None], done: Callable[[], None]) -> None:
        self._parent = parent
        self._told = told
        self._done = done
        self.question: QMessageBox | None = None

    def ask(self, rows: Sequence[RunRow]) -> None:
        going = [row.name for row in rows if row.state == "running"]
        if going:
            self._told(
                InputError(
                    translate("Trash", "{going} is still running.").format(going=", ".join(going)),
                    hint=translate("Trash", "Stop it first."),
                )
            )
            return
        names = "\n".join(f"{row.name} ({row.folder.name})" for row in rows[:8]) + ("\n…" if len(rows) > 8 else "")
        one = translate("Trash", "Move this run to the trash?")
        text = one if len(rows) == 1 else translate("Trash", "Move {n} runs to the trash?").format(n=len(rows))
        self._ask(text, names, translate("Trash", "Move to trash"), partial(self._move, [row.folder for row in rows]))

    def _ask(self, text: str, more: str, yes: str, act: Callable[[], None]) -> None:
        box = QMessageBox(self._parent)
        box.setObjectName("trashQuestion")
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(text)
        box.setInformativeText(more)
        agree = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
        agree.setObjectName("trashYes")
        keep = box.addButton(translate("Trash", "Keep"), QMessageBox.ButtonRole.RejectRole)
        keep.setObjectName("trashNo")
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        agree.clicked.connect(lambda _checked=False: act())
        self.question = box
        box.open()

    def _move(self, folders: list[Path]) -> None:
        run_task(self._parent, partial(_to_trash, folders), self._moved, self._told)

    def _moved(self, stayed: list[Path]) -> None:
        self._done()
        if stayed:
            names = "\n".join(folder.name for folder in stayed[:8])
            text = translate("Trash", "This system has no trash for them. Delete for good?")
            act = partial(run_task, self._parent, partial(_delete, stayed), lambda _none: self._done(), self._told)
            self._ask(text, names, translate("Trash", "Delete for good"), act)


def _to_trash(folders: list[Path]) -> list[Path]:
    """Those that could not be moved."""
    stayed = []
    for folder in folders:
        _check(folder)
        moved = QFile.moveToTrash(str(folder))
        if not (moved[0] if isinstance(moved, tuple) else moved):
            stayed.append(folder)
    return stayed


def _delete(folders: list[Path]) -> None:
    for folder in folders:
        _check(folder)
        shutil.rmtree(folder)


def _check(folder: Path) -> None:
    """The question may have stood there for long."""
    known = holder(folder)
    if not is_run(folder) or (known is not None and known.alive):
        raise InputError(
            translate("Trash", "{name} is in use, or no run any more.").format(name=folder.name),
            hint=translate("Trash", "Refresh the table of runs."),
        )
