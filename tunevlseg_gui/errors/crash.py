"""Bugs of the window leave a crash file; the window lives on where it can, and says so."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO

from engine.contract.errors import EngineError
from engine.contract.whole_file import write_text
from engine.runs.folders import logs_folder

_native: IO[str] | None = None


def install(show: Callable[[Path | None, str], None]) -> None:
    """Unhandled exceptions go to a crash file and then to `show(path, one line)`; native crashes leave their stack."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        sys.__excepthook__(kind, error, trace)
        show(write_crash(error), f"{kind.__name__}: {error}")

    sys.excepthook = hook


def write_crash(error: BaseException) -> Path | None:
    """The crash file, or None where it could not be written."""
    path = logs_folder() / f"crash-window-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    try:
        return write_text(path, "".join(traceback.format_exception(error)))
    except EngineError:
        return None


def start_log() -> None:
    """The window's log: three files of 1 MB at most; what the worker prints is in it too."""
    global _native
    try:
        logs_folder().mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            logs_folder() / "window.txt", maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
        )
        _native = (logs_folder() / "window-native-crash.txt").open("a", encoding="utf-8")
        faulthandler.enable(_native)
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("tunevlseg_gui")
    root.setLevel(logging.INFO)
    root.addHandler(handler)
