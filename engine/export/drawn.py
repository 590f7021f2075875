"""Pictures to compare an exported model on where there are no images of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.scenes import draw_scene
from engine.volumes.preprocess import Preprocess, to_input

PHRASES = (
    "a large red circle",
    "something dark",
    "the bright object in the middle",
    "a blue square",
    "the small green triangle",
    "circle",
)
"""Asked of a model that has no labels."""


def drawn_inputs(preprocess: Preprocess, count: int = 8, seed: int = 2) -> NDArray[np.float32]:
    """Drawn scenes as inputs float32 [count, 3, S, S], the same for the same seed."""
    scenes = (draw_scene(np.random.default_rng((seed, number))) for number in range(count))
    return np.stack([to_input(scene.image, preprocess, (0.0, 255.0)) for scene in scenes])
