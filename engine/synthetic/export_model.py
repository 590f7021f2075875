"""Writes a pretrained checkpoint as the folder that ships: fp16 weights, configuration, tokenizer, preprocessing."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import torch
from tokenizers import Tokenizer

from engine.synthetic.checkpoint import load_weights
from engine.synthetic.evaluate import measure
from engine.synthetic.network import build_network, save_preprocessor
from engine.synthetic.tokenizer_build import save_tokenizer

_LOG = logging.getLogger(__name__)


def export_model(run: Path, folder: Path, which: str = "blend") -> None:
    """Write a run's model; `which` weights: see `load_weights`."""
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    network = build_network(tokenizer.get_vocab_size())
    network.load_state_dict(load_weights(run, which))
    network.to(torch.float16)
    folder.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(folder)
    # Stored in halves, computed in full: transformers opens a folder in the type its configuration names.
    config_file = folder / "config.json"
    config = json.loads(config_file.read_text(encoding="utf-8"))
    for part in (config, config["text_config"], config["vision_config"]):
        part.pop("torch_dtype", None)
        part["dtype"] = "float32"
    config_file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_tokenizer(tokenizer, folder)
    save_preprocessor(folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors writes for the owner only


def measure_weights(run: Path, which: str, scenes: int, seed: int) -> dict[str, dict[str, float]]:
    """Return the figures of a run's weights, in fp32, without writing anything."""
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    network = build_network(tokenizer.get_vocab_size())
    network.load_state_dict(load_weights(run, which))
    return measure(network, tokenizer, scenes, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the --out folder of the pretraining")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--which", choices=("average", "network", "blend"), default="blend")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    export_model(arguments.run, arguments.folder, arguments.which)
    size = sum(file.stat().st_size for file in arguments.folder.iterdir())
    _LOG.info("wrote %s, %.1f MB", arguments.folder, size / 1e6)


if __name__ == "__main__":
    main()
