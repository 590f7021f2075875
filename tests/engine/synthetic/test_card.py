"""The model card says what was measured: a missed target is called missed."""

from __future__ import annotations

from pathlib import Path

import yaml

from engine.models.card import read_card
from engine.synthetic.card import render_card
from engine.synthetic.card_subjects import RECOMMENDED

GROUP = {
    "questions": 10,
    "dice": 0.9,
    "dice_phrase_blind": 0.4,
    "others_marked": 0.05,
    "empty": 0.6,
    "empty_strict": 0.5,
}
NAMES = (
    "scenes", "held_out_pairs", "absent_thing", "conjunctions", "conjunctions_absent", "other_code_scenes",
    "other_code_scenes_absent", "other_code_conjunctions", "other_code_conjunctions_absent", "scenes_faint",
    "scenes_clear",
)  # fmt: skip
RUN = {"steps": 3000, "views": 96_000, "minutes": 82.0}


def test_a_missed_target_is_called_missed() -> None:
    figures = {name: dict(GROUP) for name in NAMES}
    assert "missed" not in render_card(figures, RUN)
    figures["conjunctions"]["dice"] = 0.61
    (line,) = [line for line in render_card(figures, RUN).splitlines() if "missed" in line]
    assert "0.61" in line
    assert "≥ 0.80" in line


def test_the_head_is_what_the_program_reads(tmp_path: Path) -> None:
    text = render_card({name: dict(GROUP) for name in NAMES}, RUN)
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    card = read_card(tmp_path)
    assert card.synthetic_only
    assert card.licence == "apache-2.0"
    assert card.recommended == RECOMMENDED
    assert yaml.safe_load(text.split("---\n")[1])["title"] == "Starter"


def test_the_table_of_strategies_shows_mean_and_spread() -> None:
    table = {
        "train": 80, "val": 20, "test": 60, "rows": {"vpt": "VPT", "coop": "CoOp"},
        "cells": {"polyps/vpt/1": {}, "polyps/vpt/2": {}, "chest-xray/coop/1": {}},
        "summary": {"polyps/vpt": {"mean": 0.8, "low": 0.7, "high": 0.9},
                    "chest-xray/coop": {"mean": 0.5, "low": 0.4, "high": 0.6}},
    }  # fmt: skip
    lines = render_card({name: dict(GROUP) for name in NAMES}, RUN, table).splitlines()
    assert "| | polyps | chest-xray |" in lines
    assert "| VPT | 0.80 (0.70–0.90) | – |" in lines
    assert "| CoOp | – | 0.50 (0.40–0.60) |" in lines
