"""What is said of an image: prompts by number, at random, from the mask; the same draw for the same epoch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.data.dataset import SliceDataset
from engine.data.findings import DatasetReport
from engine.volumes.preprocess import Preprocess
from tests.fakes import drawn_layouts as draw

Inspected = Callable[..., DatasetReport]


def _built(report: DatasetReport, split: str = "train") -> SliceDataset:
    return SliceDataset.build(report, split, Preprocess(size=32), lambda event: None, CancelToken())


def _texts(dataset: SliceDataset, epoch: int = 1, *, draw: bool = True) -> list[list[str]]:
    assert dataset.said is not None
    numbers = dataset.said.drawn(np.arange(len(dataset)), 7, epoch, draw=draw)
    return [[dataset.said.texts[at] for at in row] for row in numbers]


def test_a_label_s_phrase_needs_no_texts(tmp_path: Path, inspected: Inspected) -> None:
    draw.folder_pairs(tmp_path)
    assert _built(inspected(tmp_path)).said is None


def test_several_texts_are_drawn_while_tuning_only(tmp_path: Path, inspected: Inspected) -> None:
    draw.task_files(tmp_path)
    dataset = _built(inspected(tmp_path))
    cavity = ["Cavity of the heart.", "Cavity in the ultrasound."]
    drawn = [_texts(dataset, epoch) for epoch in range(30)]
    assert {rows[0][0] for rows in drawn} == set(cavity)
    assert drawn[3] == _texts(dataset, 3)
    assert _texts(dataset, 5, draw=False)[0][0] == cavity[0]
    # Of a label without a task only the phrase is known, and it does not count.
    assert dataset.present.tolist()[1] == [True, False]
    assert drawn[0][1][1] == "Wall of the heart."


def test_alternatives_are_drawn_while_tuning_and_scores_use_the_phrase(tmp_path: Path, inspected: Inspected) -> None:
    draw.folder_pairs(tmp_path)
    label = {"value": 1, "name": "polyp", "phrase": "polyp", "alternatives": ["growth", " polyp", "flat  lesion", ""]}
    dataset = _built(inspected(tmp_path, labels=[label]))
    said = {"polyp", "growth", "flat lesion"}
    assert {_texts(dataset, epoch)[0][0] for epoch in range(30)} == said
    assert _texts(dataset, 5, draw=False)[0][0] == "polyp"
    random = _built(inspected(tmp_path, labels=[label], prompt="random"))
    assert {_texts(random, epoch)[0][0] for epoch in range(30)} == said
    counted = _built(inspected(tmp_path, labels=[label], prompt="count"))
    assert {_texts(counted, epoch)[0][0] for epoch in range(30)} == {f"one {text}" for text in said}


def test_alternatives_that_the_user_wrote_stand_above_the_datasets_prompts(
    tmp_path: Path, inspected: Inspected
) -> None:
    draw.task_files(tmp_path)
    (first, *rest) = inspected(tmp_path).labels
    edited = first.model_dump() | {"alternatives": ["the hollow"]}
    dataset = _built(inspected(tmp_path, labels=[edited, *(label.model_dump() for label in rest)]))
    assert {_texts(dataset, epoch)[0][0] for epoch in range(30)} == {first.phrase, "the hollow"}


@pytest.mark.parametrize(
    ("settings", "first", "others"),
    [
        ({"prompt": "p0"}, "", {""}),
        ({"prompt": "p2"}, "One cavity at the a.", {"One cavity at the d."}),
        ({"prompt": "p10"}, "long", {"long"}),
        ({"override_prompt": "anything"}, "anything", {"anything"}),
        ({"prompt": "count"}, "one cavity of the heart", {"one cavity of the heart"}),
    ],
)
def test_prompts_by_number_and_from_masks(
    settings: dict[str, str], first: str, others: set[str], tmp_path: Path, inspected: Inspected
) -> None:
    draw.task_files(tmp_path)
    found = _texts(_built(inspected(tmp_path, **settings)))
    assert found[0][0] == first
    assert {row[0] for row in found[1:]} == others


def test_random_prompts_are_any_but_the_empty_one(tmp_path: Path, inspected: Inspected) -> None:
    draw.task_files(tmp_path)
    dataset = _built(inspected(tmp_path, prompt="random"))
    seen = {_texts(dataset, epoch)[0][0] for epoch in range(80)}
    assert seen == {"Cavity of the heart.", "Cavity in the ultrasound.", "One cavity at the a.", "long"}
    assert _texts(dataset, 1, draw=False)[0][0] == "Cavity of the heart."


def test_a_phrase_that_the_user_wrote_stands_above(tmp_path: Path, inspected: Inspected) -> None:
    draw.task_files(tmp_path)
    labels = [{"value": 1, "name": "lumen", "phrase": "the lumen"}, {"value": 2, "name": "wall", "phrase": "the wall"}]
    assert _built(inspected(tmp_path, labels=labels)).said is None


def test_a_missing_prompt_is_told(tmp_path: Path, inspected: Inspected) -> None:
    draw.task_files(tmp_path)
    report = inspected(tmp_path, prompt="p7")
    (told,) = [problem for problem in report.problems if problem.kind == "prompt_missing"]
    assert "5 of 5 tasks lack the prompt p7" in told.message
    assert report.to_dict()["prompts"] == ["p0", "p1", "p2", "p10"]
    draw.kvasir_seg(tmp_path / "other")
    others = inspected(tmp_path / "other", prompt="p6")
    assert any("brings no prompts" in problem.message for problem in others.problems)
    assert not any(problem.kind == "prompt_missing" for problem in inspected(tmp_path).problems)


def test_negatives_are_said_to_be_empty(tmp_path: Path, inspected: Inspected, make: Any) -> None:
    make.pairs(tmp_path, 6)
    make.save(tmp_path / "masks/c2.png", np.zeros((48, 64), np.uint8))
    report = inspected(tmp_path, prompt="location", labels=[{"value": 255, "name": "polyp"}])
    found = {
        ref.finding.case.case_id: row[0]
        for split in ("train", "val", "test")
        for dataset in [_built(report, split)]
        for ref, row in zip(dataset.refs, _texts(dataset), strict=True)
    }
    assert found.pop("c2") == "no polyp"
    assert all(text.startswith("one medium polyp, located in ") for text in found.values())
