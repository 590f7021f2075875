"""The application: look, log, crash files, main window. Importing this makes no QApplication."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

import engine
from tunevlseg_gui.errors import crash
from tunevlseg_gui.frame.page_list import PAGES
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.settings import store
from tunevlseg_gui.theme.icons import app_icon
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.translation import load_translations

USAGE = """usage: tunevlseg-gui [--demo] [FILE…]

Opens a scan, a dataset folder, a bundle, a run or a recipe.

  --demo    begin with the demo: drawn (synthetic) images to tune on, and a volume to ask
"""

IDLE_MS = 500
"""After the start: the first page is drawn, and hardly anybody has clicked yet."""
AHEAD = (
    *(module for name, _, _, module, _ in PAGES if module and name != "experiments"),
    "pyqtgraph",
    "tunevlseg_gui.pages.experiments.searches",
)
"""What is imported while nothing else happens, in the order in which it is wanted: pages, then what curves need."""
IMPORTING = "import-ahead"
_ending = threading.Event()


SWITCH_S = 0.001
"""How soon the window gets Python's lock back from a thread that counts or reads something; Python's own is 5 ms, and
painting a slice asks for the lock several times."""


def make_application(arguments: list[str]) -> QApplication:
    """The one QApplication, with our style; themes follow the desktop unless the user chose one."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    sys.setswitchinterval(SWITCH_S)
    app = QApplication(arguments[:1])
    app.setApplicationName("TuneVLSeg Desktop")
    app.setApplicationVersion(engine.__version__)
    app.setDesktopFileName("tunevlseg")
    app.setStyle("Fusion")
    app.setWindowIcon(app_icon())
    return app


def run(arguments: list[str]) -> int:
    """Opens the window, with what was given on the command line; returns the exit code."""
    if {"-h", "--help"} & set(arguments[1:]):
        sys.stdout.write(USAGE)
        return 0
    crash.start_log()
    app = make_application(arguments)
    settings = store.load()
    load_translations(settings.language)
    look().use(settings.theme if settings.theme in ("light", "dark") else "system")
    app.styleHints().colorSchemeChanged.connect(look().follow_system)
    window = MainWindow(settings=settings)
    crash.install(window.show_bug)
    window.show()
    # After the first paint: the window is there before anything is read or started.
    QTimer.singleShot(0, lambda: begin(window, arguments))
    code = app.exec()
    window.shut_down()
    end_importing()
    return code


def begin(window: MainWindow, arguments: list[str]) -> None:
    """Opens what the command line names; with `--demo`, the demo's images."""
    given = [Path(argument) for argument in arguments[1:] if not argument.startswith("-")]
    window.begin(given)
    if "--demo" in arguments[1:]:
        window.try_demo()
    QTimer.singleShot(IDLE_MS, import_ahead)


def import_ahead() -> threading.Thread:
    """Pages and what curves are drawn with take half a second to import: on another thread, before they are asked for.

    Most of it is Python's own work, so that the window's thread has its turn every few milliseconds. Pages are made on
    the window's thread as ever, when they are first shown; who is faster than this waits as long as without it.
    """
    importing = threading.Thread(target=_import_all, name=IMPORTING, daemon=True)
    importing.start()
    return importing


def end_importing() -> None:
    """Waits for the module that is being imported, and begins no other: a thread within one while Python and Qt go
    down ends the process by a fault.
    """
    _ending.set()
    for thread in threading.enumerate():
        if thread.name == IMPORTING:
            thread.join()


def _import_all() -> None:
    for module in AHEAD:
        if _ending.is_set():
            return
        importlib.import_module(module)
