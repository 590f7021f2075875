"""CLIP's two towers as CRIS holds them."""

from __future__ import annotations

import torch
from torch import nn

from engine.models.cris.config import CrisConfig
from engine.models.cris.modified_resnet import ModifiedResNet
from engine.models.cris.text_transformer import TextTransformer


class Backbone(nn.Module):
    """`visual` and the parts of the text tower; `text_projection` (text width, joint width) takes rows."""

    def __init__(self, config: CrisConfig) -> None:
        super().__init__()
        width = config.text_width
        self.visual = ModifiedResNet(config)
        self.transformer = TextTransformer(config)
        self.token_embedding = nn.Embedding(config.vocab_size, width)
        self.positional_embedding = nn.Parameter(torch.randn(config.text_positions, width) * 0.01)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, config.joint_width) * width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(2.6592))  # CLIP's contrast; in the checkpoint, not used here
        nn.init.normal_(self.token_embedding.weight, std=0.02)
