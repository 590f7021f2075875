"""Nothing that names a person or a place leaves: cases become numbers, paths their last part."""

from __future__ import annotations

import pytest

from engine.report.identity import CaseNames, without_paths


def test_cases_are_numbered_unless_their_names_are_asked_for() -> None:
    cases = ["doe_john", "roe_jane", "doe_john"]
    numbered = CaseNames(cases)
    assert [numbered[case] for case in cases] == ["case 1", "case 2", "case 1"]
    assert CaseNames(cases, shown=True)["doe_john"] == "doe_john"


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("/data/doe_john/scans/ct", "…/ct"),
        ("C:\\Users\\doe_john\\ct", "…/ct"),
        ("\\\\server\\doe_john\\ct", "…/ct"),
        ("../doe_john/ct", "…/ct"),
        ("starter", "starter"),
        ("a photo of a liver/spleen", "a photo of a liver/spleen"),
        ("drawn anew in every epoch", "drawn anew in every epoch"),
        (0.5, 0.5),
        (None, None),
    ],
)
def test_paths_are_cut(value: object, left: object) -> None:
    assert without_paths({"data": {"folder": [value]}}) == {"data": {"folder": [left]}}
