"""Filters and orders of cases."""

from __future__ import annotations

from typing import Any

import pytest

from tunevlseg_gui.cases import CaseRow, row_of
from tunevlseg_gui.pages.data.case_filter import LEFT_OUT, CaseFilter, Order, ordered


def _row(name: str, split: str, voxels: dict[int, int], problems: tuple[tuple[str, str], ...] = ()) -> CaseRow:
    row = row_of({"case_id": name, "patient": f"{name}-p", "split": split, "shape_zyx": [1, 10, 10], "voxels": voxels})
    row.problems = problems
    return row


ROWS = [
    _row("case10", "val", {1: 50}, (("note", "scan_note"),)),
    _row("case9", "train", {1: 5, 2: 5}, (("warning", "duplicate_image"),)),
    _row("Other", "test", {}),
    row_of({"case_id": "damaged"}),
]
ROWS[3].problems = (("error", "unreadable"),)


def _split(row: CaseRow) -> str:
    return row.split


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["case10", "case9", "Other", "damaged"]),
        ({"text": "CASE"}, ["case10", "case9"]),
        ({"text": "other -p"}, ["Other"]),
        ({"split": "train"}, ["case9"]),
        ({"split": LEFT_OUT}, ["damaged"]),
        ({"label": 2}, ["case9"]),
        ({"problem": "any"}, ["case10", "case9", "damaged"]),
        ({"problem": "none"}, ["Other"]),
        ({"problem": "error"}, ["damaged"]),
        ({"problem": "duplicate_image"}, ["case9"]),
        ({"least": 0.08}, ["case10", "case9"]),
        ({"label": 1, "most": 0.1}, ["case9"]),
        ({"most": 0.0}, ["Other"]),
    ],
)
def test_conditions(wanted: dict[str, Any], names: list[str]) -> None:
    assert [row.case_id for row in CaseFilter(**wanted).rows(ROWS, _split)] == names


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("found", ["case10", "case9", "Other", "damaged"]),
        ("name", ["case9", "case10", "damaged", "Other"]),
        ("split", ["case9", "case10", "Other", "damaged"]),
        ("size", ["Other", "damaged", "case9", "case10"]),
        ("labels", ["Other", "damaged", "case10", "case9"]),
        ("problem", ["damaged", "case9", "case10", "Other"]),
    ],
)
def test_orders(order: Order, names: list[str]) -> None:
    assert [row.case_id for row in ordered(ROWS, order, _split)] == names
    downwards = [row.case_id for row in ordered(ROWS, order, _split, descending=True)]
    assert sorted(downwards) == sorted(names)
    assert downwards[0] == {"size": "case10", "labels": "case9", "problem": "Other"}.get(order, names[-1])
