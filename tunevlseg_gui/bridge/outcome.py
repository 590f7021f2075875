"""How a worker ended, in words."""

from __future__ import annotations

import signal

_SIGNAL_WORDS = {
    "SIGKILL": "was killed, perhaps because memory ran out",
    "SIGTERM": "was ended from outside",
    "SIGSEGV": "crashed while reading memory (SIGSEGV)",
    "SIGABRT": "crashed (SIGABRT)",
    "SIGBUS": "crashed while reading memory (SIGBUS)",
    "SIGILL": "met an instruction that this processor lacks (SIGILL)",
    "SIGINT": "was interrupted",
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
            return f"crashed (code {number})"
        return _SIGNAL_WORDS.get(name, f"was ended by {name}")
    if code == 0:
        return "ended without saying why"
    if code == 130:
        return "was cancelled"
    return f"stopped with exit code {code}"
