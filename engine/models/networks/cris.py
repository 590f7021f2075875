"""CRIS: folders of our own making (config.json of engine.models.cris.config), and the authors' checkpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engine.models import MODELS
from engine.models.network import read_json

if TYPE_CHECKING:
    from engine.models.cris.config import CrisConfig
    from engine.models.cris_vlsm import Cris

_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@MODELS.register("cris")
class CrisFolder:
    """CRIS: CLIP's ResNet and text transformer with a decoder that reads the words (weights from its authors)."""

    title: ClassVar[str] = "CRIS"

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return read_json(folder / "config.json").get("model_type") == "cris"

    @classmethod
    def limits(cls, folder: Path) -> dict[str, int]:
        config = cls._config(folder)
        return {
            "text_layers": config.text_layers,
            "text_positions": config.text_positions,
            "text_width": config.text_width,
            "image_layers": 0,  # none that take tokens
            "image_size": config.image_size,
            "patch_size": 16,
            "vocabulary": config.vocab_size,
        }

    @classmethod
    def skeleton(cls, folder: Path) -> Cris:
        import torch

        from engine.models.cris.model import CrisNetwork
        from engine.models.cris_vlsm import Cris

        with torch.device("meta"):
            return Cris(CrisNetwork(cls._config(folder)))

    @classmethod
    def load(cls, folder: Path) -> Cris:
        from engine.models.cris.checkpoint import fill, read_checkpoint
        from engine.models.cris.model import CrisNetwork
        from engine.models.cris_vlsm import Cris

        network = CrisNetwork(cls._config(folder))
        fill(network, read_checkpoint(folder / "model.safetensors"), str(folder))
        return Cris(network).eval()

    @classmethod
    def convert(cls, file: Path, target: Path) -> bool:
        from engine.models.cris.checkpoint import PICKLED, check_tensors, infer_config, looks_like_cris, read_checkpoint

        if file.suffix not in (*PICKLED, ".safetensors"):
            return False
        tensors = read_checkpoint(file)
        if not looks_like_cris(tensors):
            return False
        import torch
        from safetensors.torch import save_file

        from engine.models.cris.model import CrisNetwork

        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        config = infer_config(shapes, str(file))
        with torch.device("meta"):
            check_tensors(CrisNetwork(config), shapes, str(file))
        save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, target / "model.safetensors")
        write_configs(target, config, _CLIP_MEAN, _CLIP_STD, resample=3)
        return True

    @classmethod
    def _config(cls, folder: Path) -> CrisConfig:
        from engine.models.cris.config import read_config

        return read_config(read_json(folder / "config.json"), str(folder))


def write_configs(
    folder: Path, config: CrisConfig, mean: tuple[float, ...], std: tuple[float, ...], resample: int = 2
) -> None:
    """Writes config.json and preprocessor_config.json of a CRIS folder; `resample` as PIL counts: 2 linear, 3 cubic."""
    preprocessor: dict[str, Any] = {
        "size": {"height": config.image_size, "width": config.image_size},
        "resample": resample,
        "image_mean": list(mean),
        "image_std": list(std),
    }
    for name, values in (("config", config.model_dump(mode="json")), ("preprocessor_config", preprocessor)):
        (folder / f"{name}.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
