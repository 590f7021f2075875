"""Muon in fp32: momentum whose direction is orthogonalised, for weight matrices; a convolution is one, too.

torch.optim.Muon works in bfloat16, which a processor without such instructions emulates at a quarter of the speed,
and one matrix at a time; here all matrices of a shape are one batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import torch
from torch import Tensor, nn

_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)  # of the quintic Newton-Schulz step, steepest at zero
_STEPS: Final = 4


class Muon:
    """Updates matrices by orthogonalised Nesterov momentum; the step has the root mean square of an AdamW step."""

    def __init__(self, matrices: Iterable[nn.Parameter], momentum: float = 0.95, weight_decay: float = 0.01) -> None:
        self.momentum = momentum
        self.weight_decay = weight_decay
        self._groups: dict[tuple[int, ...], list[nn.Parameter]] = {}
        for matrix in matrices:
            self._groups.setdefault(tuple(matrix.flatten(1).shape), []).append(matrix)
        self._velocity = {shape: torch.zeros(len(group), *shape) for shape, group in self._groups.items()}

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Apply one update from the gradients; every matrix must have one."""
        for shape, group in self._groups.items():
            gradients = torch.stack([p.grad.flatten(1) for p in group if p.grad is not None])
            velocity = self._velocity[shape]
            velocity.lerp_(gradients, 1 - self.momentum)
            update = orthogonalise(torch.lerp(gradients, velocity, self.momentum))
            scale = learning_rate * 0.2 * max(shape) ** 0.5
            for parameter, change in zip(group, update, strict=True):
                parameter.mul_(1 - learning_rate * self.weight_decay).add_(change.view(parameter.shape), alpha=-scale)

    def state(self) -> dict[str, Tensor]:
        """Return the momenta, named by shape, for a checkpoint."""
        return {"x".join(map(str, shape)): velocity for shape, velocity in self._velocity.items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        for shape, velocity in self._velocity.items():
            velocity.copy_(state["x".join(map(str, shape))])


def orthogonalise(matrices: Tensor) -> Tensor:
    """Return matrices (n, rows, columns) with the same singular vectors and singular values near 1.

    Each Newton-Schulz step multiplies by a polynomial of the Gram matrix. The polynomials commute, so their product is
    built among the small Gram matrices, and the wide matrices are multiplied once.
    """
    a, b, c = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.flatten(1).norm(dim=1).clamp(min=1e-7)[:, None, None]
    gram = x @ x.mT
    product: Tensor | None = None
    for step in range(_STEPS):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else factor @ product
        if step + 1 < _STEPS:
            gram = factor @ gram @ factor
    assert product is not None
    x = torch.bmm(product, x)
    return x.mT if tall else x
