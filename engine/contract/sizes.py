"""How much memory or disk something takes, in words: the same ones from the engine and in the window."""

from __future__ import annotations


def size(held: float) -> str:
    """Bytes as `1.2 GB`, `340 MB`."""
    return f"{held / 1e9:.1f} GB" if held >= 1e9 else f"{max(1, round(held / 1e6))} MB"
