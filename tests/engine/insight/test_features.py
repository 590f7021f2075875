from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.assemble import Listener, Network, make_network
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, EngineError
from engine.export.base_model import base_preprocess
from engine.insight.features import phrase_features, picture_features
from engine.insight.pictures import Pictures
from engine.recipe import make_recipe

HEAR = Listener(lambda event: None, CancelToken(), "t")


def network() -> Network:
    return make_network(make_recipe({"strategy": {"name": "zero_shot"}}))


def pictures(made: Network, count: int = 11) -> Pictures:
    images = np.random.default_rng(0).integers(0, 256, (count, 128, 128, 3), dtype=np.uint8)
    names = tuple(map(str, range(count)))
    return Pictures(images, base_preprocess(made.weights), names, tuple(range(count)), names)


def test_what_was_said_once_is_read_again_with_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    made = network()
    first = picture_features(made, pictures(made), HEAR, "t")

    def refuse(images: NDArray[np.uint8]) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(made.tuned, "seen", refuse)
    assert np.array_equal(picture_features(made, pictures(made), HEAR, "t"), first)
    assert first.shape == (11, 192)


def test_a_picture_has_the_same_numbers_whatever_lies_beside_it() -> None:
    made = network()
    whole = pictures(made)
    alone = Pictures(whole.images[9:10], whole.preprocess, ("9",), (9,), ("9",))
    assert np.array_equal(picture_features(made, alone, HEAR, "t")[0], picture_features(made, whole, HEAR, "t")[9])


def test_weights_that_say_no_numbers_are_told() -> None:
    made = network()
    with torch.no_grad():
        for parameter in made.tuned.vlsm.parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(EngineError, match="no number of 11 of 11 pictures"):
        picture_features(made, pictures(made), HEAR, "t")
    with pytest.raises(EngineError, match="2 of 2 phrases"):
        phrase_features(made, ["a", "b"], HEAR)


def test_a_cancel_is_heard() -> None:
    made, token = network(), CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        picture_features(made, pictures(made), Listener(lambda event: None, token, "t"), "t")


def test_a_cancel_does_not_wait_for_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    made, token, over = network(), CancelToken(), threading.Event()
    began: list[float] = []

    def endless(images: NDArray[np.uint8]) -> None:
        token.cancel()
        began.append(time.monotonic())
        over.wait(30)
        raise RuntimeError("nobody hears this")

    monkeypatch.setattr(made.tuned, "seen", endless)
    try:
        with pytest.raises(Cancelled):
            picture_features(made, pictures(made), Listener(lambda event: None, token, "t"), "t")
        assert time.monotonic() - began[0] < 1
    finally:
        over.set()  # whoever comes next waits for what was left behind
