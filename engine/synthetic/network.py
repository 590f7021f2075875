"""The starter's network: the CLIPSeg architecture, small, and how its pieces are called so that all of it can learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

from engine.synthetic.tokenizer_build import BOS_ID, EOS_ID, MAX_LENGTH, PAD_ID

IMAGE_SIZE: Final = 128
PATCH_SIZE: Final = 16  # the complex transposed convolution enlarges by (patch / 4) squared: 16 gives the input's size
IMAGE_MEAN: Final = (0.5, 0.5, 0.5)
IMAGE_STD: Final = (0.25, 0.25, 0.25)


def starter_config(vocabulary: int) -> CLIPSegConfig:
    """Return the configuration of the shipped model: about 4 million parameters."""
    return CLIPSegConfig(
        text_config={
            "vocab_size": vocabulary,
            "hidden_size": 128,
            "intermediate_size": 512,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "max_position_embeddings": MAX_LENGTH,
            "hidden_act": "gelu",
            "pad_token_id": PAD_ID,
            "bos_token_id": BOS_ID,
            "eos_token_id": EOS_ID,
        },
        vision_config={
            "hidden_size": 192,
            "intermediate_size": 768,
            "num_hidden_layers": 6,
            "num_attention_heads": 3,
            "hidden_act": "gelu",
            "image_size": IMAGE_SIZE,
            "patch_size": PATCH_SIZE,
        },
        projection_dim=128,
        extract_layers=[1, 3, 5],
        reduce_dim=64,
        decoder_num_attention_heads=4,
        decoder_intermediate_size=256,
        conditional_layer=0,
        use_complex_transposed_convolution=True,
    )


def build_network(vocabulary: int, seed: int = 0) -> CLIPSegForImageSegmentation:
    """Return an untrained network, initialised so that its first logits are small."""
    torch.manual_seed(seed)
    network = CLIPSegForImageSegmentation(starter_config(vocabulary))
    initialise(network)
    return network


def initialise(network: CLIPSegForImageSegmentation) -> None:
    """Draw anew those weights that transformers draws too large or too small to learn from in an hour."""
    _initialise_encoders(network)
    _initialise_decoder(network)


def _initialise_encoders(network: CLIPSegForImageSegmentation) -> None:
    # Token and position vectors of 0.02 vanish beside each other's noise in a network this narrow and short-lived.
    embeddings = network.clip.text_model.embeddings
    nn.init.normal_(embeddings.token_embedding.weight, std=0.1)
    nn.init.normal_(embeddings.position_embedding.weight, std=0.05)
    nn.init.xavier_uniform_(network.clip.vision_model.embeddings.patch_embedding.weight.flatten(1))
    nn.init.normal_(network.clip.vision_model.embeddings.position_embedding.weight, std=0.05)


def _initialise_decoder(network: CLIPSegForImageSegmentation) -> None:
    # transformers draws these weights with standard deviation 1, which gives logits of several hundred.
    decoder = network.decoder
    for reduce in decoder.reduces:
        nn.init.xavier_uniform_(reduce.weight)
        nn.init.zeros_(reduce.bias)
    for film, start in ((decoder.film_mul, 1.0), (decoder.film_add, 0.0)):
        nn.init.normal_(film.weight, std=0.5 * film.in_features**-0.5)
        nn.init.constant_(film.bias, start)
    first, _, widen, _, last = decoder.transposed_convolution
    nn.init.kaiming_normal_(first.weight, nonlinearity="relu")
    nn.init.normal_(widen.weight, std=(2.0 / widen.in_channels) ** 0.5)
    nn.init.normal_(last.weight, std=0.5 * last.in_channels**-0.5)
    for layer in (first, widen):
        nn.init.zeros_(layer.bias)
    nn.init.constant_(last.bias, -2.0)  # most pixels are background


def normalise(images: Tensor) -> Tensor:
    """Return uint8 images (n, height, width, 3) as the network's input (n, 3, height, width)."""
    pixels = images.permute(0, 3, 1, 2).float() / 255.0
    mean = torch.tensor(IMAGE_MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGE_STD, device=images.device).view(1, 3, 1, 1)
    return ((pixels - mean) / std).contiguous()


def encode_images(network: CLIPSegForImageSegmentation, pixels: Tensor) -> tuple[Tensor, ...]:
    """Return the taps (n, 1 + patches, width) of pixels (n, 3, height, width), first tap first."""
    states = network.clip.vision_model(pixel_values=pixels, output_hidden_states=True).hidden_states
    return tuple(states[layer + 1] for layer in network.config.extract_layers)


def tokenise(tokenizer: Tokenizer, phrases: list[str]) -> tuple[Tensor, Tensor]:
    """Return ids and attention mask (n, longest) of the phrases."""
    encodings = tokenizer.encode_batch(phrases)
    ids = torch.tensor([encoding.ids for encoding in encodings])
    return ids, torch.tensor([encoding.attention_mask for encoding in encodings])


def encode_text(network: CLIPSegForImageSegmentation, ids: Tensor, attention_mask: Tensor) -> Tensor:
    """Return the conditional vectors (n, projection) of token ids (n, length)."""
    pooled = network.clip.text_model(input_ids=ids, attention_mask=attention_mask).pooler_output
    projected: Tensor = network.clip.text_projection(pooled)
    return projected


def decode(network: CLIPSegForImageSegmentation, taps: tuple[Tensor, ...], conditions: Tensor) -> Tensor:
    """Return logits (n, phrases, height, width) for taps of n images and conditions (n, phrases, projection).

    The same numbers as the decoder's own forward on repeated images, in half the time: what does not depend on the
    phrase is computed once, and the transposed convolutions, whose kernels do not overlap, are matrix products.
    """
    decoder = network.decoder
    images, phrases = conditions.shape[:2]
    flat = conditions.flatten(0, 1)
    state: Tensor | None = None
    for index, (tap, layer, reduce) in enumerate(zip(taps[::-1], decoder.layers, decoder.reduces, strict=True)):
        reduced = reduce(tap)[:, None].expand(-1, phrases, -1, -1).flatten(0, 1)
        state = reduced if state is None else reduced + state
        if index == decoder.conditional_layer:
            state = decoder.film_mul(flat)[:, None] * state + decoder.film_add(flat)[:, None]
        state = layer(state, attention_mask=None)
    assert state is not None
    logits = _enlarge(decoder.transposed_convolution, state[:, 1:])
    return logits.view(images, phrases, *logits.shape[1:])


def _enlarge(convolutions: nn.Sequential, tokens: Tensor) -> Tensor:
    """Return logits (n, height, width) of patch tokens (n, side * side, channels)."""
    first, _, widen, _, last = convolutions
    assert isinstance(widen, nn.ConvTranspose2d)
    assert isinstance(last, nn.ConvTranspose2d)
    assert widen.bias is not None
    assert last.bias is not None
    count, patches, channels = tokens.shape
    side = round(patches**0.5)
    picture = torch.relu(first(tokens.transpose(1, 2).reshape(count, channels, side, side)))
    k, m = widen.kernel_size[0], last.kernel_size[0]
    cells = picture.flatten(2).transpose(1, 2)  # (n, side * side, channels)
    weight = widen.weight.permute(0, 2, 3, 1).flatten(1)  # to (row, column, channel) of each small cell
    cells = torch.relu(cells @ weight + widen.bias.repeat(k * k))
    cells = cells.view(count, side, side, k, k, widen.out_channels) @ last.weight.flatten(1) + last.bias
    cells = cells.view(count, side, side, k, k, m, m).permute(0, 1, 3, 5, 2, 4, 6)
    return cells.reshape(count, side * k * m, side * k * m)


def save_preprocessor(folder: Path) -> None:
    """Write `preprocessor_config.json` in the style of transformers' ViT image processor."""
    config = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": IMAGE_SIZE, "width": IMAGE_SIZE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(IMAGE_MEAN),
        "image_std": list(IMAGE_STD),
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
