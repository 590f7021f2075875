"""The badge: a model that ignores its text is told so each time, one that follows is told so, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.assemble import Network, make_network
from engine.contract.control import CancelToken
from engine.export.base_model import base_preprocess
from engine.insight.control_phrases import controls_for
from engine.insight.kept_images import KeptImages
from engine.insight.phrase_effect import LabelPhrase, Pair, Summary, by_kind, dice, judge, measure
from engine.insight.word_influence import word_influence
from engine.recipe import make_recipe
from engine.volumes.preprocess import normalise

SHAPES = (("disc", "red", (220, 40, 40)), ("square", "blue", (50, 70, 220)), ("triangle", "green", (50, 170, 70)))
LABELS = [LabelPhrase(shape, f"{colour} {shape}", at) for at, (shape, colour, _) in enumerate(SHAPES)]


def network(weights: str, strategy: str = "zero_shot") -> Network:
    values = {
        "model": {"weights": weights},
        "strategy": {"name": strategy} | ({} if strategy == "zero_shot" else {"prompt_depth": 2}),
        "training": {"device": "cpu", "threads": 1},
    }
    return make_network(make_recipe(values), [label.name for label in LABELS])


def drawn(count: int, side: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures (n, S, S, 3) with a red disc, a blue square and a green triangle, and their masks (n, 3, S, S)."""
    rng = np.random.default_rng(seed)
    images = np.empty((count, side, side, 3), np.uint8)
    masks = np.zeros((count, 3, side, side), np.uint8)
    y, x = np.mgrid[:side, :side] / side
    for image, truth in zip(images, masks, strict=True):
        image[:] = np.clip(rng.normal(150, 8, (side, side, 1)), 0, 255)
        for at, place in enumerate(rng.permutation(4)[:3]):
            r = float(rng.uniform(0.12, 0.17))
            cx, cy = 0.25 + 0.5 * (place % 2), 0.25 + 0.5 * (place // 2)
            dx, dy = np.abs(x - cx), y - cy
            inside = (dx**2 + dy**2 < r**2, np.maximum(dx, np.abs(dy)) < 0.88 * r, (dx < (dy + r) / 2) & (dy < r))[at]
            image[inside] = SHAPES[at][2]
            truth[at][inside] = 1
    return images, masks


def kept(made: Network, images: NDArray[np.uint8]) -> KeptImages:
    preprocess = base_preprocess(made.weights)
    return KeptImages(made, np.stack([normalise(image, preprocess) for image in images]), CancelToken())


def verdict_of(made: Network, images: NDArray[np.uint8], masks: NDArray[np.uint8], seed: int = 0) -> tuple[str, str]:
    cases = [f"c{number}" for number in range(len(images))]
    known = np.ones(masks.shape[:2], np.bool_)
    return judge(measure(kept(made, images).ask, LABELS, cases, masks, known, seed=seed), seed)


@pytest.mark.parametrize("strategy", ["zero_shot", "coop", "maple"])
@pytest.mark.parametrize("seed", range(8))
def test_a_model_that_ignores_its_text_is_always_told_so(tiny_weights: Path, strategy: str, seed: int) -> None:
    """The decoder's only way to hear of the phrase is cut: its modulation gives the same for all."""
    made = network(str(tiny_weights), strategy)
    torch.manual_seed(seed)
    decoder = made.tuned.vlsm.network.decoder
    with torch.no_grad():
        for layer in (decoder.film_mul, decoder.film_add):
            layer.weight.zero_()
            layer.bias.normal_(mean=1.0)
        decoder.transposed_convolution.bias.normal_()
    assert verdict_of(made, *drawn(12, 32, seed), seed)[0] == "no"


def test_a_model_that_follows_is_told_so() -> None:
    verdict, words = verdict_of(network("starter"), *drawn(12, 128))
    assert verdict == "yes", words
    assert "is lost" in words


Marks = NDArray[np.bool_]


def answers(own: Marks, other: Marks, seed: int = 0) -> tuple[str, str]:
    """The verdict on a model whose masks are `own` for the first phrase and `other` for any other; (n, S, S) each."""

    def ask(phrases: Sequence[str], labels: Sequence[int]) -> NDArray[np.float32]:
        del labels
        rows = [own, *[other] * (len(phrases) - 1)]
        return np.stack(rows, axis=1).astype(np.float32) * 0.8 + 0.1

    truth = np.zeros((len(own), 1, 20, 20), np.uint8)
    truth[:, :, :10] = 1
    cases = [str(number) for number in range(len(own))]
    known = np.ones((len(own), 1), np.bool_)
    return judge(measure(ask, [LabelPhrase("x", "x", 0)], cases, truth, known, seed=seed), seed)


def marks(count: int, rows: int, columns: int = 20) -> Marks:
    made = np.zeros((count, 20, 20), np.bool_)
    made[:, :rows, :columns] = True
    return made


def test_the_rule() -> None:
    right = marks(12, 10)
    edge = right.copy()
    edge[:, 9, :4] = False
    assert answers(right, edge)[0] == "no"  # 2 % of the mask, 0.01 of Dice
    assert answers(right, marks(12, 7))[0] == "weakly"  # Dice 0.82
    assert answers(right, marks(12, 2))[0] == "yes"  # Dice 0.33
    assert answers(right, ~right)[0] == "yes"
    assert answers(marks(12, 1, 8), marks(12, 1, 2))[0] == "unclear"  # its own Dice is 0.08
    assert answers(marks(12, 0), marks(12, 0))[0] == "no"  # not one probability moves
    assert "Only 3 cases" in answers(marks(3, 10), marks(3, 5))[1]


def test_where_other_words_do_better_nothing_is_called_lost() -> None:
    verdict, words = answers(marks(12, 4), marks(12, 9))
    assert verdict == "weakly"
    assert "Dice is 0.947 in place of 0.571: nothing is lost" in words


def test_of_next_to_nothing_no_share_is_said() -> None:
    def summary(own: float, other: float) -> float | None:
        pair = Pair("a", "x", "nonsense", own, other, 0.5)
        share: float | None = Summary.of([pair]).to_values()["share"]
        return share

    assert summary(0.0003, 0.016) is None
    assert summary(0.4, 0.3) == pytest.approx(0.25)


def test_a_loss_that_chance_explains_is_not_a_yes() -> None:
    """In half of the cases everything is lost, in the others other words find what the own ones do not."""
    own, other = marks(12, 10), marks(12, 0)
    own[6:], other[6:] = False, marks(6, 10)
    assert answers(own, other)[0] == "weakly"


def test_pairs_without_a_truth_count_for_agreement_alone() -> None:
    def ask(phrases: Sequence[str], labels: Sequence[int]) -> NDArray[np.float32]:
        del labels
        return np.full((2, len(phrases), 4, 4), 0.9, np.float32)

    masks = np.ones((2, 1, 4, 4), np.uint8)
    masks[1] = 0
    known = np.array([[False], [True]])
    effect = measure(ask, [LabelPhrase("x", "polyp", 0)], ["a", "b"], masks, known)
    summary = Summary.of(effect.pairs)
    assert (summary.lost.n, summary.agreement) == (0, 1.0)
    assert set(by_kind(effect.pairs)) == {"nonsense", "unrelated"}
    assert Summary.of([]).to_values()["dice"] is None


def test_controls_are_seeded_and_no_label_is_its_own_control() -> None:
    first = controls_for("left lung", ["right lung", "heart", "chair"], seed=3)
    assert first == controls_for("left lung", ["right lung", "heart", "chair"], seed=3)
    assert first != controls_for("left lung", ["right lung", "heart", "chair"], seed=4)
    told = {kind: [one.phrase for one in first if one.kind == kind] for kind in {one.kind for one in first}}
    assert told["opposite"] == ["right lung"]
    assert told["another label"] == ["right lung", "heart", "chair"]
    assert "a chair" not in told["unrelated"]  # a label names it
    assert all(len(phrase.split()) == 2 for phrase in told["nonsense"])


@pytest.mark.parametrize("strategy", ["coop", "cocoop", "vpt", "maple", "shared_attention", "shared_separate"])
@pytest.mark.parametrize("per_label", [False, True])
def test_kept_images_answer_as_the_network_does(tiny_weights: Path, strategy: str, per_label: bool) -> None:
    settings = {"name": strategy, "prompt_depth": 2} | ({"heads": 8} if strategy == "shared_attention" else {})
    if per_label and strategy == "vpt":
        pytest.skip("VPT has no words")
    if strategy != "vpt":
        settings["per_label"] = per_label
    values = {
        "model": {"weights": str(tiny_weights)},
        "strategy": settings,
        "training": {"device": "cpu", "threads": 1},
    }
    made = make_network(make_recipe(values), ["a", "b", "c"])
    made.tuned.eval()
    images, _ = drawn(5, 32)
    preprocess = base_preprocess(made.weights)
    pixels = np.stack([normalise(image, preprocess) for image in images])
    phrases, labels = ["red disc", "polyp", "the liver of a"], [2, 0, 1]
    with torch.inference_mode():
        asked = made.tuned(torch.from_numpy(pixels), *made.tokens(phrases), torch.tensor(labels))
    whole = KeptImages(made, pixels, CancelToken())
    assert np.allclose(whole.ask(phrases, labels), asked.sigmoid().numpy(), atol=1e-5)
    assert np.allclose(whole.only([4, 1]).ask(phrases, labels), asked.sigmoid().numpy()[[4, 1]], atol=1e-5)


def test_the_words_that_name_a_thing_weigh_most() -> None:
    images, masks = drawn(6, 128)
    made = kept(network("starter"), images)
    effects = {effect.word: effect for effect in word_influence(made.ask, "the red disc", 0, masks[:, 0])}
    assert list(effects) == ["the", "red", "disc"]
    assert effects["the"].mask_dropped < effects["red"].mask_replaced
    assert effects["red"].dice_replaced is not None
    assert effects["red"].dice_replaced < -0.1
    assert word_influence(made.ask, "disc", 0)[0].dice_dropped is None


def test_dice_of_empty_masks() -> None:
    assert dice(np.zeros((2, 2), np.bool_), np.zeros((2, 2), np.bool_)) == 1.0
