"""Several phrases in one array of label numbers: who has which number, and which voxel."""

from __future__ import annotations

import numpy as np

from engine.inference.refine import Refinement
from engine.inference.segment import Answer
from engine.jobs.segment_flat import combine, label_values
from tests.fakes.tiny_bundle import tiny_manifest


def test_a_filled_hole_is_in_the_flat_mask_too() -> None:
    ring = np.zeros((1, 9, 9), np.uint8)
    ring[0, 2:7, 2:7] = 255
    ring[0, 4, 4] = 0
    filled = Answer("ring", "ring", ring, 0.5, refinement=Refinement(fill_holes=True))
    nothing = Answer("none", "none", np.zeros_like(ring), 0.5)
    for answers in ([filled, nothing], [nothing, filled]):
        labels, legend = combine(answers, [1, 2])
        assert np.array_equal(labels > 0, filled.mask)
        assert legend["overlapping_voxels"] == 0
    inner = Answer("inner", "inner", np.zeros_like(ring), 0.5)
    inner.levels[0, 4, 4] = 200
    labels, legend = combine([filled, inner], [1, 2])
    assert labels[0, 4, 4] == 2  # the likelier one
    assert legend["overlapping_voxels"] == 1


def test_a_free_phrase_takes_no_number_of_a_label() -> None:
    manifest = tiny_manifest()
    numbers = [label.value for label in manifest.labels]
    assert label_values(manifest, ["something else", manifest.labels[-1].name])[1] == numbers[-1]
    assert label_values(manifest, ["something else"])[0] not in numbers
