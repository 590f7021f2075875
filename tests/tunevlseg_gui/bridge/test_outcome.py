"""How a worker ended, in words."""

from __future__ import annotations

import signal

import pytest

from tunevlseg_gui.bridge.outcome import outcome_in_words


@pytest.mark.parametrize(
    ("code", "crashed", "words"),
    [
        (-signal.SIGKILL, False, "was killed, perhaps because memory ran out"),
        (int(signal.SIGSEGV), True, "crashed while reading memory (SIGSEGV)"),
        (0, False, "ended without saying why"),
        (2, False, "stopped with exit code 2"),
        (130, False, "was cancelled"),
    ],
)
def test_words(code: int, crashed: bool, words: str) -> None:
    assert outcome_in_words(code, crashed=crashed) == words
