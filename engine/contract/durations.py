"""How long something takes, in words: the same ones from the engine and in the window."""

from __future__ import annotations


def duration(seconds: float, *, tenths: bool = False) -> str:
    """`3 h 20 min`, `12 min`, `3 min 20 s`, `42 s`; with `tenths`, what is shorter than ten seconds as `4.2 s`."""
    if tenths and seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
