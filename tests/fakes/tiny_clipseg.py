"""A tiny CLIPSeg folder in the Hugging Face layout, random weights, made in a second: for tests only."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

WORDS = "a an photo of the red blue disc square lesion polyp liver spleen kidney cell nucleus left right".split()


def tiny_config(image_size: int = 32, patch_size: int = 8, layers: int = 3) -> CLIPSegConfig:
    """Three blocks a tower, 32 wide, taps after each block."""
    text = {
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "max_position_embeddings": 16,
        "bos_token_id": 1,
        "eos_token_id": 3,
        "pad_token_id": 0,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "image_size": image_size,
        "patch_size": patch_size,
    }
    return CLIPSegConfig(
        text_config=text,
        vision_config=vision,
        projection_dim=24,
        extract_layers=list(range(layers)),
        reduce_dim=16,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
        use_complex_transposed_convolution=patch_size % 16 == 0,
    )


def tiny_network(seed: int = 0, **size: int) -> CLIPSegForImageSegmentation:
    """A tiny network with random weights."""
    return drawn_weights(CLIPSegForImageSegmentation(tiny_config(**size)), seed)


def drawn_weights(network: CLIPSegForImageSegmentation, seed: int = 0) -> CLIPSegForImageSegmentation:
    """Random weights of a sensible scale (transformers 5 starts the decoder far too large); the same network."""
    generator = torch.Generator().manual_seed(seed)
    network.eval()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.LayerNorm):
                module.weight.fill_(1.0)
                module.bias.zero_()
            elif isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
                fan = 1 if isinstance(module, nn.Embedding) else module.weight[0].numel()
                std = 0.3 if isinstance(module, nn.Embedding) else 1 / math.sqrt(fan)
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator) * std)
                if getattr(module, "bias", None) is not None:
                    module.bias.copy_(torch.randn(module.bias.shape, generator=generator) * 0.02)
        network.decoder.film_mul.bias.fill_(1.0)
        token = network.clip.vision_model.embeddings.class_embedding
        token.copy_(torch.randn(token.shape, generator=generator) * 0.3)
    return network


def tiny_tokenizer() -> Tokenizer:
    """Whole words and single letters; pad 0, bos 1, unk 2, eos 3."""
    vocabulary = {token: at for at, token in enumerate(["<pad>", "<bos>", "<unk>", "<eos>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", 1), ("<eos>", 3)]
    )
    return tokenizer


def write_tiny_clipseg(folder: Path, seed: int = 0, **size: int) -> Path:
    """A complete weights folder: config, weights, tokenizer, preprocessor; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    network = tiny_network(seed, **size)
    network.save_pretrained(folder)
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "model_max_length": 16,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    side = network.config.vision_config.image_size
    processor = {
        "size": {"height": side, "width": side},
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.25, 0.25, 0.25],
        "rescale_factor": 1 / 255,
        "do_resize": True,
        "do_normalize": True,
        "do_rescale": True,
        "image_processor_type": "ViTImageProcessor",
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder
