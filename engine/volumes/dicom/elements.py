"""Elements of a DICOM header, read with care: absent, empty and damaged ones are told apart; no value is quoted."""

from __future__ import annotations

import math
from typing import Any


class Malformed(Exception):
    """An element whose value cannot be understood; the message names it, never its value."""


def item_of(dataset: Any, keyword: str) -> Any:
    value = dataset.get(keyword)
    return value[0] if value else None


def text_of(dataset: Any, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except Exception:  # noqa: BLE001 - an element that cannot be decoded says nothing
        return ""
    if value is None:
        return ""
    several = not isinstance(value, str | bytes) and hasattr(value, "__iter__")
    text = "\\".join(str(part) for part in value) if several else str(value)
    return text.strip(" \0")


def numbers_of(dataset: Any, keyword: str, count: int | None) -> tuple[float, ...] | None:
    """All values of an element; None where it is missing or empty. Raises Malformed for others than `count` numbers."""
    try:
        value = dataset.get(keyword)
        if value is None or value == "":
            return None
        several = not isinstance(value, str | bytes) and hasattr(value, "__iter__")
        values = tuple(float(part) for part in value) if several else (float(value),)
    except Exception:  # noqa: BLE001 - pydicom raises many kinds for many faults
        raise Malformed(_said(keyword)) from None
    if not values:
        return None
    if not all(math.isfinite(number) for number in values) or (count is not None and len(values) != count):
        raise Malformed(_said(keyword))
    return values


def number_of(dataset: Any, keyword: str) -> float | None:
    values = numbers_of(dataset, keyword, None)
    return None if values is None else values[0]


def whole_of(dataset: Any, keyword: str) -> int | None:
    value = number_of(dataset, keyword)
    if value is None:
        return None
    if value != int(value) or value < 0:
        raise Malformed(_said(keyword))
    return int(value)


def whole_or(dataset: Any, keyword: str, otherwise: int) -> int:
    try:
        value = number_of(dataset, keyword)
    except Malformed:
        return otherwise
    return otherwise if value is None else int(value)


def _said(keyword: str) -> str:
    """ "the rescale slope" for RescaleSlope."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in keyword)
    return f"the element{words}" if not words.strip() else "the" + words
