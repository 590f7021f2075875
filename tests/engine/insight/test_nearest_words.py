"""Words near learned vectors, and how near random ones are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.assemble import make_network
from engine.insight.nearest_words import RANDOM, learned_words, nearest_words
from engine.recipe import make_recipe
from engine.text.tokenizer import PhraseTokenizer

WORDS = [f"word{number}" for number in range(300)]


def test_a_vector_that_is_a_word_finds_it_and_a_random_one_is_as_near_as_others() -> None:
    table = torch.randn(300, 32, generator=torch.Generator().manual_seed(1))
    vectors = torch.stack([table[7], 3 * table[9], torch.randn(32, generator=torch.Generator().manual_seed(2))])
    itself, longer, random = nearest_words(vectors[None, None], table, WORDS, [None])
    assert itself.by_distance[0].word == "word7"
    assert itself.by_distance[0].distance == pytest.approx(0, abs=1e-5)
    assert (itself.nearer, itself.nearer_by_cosine) == (1.0, 1.0)
    assert longer.by_cosine[0].word == "word9"  # three times as long: the direction is the same
    assert longer.by_cosine[0].cosine == pytest.approx(1)
    assert longer.length == pytest.approx(3 * float(table[9].norm()), rel=1e-5)
    assert 2 / RANDOM < random.nearer < 1 - 2 / RANDOM
    assert [vector.position for vector in (itself, longer, random)] == [1, 2, 3]
    distances = [near.distance for near in random.by_distance]
    assert distances == sorted(distances)


@pytest.mark.parametrize(
    ("strategy", "settings", "shape"),
    [
        ("coop", {"prompt_depth": 2, "num_context": 3, "initialise_from": None}, (1, 2, 3, 32)),
        ("coop", {"prompt_depth": 2, "per_label": True}, (2, 2, 4, 32)),
        ("cocoop", {"prompt_depth": 2}, (1, 2, 4, 32)),
        ("maple", {"prompt_depth": 2, "per_label": True}, (2, 2, 4, 32)),
        ("shared_separate", {"prompt_depth": 2, "num_context": 3}, (1, 2, 3, 32)),
        ("vpt", {"prompt_depth": 2}, None),
        ("zero_shot", {}, None),
    ],
)
def test_which_vectors_are_words(
    tiny_weights: Path, strategy: str, settings: dict[str, object], shape: tuple[int, ...] | None
) -> None:
    values = {
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": strategy, **settings},
        "training": {"device": "cpu", "threads": 1},
    }
    made = make_network(make_recipe(values), ["a", "b"])
    found = learned_words(made.tuned.learner, ["a", "b"])
    assert (None if found is None else tuple(found.shape)) == shape


def test_untouched_contexts_lie_at_the_words_that_they_began_with(tiny_weights: Path) -> None:
    values = {
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": "coop", "initialise_from": "a photo of a"},
        "training": {"device": "cpu", "threads": 1},
    }
    made = make_network(make_recipe(values), ["x"])
    vectors = learned_words(made.tuned.learner, ["x"])
    assert vectors is not None
    words = PhraseTokenizer.from_folder(tiny_weights).vocabulary()
    assert "<pad>" not in words.values() or 0 in words  # special tokens are known as such only where they are declared
    embeddings = made.tuned.vlsm.embed_words(torch.tensor(list(words)))
    found = nearest_words(vectors, embeddings, list(words.values()), [None])
    assert [vector.by_distance[0].word for vector in found] == ["a", "photo", "of", "a"]
