"""Networks of the published sizes with random weights: their speed is the real one, their answers mean nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

from engine.models.weights import find_weights
from engine.runs.folders import resources


def write_clipseg(folder: Path, image_size: int = 352) -> Path:
    """CLIPSeg rd64-refined's shapes (ViT-B/16, taps 3, 6, 9, 64 reduced channels) in the Hugging Face layout.

    Its words are the starter's tokenizer, which knows fewer than the published one; phrases are as long.
    """
    if (folder / "model.safetensors").is_file():
        return folder
    torch.manual_seed(0)
    starter = find_weights("starter").path
    words = json.loads((starter / "config.json").read_text())["text_config"]
    special = {name: words[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id") if name in words}
    config = CLIPSegConfig(
        text_config={"max_position_embeddings": 77, **special},
        vision_config={"image_size": image_size, "patch_size": 16},
        reduce_dim=64,
        use_complex_transposed_convolution=True,
    )
    network = CLIPSegForImageSegmentation(config).eval()
    with torch.no_grad():
        for parameter in network.decoder.parameters():  # transformers 5 starts the decoder far too large
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    network.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (folder / name).write_bytes((resources() / "models" / "starter" / name).read_bytes())
    preprocessor = {
        "size": {"height": image_size, "width": image_size},
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return folder
