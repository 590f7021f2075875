"""Writes a pretrained checkpoint as the folder that ships: fp16 weights, configuration, tokenizer, preprocessing."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn

from engine.models.networks.cris import write_configs
from engine.synthetic.batches import draw_batch
from engine.synthetic.checkpoint import load_weights
from engine.synthetic.evaluate import measure
from engine.synthetic.network import IMAGE_MEAN, IMAGE_STD, save_preprocessor, tokenise
from engine.synthetic.pool import ScenePool
from engine.synthetic.starters import KINDS, ClipSegStarter, CrisStarter, Starter, build_starter
from engine.synthetic.tokenizer_build import save_tokenizer

_LOG = logging.getLogger(__name__)
_STATISTICS_BATCHES: Final = 40
_STATISTICS_IMAGES: Final = 16


def load_starter(run: Path, which: str, batches: int = _STATISTICS_BATCHES) -> tuple[Starter, Tokenizer]:
    """Return a run's network with `which` weights (see `load_weights`) and its tokenizer.

    Where there are batch norms and the weights are an average, their statistics are measured anew, on `batches` batches
    of the scenes that the run learned from: an average of weights has statistics that no step of training ever had.
    """
    settings = _settings(run)
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    kind = str(settings.get("model", "clipseg"))
    starter = build_starter(kind, tokenizer.get_vocab_size())
    starter.network.load_state_dict(load_weights(run, which))
    if which != "network" and kind == "cris":
        refresh_statistics(starter, tokenizer, ScenePool(run / "pool", int(settings["slots"]), KINDS[kind]), batches)
    starter.network.eval()
    return starter, tokenizer


def _settings(run: Path) -> dict[str, Any]:
    with safe_open(run / "checkpoint.safetensors", framework="pt") as file:
        state: dict[str, Any] = json.loads(file.metadata()["state"])
    return dict(state.get("settings", {}))


@torch.no_grad()
def refresh_statistics(starter: Starter, tokenizer: Tokenizer, pool: ScenePool, batches: int) -> None:
    """Measure the batch norms' means and variances anew, as plain means over `batches` batches."""
    norms = [m for m in starter.network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    starter.network.train()
    for number in range(batches):
        batch = draw_batch(pool, np.random.default_rng((20, number)), _STATISTICS_IMAGES, 4)
        starter.decode(starter.features(batch.images), starter.read(*tokenise(tokenizer, batch.phrases)))
    starter.network.eval()
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


def export_model(run: Path, folder: Path, which: str = "blend") -> None:
    """Write a run's model; `which` weights: see `load_weights`."""
    starter, tokenizer = load_starter(run, which)
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(starter, ClipSegStarter):
        _save_clipseg(starter, folder)
        save_preprocessor(folder)
    elif isinstance(starter, CrisStarter):
        state = starter.network.state_dict()
        halves = {name: t.half() if t.is_floating_point() else t for name, t in state.items()}
        save_file({name: tensor.contiguous() for name, tensor in halves.items()}, folder / "model.safetensors")
        write_configs(folder, starter.model.config, IMAGE_MEAN, IMAGE_STD)
    save_tokenizer(tokenizer, folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors writes for the owner only


def _save_clipseg(starter: ClipSegStarter, folder: Path) -> None:
    starter.network.to(torch.float16)
    starter.network.save_pretrained(folder)
    # Stored in halves, computed in full: transformers opens a folder in the type its configuration names.
    config_file = folder / "config.json"
    config = json.loads(config_file.read_text(encoding="utf-8"))
    for part in (config, config["text_config"], config["vision_config"]):
        part.pop("torch_dtype", None)
        part["dtype"] = "float32"
    config_file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def measure_weights(run: Path, which: str, scenes: int, seed: int) -> dict[str, dict[str, float]]:
    """Return the figures of a run's weights, in fp32, without writing anything."""
    return measure(*load_starter(run, which), scenes, seed)


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
