"""The learned upsampler against its formula."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as functional

from engine.strategies.upsampler import Upsampler


@pytest.mark.parametrize("kernel", [1, 3, 4, 5])
def test_the_formula(kernel: int) -> None:
    torch.manual_seed(0)
    logits, grid = torch.randn(2, 1, 32, 32), torch.randn(2, 6, 4, 4)
    blend, add = Upsampler(6, kernel, 0.25, "blend"), Upsampler(6, kernel, 0.25, "add")
    add.load_state_dict({name: value for name, value in blend.state_dict().items() if name != "ratio"})
    large = functional.interpolate(grid, scale_factor=8, mode="bilinear", align_corners=False)
    before, after = (kernel - 1) // 2, kernel // 2
    padded = functional.pad(large, (before, after, before, after), mode="replicate")
    extra = functional.conv2d(padded, blend.convolution.weight, blend.convolution.bias)
    torch.testing.assert_close(blend(logits, grid), 0.75 * logits + 0.25 * extra, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(add(logits, grid), logits + extra, atol=1e-5, rtol=1e-5)
    assert add.ratio is None  # nothing is declared that does not learn
