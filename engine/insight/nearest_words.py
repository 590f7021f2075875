"""The vocabulary's words that lie nearest to learned context vectors: a look, not an explanation.

Practice of CoOp (Zhou et al., IJCV 2022, "Interpreting the Learned Prompts"): the Euclidean distance between a learned
vector and the token embeddings of the frozen text encoder. Its authors found few words that make sense, and warn that
nearest words may not be what a vector means. Two things are added here. The cosine, since learned vectors are often
far longer than embeddings, and distance then mostly measures their length. And a yardstick: random vectors of the same
length have nearest words too; `nearer` is the share of these that lie farther from their nearest word than the learned
vector does from its own. Vectors of deeper layers are compared with the same embeddings, for want of others, though
that layer's own values are of another kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from engine.strategies.base import PromptLearner
from engine.strategies.contexts import ContextLearner

SHOWN: Final = 5
RANDOM: Final = 200
WARNING: Final = (
    "Nearest words may mean nothing: a vector need not say what the word beside it says. Random vectors of the same "
    "length have nearest words too; how far those are is given beside."
)
SHIFTED: Final = "Each image shifts these vectors further (CoCoOp); the shift is not in these figures."
NONE: Final = "This strategy learns no vectors among the words, so there is nothing to read."


@dataclass(frozen=True, slots=True)
class NearWord:
    """A word of the vocabulary, with its cosine and its Euclidean distance to the vector."""

    word: str
    cosine: float
    distance: float


@dataclass(frozen=True, slots=True)
class VectorWords:
    """One learned vector. `label` None: shared by all; `depth` and `position` count from 1.

    `by_distance` and `by_cosine` hold the nearest words, nearest first. `random_distance` and `random_cosine` are the
    medians of random vectors of this length; `nearer` and `nearer_by_cosine` the shares of them that are farther off.
    """

    label: str | None
    depth: int
    position: int
    length: float
    by_distance: tuple[NearWord, ...]
    by_cosine: tuple[NearWord, ...]
    random_distance: float
    random_cosine: float
    nearer: float
    nearer_by_cosine: float

    def to_values(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__slots__}
        for name in ("by_distance", "by_cosine"):
            values[name] = [[near.word, near.cosine, near.distance] for near in values[name]]
        return values


def learned_words(learner: PromptLearner, labels: Sequence[str]) -> Tensor | None:
    """What enters the text encoder, (L, depth, n, width); L = 1 where labels share them, None where there is nothing.

    Where images shift them, they are those before the shift.
    """
    index = torch.arange(max(len(labels), 1), device=next(iter(learner.parameters()), torch.empty(0)).device)
    with torch.no_grad():
        if learner.needs_pooled:
            rows = learner.rows(index) if isinstance(learner, ContextLearner) else None
        else:
            rows = learner(None, index).text
    if rows is None:
        return None
    return rows[None] if rows.ndim == 3 else rows.transpose(0, 1)


def nearest_words(
    vectors: Tensor, embeddings: Tensor, words: Sequence[str], labels: Sequence[str | None], seed: int = 0
) -> list[VectorWords]:
    """For `vectors` (L, depth, n, W) among `embeddings` (V, W) of `words` (V,); `labels` (L,) name the first axis."""
    table = embeddings.detach().float().cpu()
    units = table / table.norm(dim=1, keepdim=True).clamp(min=1e-12)
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn(RANDOM, table.shape[1], generator=generator)
    directions /= directions.norm(dim=1, keepdim=True)
    random_cosine = (directions @ units.T).max(dim=1).values
    found = []
    for name, depths in zip(labels, vectors.detach().float().cpu(), strict=True):
        for depth, row in enumerate(depths, start=1):
            for position, vector in enumerate(row, start=1):
                length = vector.norm()
                distance = torch.linalg.vector_norm(table - vector, dim=1)
                cosine = units @ (vector / length.clamp(min=1e-12))
                random_distance = torch.cdist(directions * length, table).min(dim=1).values
                found.append(
                    VectorWords(
                        name,
                        depth,
                        position,
                        float(length),
                        _near(distance.argsort()[:SHOWN], words, cosine, distance),
                        _near(cosine.argsort(descending=True)[:SHOWN], words, cosine, distance),
                        float(random_distance.median()),
                        float(random_cosine.median()),
                        float((random_distance > distance.min()).float().mean()),
                        float((random_cosine < cosine.max()).float().mean()),
                    )
                )
    return found


def _near(places: Tensor, words: Sequence[str], cosine: Tensor, distance: Tensor) -> tuple[NearWord, ...]:
    return tuple(NearWord(words[at], float(cosine[at]), float(distance[at])) for at in places.tolist())
