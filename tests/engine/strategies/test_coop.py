"""Where learned words start from."""

from __future__ import annotations

import pytest
import torch

from engine.contract.errors import OutOfRange
from engine.models.clipseg import ClipSeg
from engine.strategies.coop import CoOp
from tests.fakes.tiny_clipseg import tiny_network

SITES = ClipSeg(tiny_network()).sites


def words(text: str) -> torch.Tensor:
    """Every word's embedding is its length."""
    return torch.stack([torch.full((32,), float(len(word))) for word in text.split()])


def test_a_text_starts_the_first_layer_only() -> None:
    torch.manual_seed(0)
    context = CoOp(prompt_depth=3, num_context=9, initialise_from="a photo of a").build(SITES, words).context_vectors
    assert context.shape == (3, 4, 32)  # the words set the number, not num_context
    assert context[0, :, 0].tolist() == [1.0, 5.0, 2.0, 1.0]
    assert context[1:].std().item() == pytest.approx(0.02, rel=0.2)


def test_a_list_starts_a_layer_each() -> None:
    context = CoOp(prompt_depth=2, initialise_from=("a bb", "ccc dddd", "e f")).build(SITES, words).context_vectors
    assert context[:, :, 0].tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("texts", [("a bb", "ccc"), ("a", "")])
def test_texts_of_unequal_length_are_refused(texts: tuple[str, ...]) -> None:
    def tokens(text: str) -> torch.Tensor:
        return torch.zeros(len(text.split()), 32)

    with pytest.raises(OutOfRange, match="one length") as caught:
        CoOp(prompt_depth=2, initialise_from=texts).build(SITES, tokens)
    assert caught.value.field == "strategy.initialise_from"


def test_a_random_start() -> None:
    torch.manual_seed(0)
    config = CoOp(prompt_depth=2, num_context=8, initialise_from=None, context_std=0.5)
    context = config.build(SITES, words).context_vectors
    assert context.shape == (2, 8, 32)
    assert context.std().item() == pytest.approx(0.5, rel=0.15)


def test_words_must_leave_room_for_a_phrase() -> None:
    CoOp(num_context=13, initialise_from=None).check(SITES)
    with pytest.raises(OutOfRange, match="no room for a phrase") as caught:
        CoOp(num_context=14, initialise_from=None).check(SITES)
    assert (caught.value.field, caught.value.hint) == ("strategy.num_context", "Choose at most 13.")


@pytest.mark.parametrize("texts", [(), "", "  ", ("a photo", " ")])
def test_no_words_are_told_before_any_work(texts: str | tuple[str, ...]) -> None:
    with pytest.raises(OutOfRange, match="no words to start from") as caught:
        CoOp(initialise_from=texts).check(SITES)
    assert caught.value.field == "strategy.initialise_from"
