"""Draws what a starter was taught and writes its `reference.safetensors`: python -m engine.insight.draw_reference ID

Scenes and phrases come from `engine.synthetic`, of the kinds and shares that pretraining draws, with seeds that no
training used. The same weights and code give the same file but for the last digits of a machine's arithmetic.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.assemble import Listener, Network, make_network
from engine.contract.control import CancelToken
from engine.export.base_model import base_preprocess
from engine.insight.energy import Projection, View
from engine.insight.features import phrase_features, picture_features
from engine.insight.phrase_distance import KnownPhrases
from engine.insight.pictures import Pictures
from engine.insight.reference import Reference, write
from engine.models.weights import find_weights
from engine.recipe import make_recipe
from engine.synthetic.phrases import ask
from engine.synthetic.scenes import Scene, draw_scene

SEED = 880_000
"""Training draws from seeds (seed, number of the scene), evaluation from 771,000 on; these are never among them."""
FITTED, SHOWN = 1000, 256
"""Scenes that the projection is made from, and others that it shows."""
PHRASES, NEW = 2500, 200
"""Of a few hundred phrases, most new wordings of the drawn world would be far from any."""
_SIDE = 64
"""Of the scenes that phrases are asked about: nobody looks at those."""


def scenes(part: int, count: int, size: int) -> list[Scene]:
    """Scenes as pretraining draws them; each `part` has its own."""
    return [draw_scene(np.random.default_rng((SEED + part, number)), size) for number in range(count)]


def scene_phrases(part: int, count: int, without: frozenset[str] = frozenset()) -> list[str]:
    """Different phrases about scenes as pretraining asks them, but those in `without`."""
    found: dict[str, None] = {}
    for phrase in _asked(part, without):
        found[phrase] = None
        if len(found) == count:
            break
    return list(found)


def _asked(part: int, without: frozenset[str]) -> Iterator[str]:
    number = 0
    while True:
        rng = np.random.default_rng((SEED + part, number))
        scene = draw_scene(rng, _SIDE)
        visible = np.bincount(scene.labels.ravel(), minlength=len(scene.objects) + 1)[1 : len(scene.objects) + 1]
        # Counted as at the size of training, where smaller objects are not asked for.
        seen: NDArray[np.int64] = visible * (128 // _SIDE) ** 2
        for query in ask(rng, scene.objects, seen, 2, gray=scene.style.gray, faint=scene.style.faint):
            if query.phrase not in without:
                yield query.phrase
        number += 1


def drawn_reference(network: Network, fitted: int = FITTED, shown: int = SHOWN) -> Reference:
    """What the starter of this network was taught, from `fitted` + `shown` scenes."""
    hear = Listener(lambda event: None, CancelToken(), "reference")
    size = base_preprocess(network.weights).size

    def features(part: int, count: int) -> NDArray[np.float64]:
        images = np.stack([scene.image for scene in scenes(part, count, size)])
        numbers = tuple(range(count))
        pictures = Pictures(
            images, base_preprocess(network.weights), tuple(map(str, numbers)), numbers, tuple(map(str, numbers))
        )
        return picture_features(network, pictures, hear, "drawn")

    projection = Projection.of(features(0, fitted))
    view = View(projection, projection(features(1, shown)), np.arange(shown))
    texts = scene_phrases(2, PHRASES)
    new = scene_phrases(3, NEW, frozenset(texts))
    known = KnownPhrases.of(tuple(texts), phrase_features(network, texts, hear), phrase_features(network, new, hear))
    return Reference((view,), view, known, f"{shown} scenes drawn as for its training (synthetic)")


def starter_network(id: str) -> Network:
    """The untuned network of installed weights; nothing that it says is kept on disk."""
    weights = find_weights(id)
    values = {
        "model": {"name": weights.model, "weights": id},
        "strategy": {"name": "zero_shot"},
        "training": {"feature_disk": 0, "device": "cpu"},
    }
    return make_network(make_recipe(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("id", help="installed weights: starter, starter-cris")
    parser.add_argument("--out", type=Path, help="folder that receives the file; default: the weights' own")
    arguments = parser.parse_args()
    network = starter_network(arguments.id)
    write(drawn_reference(network), arguments.out or network.weights.path, network.weights.sha256)


if __name__ == "__main__":
    main()
