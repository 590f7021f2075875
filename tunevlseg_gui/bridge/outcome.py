"""How a worker ended, in words."""

from __future__ import annotations

import signal

from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.translation import translate

_SIGNAL_WORDS = {
    "SIGKILL": QT_TRANSLATE_NOOP("Outcome", "was killed, perhaps because memory ran out"),
    "SIGTERM": QT_TRANSLATE_NOOP("Outcome", "was ended from outside"),
    "SIGSEGV": QT_TRANSLATE_NOOP("Outcome", "crashed while reading memory (SIGSEGV)"),
    "SIGABRT": QT_TRANSLATE_NOOP("Outcome", "crashed (SIGABRT)"),
    "SIGBUS": QT_TRANSLATE_NOOP("Outcome", "crashed while reading memory (SIGBUS)"),
    "SIGILL": QT_TRANSLATE_NOOP("Outcome", "met an instruction that this processor lacks (SIGILL)"),
    "SIGINT": QT_TRANSLATE_NOOP("Outcome", "was interrupted"),
}


def outcome_in_words(code: int, *, crashed: bool = False) -> str:
    """`code` is an exit code, or minus the signal's number, as `subprocess` gives it.

    With `crashed` (from QProcess) a positive code is the signal's number.
    """
    number = code if crashed and code > 0 else -code if code < 0 else 0
    if number:
        try:
            name = signal.Signals(number).name
        except ValueError:
            return translate("Outcome", "crashed (code {number})").format(number=number)
        if name in _SIGNAL_WORDS:
            return translate("Outcome", _SIGNAL_WORDS[name])
        return translate("Outcome", "was ended by {name}").format(name=name)
    if code == 0:
        return translate("Outcome", "ended without saying why")
    if code == 130:
        return translate("Outcome", "was cancelled")
    return translate("Outcome", "stopped with exit code {code}").format(code=code)
