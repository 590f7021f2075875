from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.assemble import Listener
from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.export.base_model import base_preprocess
from engine.insight.draw_reference import scene_phrases, scenes, starter_network
from engine.insight.energy import distance
from engine.insight.features import phrase_features, picture_features
from engine.insight.pictures import Pictures
from engine.insight.reference import FILE, of_pictures, shipped
from engine.models.weights import find_weights

HEAR = Listener(lambda event: None, CancelToken(), "t")


def pictures(part: int, count: int, size: int) -> Pictures:
    images = np.stack([scene.image for scene in scenes(part, count, size)])
    names = tuple(map(str, range(count)))
    return Pictures(images, base_preprocess(find_weights("starter")), names, tuple(range(count)), names)


@pytest.mark.parametrize("id", ["starter", "starter-cris"])
def test_what_ships_is_what_the_script_draws(id: str) -> None:
    weights = find_weights(id)
    found = shipped(weights.path, weights.sha256)
    assert found is not None
    assert found.phrases is not None
    network = starter_network(id)
    (view,) = found.views
    drawn = view.projection(picture_features(network, pictures(1, 12, base_preprocess(weights).size), HEAR, "drawn"))
    assert drawn == pytest.approx(view.sample[:12], abs=5e-3)
    assert scene_phrases(2, 20) == list(found.phrases.texts[:20])
    said = phrase_features(network, found.phrases.texts[:20], HEAR)
    assert found.phrases.projection(said) == pytest.approx(found.phrases.sample[:20], abs=5e-3, rel=2e-3)
    assert "synthetic" in found.told


def test_new_scenes_lie_at_one_and_black_pictures_far_out() -> None:
    weights = find_weights("starter")
    found, network = shipped(weights.path, weights.sha256), starter_network("starter")
    assert found is not None
    new = pictures(7, 48, 128)
    value = distance(found.views, picture_features(network, new, HEAR, "new"), new.groups).value
    assert value == pytest.approx(1, abs=0.12)
    dark = Pictures(np.zeros_like(new.images), new.preprocess, new.cases, new.slices, new.owners)
    assert distance(found.views, picture_features(network, dark, HEAR, "dark"), dark.groups).value > 3


def test_it_speaks_for_its_own_weights_alone(tmp_path: Path) -> None:
    weights = find_weights("starter")
    assert shipped(weights.path, "another") is None
    assert shipped(tmp_path, weights.sha256) is None
    shutil.copy(weights.path / FILE, tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"\xff" * 200):
        (tmp_path / FILE).write_bytes(damaged)
        assert shipped(tmp_path, weights.sha256) is None


def test_pictures_of_a_folder_measure_their_own_kind_as_one() -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(10, 50))
    found = of_pictures(rng.normal(size=(100, 10)) @ mixing, np.arange(100), "photos")
    assert len(found.views) == 4
    own = distance(found.views, rng.normal(size=(60, 10)) @ mixing, np.arange(60)).value
    other = distance(found.views, (rng.normal(size=(60, 10)) + 1.5) @ mixing, np.arange(60)).value
    assert own == pytest.approx(1, abs=0.15)
    assert other > 2.5


def test_too_few_pictures_are_no_reference() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="photos holds 12 pictures of 12 cases: too few"):
        of_pictures(rng.normal(size=(12, 5)), np.arange(12), "photos")
    with pytest.raises(InputError, match="of 1 case:"):
        of_pictures(rng.normal(size=(60, 5)), np.zeros(60, np.int64), "one scan")
