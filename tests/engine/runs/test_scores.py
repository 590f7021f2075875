"""Scores are read as written; cases of one patient count as one; pairs are the same labels of the same cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.contract.errors import InputError
from engine.runs.scores import about_path, evaluation_folder, evaluations, paired, read_evaluation, summarise

HEAD = "case,label,dice,iou,slices,truth_pixels,answer_pixels,hd95,nsd,unit,dimensions,undefined\n"


def write(path: Path, rows: list[str], about: dict[str, object] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    if about is not None:
        about_path(path).write_text(json.dumps(about), encoding="utf-8")
    return path


def row(case: str, label: str, dice: float, hd95: str = "1.5") -> str:
    return f"{case},{label},{dice:.6f},{dice / (2 - dice):.6f},1,100,100,{hd95},{dice:.6f},px,2,0"


def test_a_row_holds_what_the_file_says(tmp_path: Path) -> None:
    found = read_evaluation(write(tmp_path / "scores.csv", [row("a", "liver", 0.5), row("b", "liver", 0.0, "")]))
    first, second = found.rows
    assert (first.case, first.label, first.dice, first.overlap, first.hd95, first.unit) == (
        "a",
        "liver",
        0.5,
        50,
        1.5,
        "px",
    )
    assert second.hd95 is None
    assert (found.split, found.data, found.name) == ("test", "", "test")


@pytest.mark.parametrize(
    "text",
    ["", "case,label\na,b\n", HEAD + "a,b,much,1,1,1,1,,,,,\n", HEAD + row("a", "b", float("nan")), HEAD + "a\n"],
)
def test_what_is_no_scores_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(text, encoding="utf-8")
    if not text:
        assert read_evaluation(path).rows == ()
        return
    with pytest.raises(InputError, match="no scores"):
        read_evaluation(path)


def test_a_run_keeps_several_evaluations(tmp_path: Path) -> None:
    write(tmp_path / "scores-val.csv", [row("v", "x", 0.4)])
    write(tmp_path / "scores.csv", [row("a", "x", 0.5)])
    other = {"split": "all", "own_data": False, "data": "/somewhere/else"}
    write(evaluation_folder(tmp_path, "/somewhere/else") / "scores-all.csv", [row("o", "x", 0.6)], other)
    (tmp_path / "scores-train.csv").write_text("damaged", encoding="utf-8")
    assert [found.name for found in evaluations(tmp_path)] == ["test", "val", "else: all"]
    assert evaluation_folder(tmp_path, "/a/x") != evaluation_folder(tmp_path, "/b/x")


def test_pairs_are_the_same_labels_of_the_same_cases(tmp_path: Path) -> None:
    one = read_evaluation(write(tmp_path / "1.csv", [row("a", "x", 0.5), row("b", "x", 0.6), row("b", "y", 0.7)]))
    two = read_evaluation(write(tmp_path / "2.csv", [row("b", "y", 0.1, ""), row("b", "x", 0.2), row("c", "x", 1.0)]))
    found = paired(one, two)
    assert (found.keys, found.first, found.second) == ((("b", "x"), ("b", "y")), (0.6, 0.7), (0.2, 0.1))
    assert paired(one, two, label="y").keys == (("b", "y"),)
    surface = paired(one, two, "hd95")
    assert (surface.keys, surface.left_out) == ((("b", "x"),), 1)


def test_cases_of_one_patient_count_as_one(tmp_path: Path) -> None:
    dice = [0.1, 0.5, 0.9, 0.3, 0.7, 0.8]
    rows = [row(f"{patient}-{image}", "x", value) for patient, value in enumerate(dice) for image in range(5)]
    patients = {f"{patient}-{image}": patient for patient in range(6) for image in range(5)}
    blind = read_evaluation(write(tmp_path / "1.csv", rows))
    knowing = read_evaluation(write(tmp_path / "2.csv", rows, {"patients": patients}))
    once = read_evaluation(write(tmp_path / "3.csv", rows[::5]))
    (by_case,), (by_patient,), (alone,) = blind.summary(), knowing.summary(), once.summary()
    assert [found["dice"] for found in (by_case, by_patient)] == pytest.approx([0.55, 0.55])
    assert by_patient["dice_high"] - by_patient["dice_low"] > 1.8 * (by_case["dice_high"] - by_case["dice_low"])
    limits = ("dice_low", "dice_high")
    # Equal but for draws whose mean is the mean itself, where rounding decides the side.
    assert [by_patient[name] for name in limits] == pytest.approx([alone[name] for name in limits], abs=0.03)
    assert paired(blind, knowing).clusters[:6] == ("patient 0",) * 5 + ("patient 1",)
    assert by_patient["cases"] == 30


def test_nothing_has_no_summary() -> None:
    assert summarise([]) == []
