"""Durations in words."""

from __future__ import annotations

import pytest

from engine.contract.durations import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4.21, "4 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (1500, "25 min"), (12_000, "3 h 20 min")],
)
def test_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_tenths_of_what_is_short() -> None:
    assert (duration(4.21, tenths=True), duration(42, tenths=True)) == ("4.2 s", "42 s")
