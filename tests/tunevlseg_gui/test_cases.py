"""Rows of cases: what is read of a report, who moves with whom, how many lie where."""

from __future__ import annotations

import numpy as np

from engine.data.statistics import SIZE_EDGES
from tunevlseg_gui.cases import companions, mark_problems, merged, natural, row_of, size_counts, sizes

SEEN = {
    "case_id": "a9",
    "patient": "p",
    "unit": "p",
    "split": "train",
    "shape_zyx": [10, 20, 30],
    "voxels": {"1": 600, "2": 0},
    "chosen": 4,
    "stack": 10,
}


def test_a_row_knows_shares_and_size() -> None:
    row = row_of(SEEN)
    assert row.seen
    assert row.areas == {1: 0.1}
    assert row.size == "30 × 20 × 10"
    assert not row_of({"case_id": "b"}).seen


def test_numbers_in_names_sort_by_value() -> None:
    names = ["case10", "Case9", "case9b", "b2", "²"]
    assert sorted(names, key=natural) == ["b2", "Case9", "case9b", "case10", "²"]


def test_what_was_seen_takes_the_place_of_what_was_listed() -> None:
    listed = [row_of({"case_id": name}) for name in ("a8", "a9", "damaged")]
    rows = merged(listed, [row_of(SEEN), row_of({**SEEN, "case_id": "new"})])
    assert [(row.case_id, row.seen) for row in rows] == [("a8", False), ("a9", True), ("damaged", False), ("new", True)]


def test_the_worst_of_what_is_told_comes_first() -> None:
    rows = [row_of(SEEN), row_of({"case_id": "b"})]
    told = [{"severity": severity, "kind": severity[0], "cases": ["a9"]} for severity in ("note", "error", "warning")]
    mark_problems(rows, [*told, {"severity": "note", "kind": "of the folder"}])
    assert rows[0].problems == (("error", "e"), ("warning", "w"), ("note", "n"))
    assert rows[1].worst == ""


def test_a_patient_and_copies_go_together() -> None:
    rows = [row_of({**SEEN, "case_id": name, "unit": unit}) for name, unit in (("a", "p"), ("b", "p"), ("c", "q"))]
    assert companions(rows, ["a"]) == ["b"]
    assert companions(rows, ["a", "b"]) == []


def test_a_test_takes_all_slices_and_the_others_those_chosen() -> None:
    rows = [row_of(SEEN), row_of({**SEEN, "case_id": "b"}), row_of({"case_id": "damaged", "split": "train"})]
    found = sizes(zip(rows, ("train", "test", "train"), strict=True))
    assert found["train"] == {"cases": 1, "patients": 1, "slices": 4}
    assert found["test"] == {"cases": 1, "patients": 1, "slices": 10}


def test_sizes_are_counted_as_the_engine_counts_them() -> None:
    shares = [0.0, 1e-7, 0.00001, 0.05, 0.1, 1.0]
    rows = [
        row_of({"case_id": str(at), "shape_zyx": [1, 1], "voxels": {"1": share}}) for at, share in enumerate(shares)
    ]
    counts = size_counts(zip(rows, ["train"] * 6, strict=True), 1, SIZE_EDGES)
    kept = np.maximum([share for share in shares if share > 0], SIZE_EDGES[0])
    assert counts["train"] == np.histogram(kept, bins=SIZE_EDGES)[0].tolist()
    assert sum(counts["val"]) == 0
