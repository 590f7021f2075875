"""The three looks before tuning, on small drawn datasets with the starter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.cli.main import main, parser
from engine.contract.control import CancelToken
from engine.contract.errors import DatasetIncomplete, InputError, OutOfRange, RecipeError, UnknownName
from engine.contract.jobs import ComparePhrases, DomainShift, Job, QuickLook
from engine.jobs.perform import run_job
from engine.synthetic.sample_data import write_dataset
from engine.synthetic.scenes import draw_scene


@pytest.fixture(scope="module")
def polyps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, 24)
    return folder


@pytest.fixture(scope="module")
def organs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "abdomen-ct"
    write_dataset("abdomen-ct", folder, 20)
    return folder


def scene_folder(folder: Path, count: int, masks: bool = True) -> Path:
    for number in range(count):
        scene = draw_scene(np.random.default_rng((5, number)), 128)
        for part, image in (("images", scene.image), ("masks", (scene.labels > 0).astype(np.uint8) * 255)):
            if part == "images" or masks:
                (folder / part).mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(folder / part / f"{number:02d}.png")
    return folder


def done(job: Job) -> dict[str, Any]:
    return run_job(job, lambda event: None, CancelToken(), "t")


def test_drawn_polyps_are_far_and_drawn_scenes_are_not(polyps: Path, tmp_path: Path) -> None:
    far = done(DomainShift({"folder": str(polyps)}, out=str(tmp_path / "out")))
    near = done(DomainShift({"folder": str(scene_folder(tmp_path / "scenes", 24))}))
    assert (far["level"], far["advice"]) == ("high", "image")
    assert near["level"] == "low"
    assert far["low"] < far["value"] < far["high"]
    assert far["phrases"][0]["phrase"] == "polyp"
    points = far["map"]
    assert len(points["pca"]) == len(points["tsne"]) > points["own"] == far["images"] == len(points["cases"])
    pictures = np.load(points["pictures"], allow_pickle=False)
    assert pictures.shape[0] == far["images"]
    assert pictures.dtype == np.uint8


def test_other_weights_are_unknown_without_a_reference(polyps: Path, tiny_weights: Path, tmp_path: Path) -> None:
    found = done(DomainShift({"folder": str(polyps)}, str(tiny_weights)))
    assert found["known"] is False
    assert found["advice"] == ""
    assert "folder of pictures" in found["advised"]
    photos = scene_folder(tmp_path / "photos", 24, masks=False)
    beside = done(DomainShift({"folder": str(polyps)}, str(tiny_weights), reference=str(photos)))
    assert beside["known"] is True
    assert beside["reference"] == "photos"
    assert len(beside["map"]["cases"]) == len(beside["map"]["pca"])
    with pytest.raises(InputError, match="too few"):
        done(DomainShift({"folder": str(polyps)}, reference=str(scene_folder(tmp_path / "three", 3, masks=False))))


def test_a_dataset_is_no_reference_for_itself(polyps: Path) -> None:
    with pytest.raises(InputError, match=r"polyps holds \d+ pictures? of|All pictures of polyps are in your dataset"):
        done(DomainShift({"folder": str(polyps)}, reference=str(polyps)))


def test_black_pictures_have_a_distance_and_one_has_none(tmp_path: Path) -> None:
    folder = scene_folder(tmp_path / "black", 6)
    for path in (folder / "images").iterdir():
        Image.fromarray(np.zeros((128, 128, 3), np.uint8)).save(path)
    assert done(DomainShift({"folder": str(folder), "split": {"given": False}}))["level"] == "high"
    one = scene_folder(tmp_path / "one", 1)
    with pytest.raises(DatasetIncomplete):
        done(DomainShift({"folder": str(one)}))


def test_wordings_are_scored_beside_the_first(polyps: Path) -> None:
    data = {"folder": str(polyps), "split": {"train": 0.3, "val": 0.6, "test": 0.1}}
    found = done(ComparePhrases(data, wordings={"polyp": ["bumpy pink growth", "dark hole", "polyp"]}, suggest=True))
    (label,) = found["labels"]
    texts = [row["text"] for row in label["wordings"]]
    assert texts[:3] == ["polyp", "bumpy pink growth", "dark hole"]
    assert len(texts) == len(set(texts)) > 5
    assert label["wordings"][0]["verdict"] == "first"
    assert all(row["dice_low"] <= row["dice"] <= row["dice_high"] for row in label["wordings"])
    for row in label["wordings"][1:]:
        gain = row["dice"] - label["wordings"][0]["dice"]
        assert row["difference"] == pytest.approx(gain)
    assert found["images"] >= 10


def test_scores_are_those_of_a_run_that_tunes_nothing(polyps: Path, tmp_path: Path) -> None:
    """The first wording's mean is what tuning would write as val_dice."""
    from engine.config.yaml_io import dump_yaml
    from engine.contract.jobs import Tune
    from engine.runs.reader import read_metrics

    data = {"folder": str(polyps)}
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(dump_yaml({"version": 1, "data": data, "strategy": {"name": "zero_shot"}}), encoding="utf-8")
    done(Tune(str(recipe), str(tmp_path / "run")))
    (row,) = read_metrics(tmp_path / "run")
    found = done(ComparePhrases(data, wordings={"polyp": ["thing"]}))
    assert found["labels"][0]["wordings"][0]["dice"] == pytest.approx(float(row["val_dice"]), abs=1e-6)


def test_only_labels_that_are_asked_about_are_scored(organs: Path) -> None:
    found = done(ComparePhrases({"folder": str(organs)}, wordings={"liver": ["large bright blob"]}))
    assert [label["label"] for label in found["labels"]] == ["liver"]


@pytest.mark.parametrize(
    ("wordings", "error"),
    [({}, InputError), ({"heart": ["x"]}, UnknownName), ({"liver": ["  "]}, InputError), ({"": ["x"]}, InputError)],
)
def test_what_cannot_be_compared_is_told(organs: Path, wordings: dict[str, list[str]], error: type[Exception]) -> None:
    with pytest.raises(error):
        done(ComparePhrases({"folder": str(organs)}, wordings=wordings))


def test_a_label_without_a_phrase_and_a_split_without_images_are_told(organs: Path, tmp_path: Path) -> None:
    blank = {"folder": str(organs), "labels": [{"value": 1, "name": "liver", "phrase": " "}]}
    for job in (ComparePhrases(blank, suggest=True), QuickLook(blank, str(tmp_path)), DomainShift(blank)):
        with pytest.raises(RecipeError, match="blank"):
            done(job)
    lone = {"folder": str(scene_folder(tmp_path / "lone", 1))}
    for job in (ComparePhrases(lone, suggest=True), QuickLook(lone, str(tmp_path))):
        with pytest.raises(DatasetIncomplete):
            done(job)


def test_a_quick_look_shows_six_validation_images_with_their_dice(polyps: Path, tmp_path: Path) -> None:
    data = {"folder": str(polyps), "split": {"train": 0.4, "val": 0.5, "test": 0.1}}
    found = done(QuickLook(data, str(tmp_path)))
    assert len(found["rows"]) == 6
    assert len({row["case"] for row in found["rows"]}) == 6
    assert found["mean"] == pytest.approx(np.mean([row["dice"]["polyp"] for row in found["rows"]]))
    for row in found["rows"]:
        width, height = Image.open(row["path"]).size
        assert width == 2 * height + 4
        assert row["case"] not in Path(row["path"]).name


def test_a_quick_look_takes_more_slices_of_few_cases(organs: Path, tmp_path: Path) -> None:
    found = done(QuickLook({"folder": str(organs)}, str(tmp_path)))
    assert 1 <= len(found["rows"]) <= 6
    assert set(found["dice"]) == {"liver", "spleen", "kidney"}
    with pytest.raises(OutOfRange):
        done(QuickLook({"folder": str(organs)}, str(tmp_path), images=0))


def test_commands(polyps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = parser().parse_args(["data", "phrases", "F", "--phrase", "liver=a=b", "--phrase", "spleen=x", "--suggest"])
    assert given.make(given) == ComparePhrases({"folder": "F"}, "starter", {"liver": ["a=b"], "spleen": ["x"]}, True)
    given = parser().parse_args(["data", "shift", "F", "--model", "m", "--reference", "R", "--set", "each_nth=2"])
    assert given.make(given) == DomainShift({"folder": "F", "each_nth": 2}, "m", "R")
    assert main(["data", "shift", str(polyps)]) == 0
    assert "far from what this model knows" in capsys.readouterr().out
    assert main(["data", "phrases", str(polyps), "--phrase", "dark hole"]) == 0
    assert "too few to tell wordings apart" in capsys.readouterr().out
    assert main(["data", "look", str(polyps), "--out", str(tmp_path), "--images", "2"]) == 0
    assert "look-02.png" in capsys.readouterr().out
    assert main(["data", "phrases", str(polyps), "--phrase", "a", "--phrase", "polyp=b"]) == 2
