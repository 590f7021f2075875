"""Decoder fine-tuning: both encoders stay frozen.

On CLIPSeg this is what TuneVLSeg's "end to end" trains: the stock forward runs both encoders without gradients, so
only the decoder ever moves.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from engine.config.fields import setting
from engine.models.base import VLSM
from engine.models.sites import PromptSites
from engine.strategies.base import STRATEGIES, StrategyConfig, Words
from engine.strategies.zero_shot import NoPrompts


@STRATEGIES.register("decoder_finetune")
class DecoderFinetune(StrategyConfig):
    """The whole decoder learns, both encoders stay as they are (the published "end to end" on CLIPSeg)."""

    title: ClassVar[str] = "Decoder fine-tuning"
    learns_at: ClassVar[tuple[str, ...]] = ("decoder", "last_layer")
    learns_decoder: ClassVar[bool] = True

    train_last_layer: Literal[True] = setting(
        True, "The last layer learns with the rest.", title="Train the last layer", expert=True
    )

    def build(self, sites: PromptSites, words: Words, labels: int = 1) -> NoPrompts:
        del sites, words, labels
        return NoPrompts()

    def unfreeze(self, vlsm: VLSM) -> None:
        for part in vlsm.decoder_parts():
            for parameter in part.parameters():
                parameter.requires_grad_(True)
