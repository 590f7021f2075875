"""Drawn scenes and an untrained starter network, shared by the tests of the synthetic room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.synthetic.pool import ScenePool
from engine.synthetic.scenes import Scene, draw_scene


@pytest.fixture(scope="session")
def scenes() -> list[Scene]:
    return [draw_scene(np.random.default_rng((7, number))) for number in range(60)]


@pytest.fixture
def pool(tmp_path: Path) -> ScenePool:
    """Twelve scenes in a pool of sixteen slots, half of them conjunctions."""
    pool = ScenePool(tmp_path / "pool", slots=16)
    for number in range(12):
        conjunction = number % 2 == 0
        scene = draw_scene(np.random.default_rng(number), kind="conjunction" if conjunction else "free")
        pool.write(scene, conjunction)
    return pool
