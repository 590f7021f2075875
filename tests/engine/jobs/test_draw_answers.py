"""Answers of a run are drawn over its cases: numbered files, a reason where there is nothing to draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import yaml
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError
from engine.contract.events import AnswerDrawn, Event
from engine.contract.jobs import DrawAnswers, Tune
from engine.jobs import draw_answers, tune
from engine.runs.layout import SCORES
from engine.runs.scores import read_evaluation
from engine.synthetic.sample_data import write_dataset


def quiet(event: Event) -> None:
    del event


@pytest.fixture(scope="module")
def run(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("drawn")
    write_dataset("polyps", place / "polyps", count=10)
    values = {
        "version": 1,
        "data": {"folder": str(place / "polyps"), "split": {"train": 0.4, "val": 0.2, "test": 0.4}},
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 1},
        "training": {"epochs": 1, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False},
    }
    recipe = place / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(values), encoding="utf-8")
    tune.run(Tune(str(recipe), str(place / "run")), quiet, CancelToken(), "job")
    return place / "run"


def test_every_case_gets_a_picture_or_a_reason(run: Path, tmp_path: Path) -> None:
    cases = read_evaluation(run / SCORES).cases[:2]
    heard: list[Event] = []
    job = DrawAnswers(str(run), [cases[0], "gone", cases[1]], str(tmp_path))
    result = draw_answers.run(job, heard.append, CancelToken(), "job")
    drawn = [event for event in heard if isinstance(event, AnswerDrawn)]
    assert [event.case_id for event in drawn] == [cases[0], "gone", cases[1]]
    assert drawn[1].path == ""
    assert "not in the dataset" in drawn[1].problem
    assert result["drawn"] == {event.case_id: event.path for event in drawn if event.path}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000.png", "002.png"]
    pixels = np.asarray(Image.open(tmp_path / "000.png"))
    assert max(pixels.shape[:2]) == 384
    assert (pixels == 255).all(axis=2).any()  # the truth's white outline


def test_what_cannot_be_drawn_is_told(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run"):
        draw_answers.run(DrawAnswers(str(tmp_path), ["a"], str(tmp_path)), quiet, CancelToken(), "job")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        draw_answers.run(DrawAnswers(str(run), ["a"], str(tmp_path)), quiet, token, "job")


def test_a_volume_is_drawn_where_most_of_its_truth_is(tiny_weights: Path, tmp_path: Path) -> None:
    for number in range(6):
        voxels = np.random.default_rng(number).integers(0, 200, (5, 24, 32)).astype(np.int16)
        mask = np.zeros_like(voxels, dtype=np.uint8)
        mask[2, 4:8, 4:8] = 1
        mask[3, 2:20, 4:28] = 1
        for kind, values in (("images", voxels), ("masks", mask)):
            (tmp_path / "ct" / kind).mkdir(parents=True, exist_ok=True)
            sitk.WriteImage(sitk.GetImageFromArray(values), tmp_path / "ct" / kind / f"case{number}.nii.gz")
    values = {
        "version": 1,
        "data": {"folder": str(tmp_path / "ct"), "split": {"train": 0.4, "val": 0.3, "test": 0.3}},
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "zero_shot"},
        "training": {"device": "cpu", "threads": 1, "previews": False},
    }
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(values), encoding="utf-8")
    tune.run(Tune(str(recipe), str(tmp_path / "run")), quiet, CancelToken(), "job")
    case = read_evaluation(tmp_path / "run" / SCORES).cases[0]
    result = draw_answers.run(
        DrawAnswers(str(tmp_path / "run"), [case], str(tmp_path / "out")), quiet, CancelToken(), "job"
    )
    pixels = np.asarray(Image.open(result["drawn"][case])).astype(int)
    assert pixels.shape[:2] in ((288, 384), (384, 288))
    # The outline is that of the large region: 18 of 24 rows, 24 of 32 columns.
    white = np.argwhere((pixels == 255).all(axis=2))
    spans = sorted(white.max(axis=0) - white.min(axis=0))
    assert spans[0] > 180
    assert spans[1] > 250
