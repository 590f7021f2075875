"""Words that the image shifts."""

from __future__ import annotations

import torch

from engine.models.clipseg import ClipSeg
from engine.strategies.cocoop import CoCoOp
from tests.fakes.tiny_clipseg import tiny_network

SITES = ClipSeg(tiny_network()).sites


def test_all_words_of_a_depth_share_one_shift_an_image() -> None:
    torch.manual_seed(0)
    learner = CoCoOp(prompt_depth=2, initialise_from=None).build(SITES, lambda text: torch.zeros(1, 32))
    text = learner(torch.randn(3, 24)).text
    assert text is not None
    assert text.shape == (2, 3, 4, 32)
    shift = text - learner.context_vectors[:, None]
    torch.testing.assert_close(shift, shift[:, :, :1].expand_as(shift))
    assert (shift[:, 0] - shift[:, 1]).abs().max() > 0.1
    assert learner.learned_words() == 4


def test_the_length_of_the_feature_counts_or_not() -> None:
    feature = torch.randn(1, 24)
    for normalise in (False, True):
        torch.manual_seed(0)
        config = CoCoOp(initialise_from=None, projector_norm=False, normalise_image_features=normalise)
        learner = config.build(SITES, lambda text: torch.zeros(1, 32))
        one, two = learner(feature).text, learner(3 * feature).text
        assert torch.allclose(one, two, atol=1e-6) is normalise
