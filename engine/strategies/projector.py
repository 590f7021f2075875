"""Small networks that turn one vector into another: CoCoOp's meta-net, and what couples text and image prompts.

The forms are those of TuneVLSeg (arXiv 2410.05239). Its plain linear form ignores the settings of norm and bias; ours
has a name of its own (`linear`), to which the norm applies where it is asked for.
"""

from __future__ import annotations

import copy
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from torch import nn

from engine.config.fields import setting
from engine.strategies.base import StrategyConfig

Width = Annotated[int, Field(ge=1, le=8192)]


class ProjectorConfig(StrategyConfig):
    """Settings of strategies with projectors: one network a depth, or one for all."""

    projector: Literal["mlp", "low_rank", "linear"] = setting(
        "mlp",
        "Network that makes one prompt from another: hidden layers with ReLU, two factors of low rank, or one layer.",
        search=["mlp", "low_rank"],
    )
    projector_width: Width | Annotated[tuple[Width, ...], Field(min_length=1)] = setting(
        64,
        "Its hidden width, or the rank; a list for several hidden layers; a plain linear projector has none.",
        search=[32, 64, 96, 128],
    )
    projector_norm: bool = setting(
        True,
        "Its output is normalised (LayerNorm), so prompts start at unit scale.",
        title="Normalise what the projector gives",
    )
    projector_shared: bool = setting(
        False, "One network for all depths instead of one a depth.", title="One projector for all depths", expert=True
    )

    @model_validator(mode="after")
    def _one_rank(self) -> Self:
        if self.projector == "low_rank" and len(self.projector_widths) > 1:
            raise ValueError("a low_rank projector takes one projector_width; a list is for projector: mlp")
        return self

    @property
    def projector_widths(self) -> tuple[int, ...]:
        """The hidden widths as a list."""
        return (self.projector_width,) if isinstance(self.projector_width, int) else self.projector_width

    def projectors(
        self, count: int, inputs: int, outputs: int, *, final_bias: bool = True, identical: bool = False
    ) -> nn.ModuleList:
        """`count` networks from `inputs` to `outputs` channels; one and the same, repeated, where they are shared.

        `final_bias`: whether the last layer (the norm, where there is one) has a bias. `identical`: all start from
        the same weights, as where TuneVLSeg copies one network.
        """
        if self.projector_shared or identical:
            first = self._projector(inputs, outputs, final_bias)
            return nn.ModuleList(first if self.projector_shared else copy.deepcopy(first) for _ in range(count))
        return nn.ModuleList(self._projector(inputs, outputs, final_bias) for _ in range(count))

    def _projector(self, inputs: int, outputs: int, final_bias: bool) -> nn.Module:
        if self.projector == "linear" and not self.projector_norm:
            return nn.Linear(inputs, outputs)  # its bias stays, whatever `final_bias` says: TuneVLSeg's rule
        last_bias = final_bias and not self.projector_norm
        layers: list[nn.Module] = []
        if self.projector == "mlp":
            layers = _hidden(inputs, self.projector_widths)
            layers.append(nn.Linear(self.projector_widths[-1], outputs, bias=last_bias))
        elif self.projector == "low_rank":
            (rank,) = self.projector_widths
            layers.append(nn.Linear(inputs, min(rank, outputs), bias=False))
            if rank <= outputs:  # a larger rank is no bottleneck: one layer does
                layers.append(nn.Linear(rank, outputs, bias=last_bias))
        else:
            layers.append(nn.Linear(inputs, outputs, bias=False))
        if self.projector_norm:
            layers.append(nn.LayerNorm(outputs, bias=final_bias))
        return nn.Sequential(*layers)


def _hidden(inputs: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """Linear and ReLU for each width; their weights start from Kaiming's normal distribution."""
    layers: list[nn.Module] = []
    for wide, narrow in zip((inputs, *widths), widths, strict=False):
        linear = nn.Linear(wide, narrow)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        layers += [linear, nn.ReLU()]
    return layers
