"""The menus and their keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMessageBox

import engine
from engine.contract.notices import RESEARCH_ONLY
from engine.runs.folders import logs_folder
from tunevlseg_gui.frame.page_list import PAGES, underlined
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.translation import from_engine, translate


@dataclass(frozen=True)
class Commands:
    """What entries of the menus do, beyond the window itself."""

    open_folder: Callable[[], None]
    open_scan: Callable[[], None]
    import_pack: Callable[[], None]
    try_demo: Callable[[], None]
    show_page: Callable[[str], None]
    use_theme: Callable[[str], None]


def fill_menus(window: QMainWindow, commands: Commands, theme: str) -> None:
    """`theme` is the one in use: `system`, `light` or `dark`."""
    files = window.menuBar().addMenu(translate("Menus", "&File"))
    _entry(
        files,
        translate("Menus", "Open &folder…"),
        "actionOpenFolder",
        commands.open_folder,
        QKeySequence.StandardKey.Open,
    )
    _entry(files, translate("Menus", "Open &scan…"), "actionOpenScan", commands.open_scan, "Ctrl+Shift+O")
    _entry(files, translate("Menus", "&Import a prompt pack…"), "actionImportPack", commands.import_pack)
    _entry(files, translate("Menus", "Try the &demo"), "actionDemo", commands.try_demo)
    files.addSeparator()
    _entry(files, translate("Menus", "&Quit"), "actionQuit", window.close, QKeySequence.StandardKey.Quit)
    view = window.menuBar().addMenu(translate("Menus", "&View"))
    for number, (name, title, picture, _, _) in enumerate(PAGES):
        action = _entry(
            view, underlined(title), f"action_{name}", lambda name=name: commands.show_page(name), f"Ctrl+{number}"
        )
        action.setIcon(icon(picture, "muted"))
    view.addSeparator()
    themes = view.addMenu(translate("Menus", "T&heme"))
    group = QActionGroup(window)
    for choice, title in (
        ("system", translate("Menus", "As the &system")),
        ("light", translate("Menus", "&Light")),
        ("dark", translate("Menus", "&Dark")),
    ):
        action = _entry(themes, title, f"theme_{choice}", lambda choice=choice: commands.use_theme(choice))
        action.setCheckable(True)
        action.setChecked(theme == choice)
        group.addAction(action)
    more = window.menuBar().addMenu(translate("Menus", "&Help"))
    _entry(more, translate("Menus", "Open the &log folder"), "actionLogs", _open_logs)
    _entry(more, translate("Menus", "&About"), "actionAbout", lambda: show_about(window))


def _entry(menu: QMenu, text: str, name: str, done: Callable[[], Any], keys: Any = None) -> QAction:
    action = QAction(text, menu)
    action.setObjectName(name)
    action.triggered.connect(lambda _checked=False: done())
    if keys is not None:
        action.setShortcut(QKeySequence(keys))
    menu.addAction(action)
    return action


def show_about(window: QMainWindow) -> None:
    box = QMessageBox(window)
    box.setObjectName("aboutBox")
    box.setWindowTitle(translate("Menus", "About TuneVLSeg Desktop"))
    box.setText(translate("Menus", "TuneVLSeg Desktop {version}").format(version=engine.__version__))
    box.setInformativeText(
        translate(
            "Menus",
            "{notice}\n\nTunes vision-language segmentation models by prompts and asks them for structures by name. "
            "Everything stays on this computer: nothing is sent, and nothing is fetched before you press Download.\n\n"
            "Licence: Apache-2.0.",
        ).format(notice=from_engine(RESEARCH_ONLY))
    )
    box.setIconPixmap(window.windowIcon().pixmap(64, 64))
    box.open()


def _open_logs() -> None:
    folder: Path = logs_folder()
    folder.mkdir(parents=True, exist_ok=True)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
