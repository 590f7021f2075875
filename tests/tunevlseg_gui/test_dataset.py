"""What a dataset's report says in words."""

from __future__ import annotations

from tunevlseg_gui.dataset import Found

REPORT = {
    "layout_title": "nnU-Net raw",
    "cases": [{}, {}],
    "labels": [{"value": 1, "name": "liver", "phrase": "liver", "colour": "#E69F00", "cases": 2}],
    "splits_from": "splits_final.json",
    "seed": 12345,
    "statistics": {
        "sizes": [{"shape_zyx": [40, 512, 512], "cases": 1}, {"shape_zyx": [1, 480, 640], "cases": 1}],
        "different_sizes": 5,
        "spacing_zyx": {"lowest": [2.0, 0.7, 0.7], "highest": [5.0, 0.7, 0.7]},
        "intensity": {"lowest": [-1024.0, 900.0], "highest": [-1000.0, 3071.0]},
        "areas": [{"value": 1, "median": 0.0213}],
    },
}


def test_numbers_are_told_in_words() -> None:
    found = Found.of_report(REPORT)
    assert found.facts == [
        "Size: 512 × 512 × 40, 640 × 480 and 3 more",
        "Spacing: 0.7 × 0.7 × 2 to 5 mm",
        "Values: -1024 to 3071",
        "Split: given by splits_final.json",
    ]
    assert found.labels[0].found == "in 2 cases, 2.1 %"


def test_our_own_split_is_called_ours() -> None:
    assert Found.of_report({**REPORT, "splits_from": ""}).facts[-1] == "Split: ours, by seed 12345"


def test_a_report_without_numbers_is_shown_all_the_same() -> None:
    found = Found.of_report({"cases": [{}], "labels": [{"value": 1, "name": "x", "cases": 1}]})
    assert found.facts == []
    assert found.labels[0].found == "in 1 case"
