"""CLIPSeg checkpoints in the Hugging Face layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engine.contract.errors import WeightsMissing
from engine.models import MODELS
from engine.models.network import read_json

if TYPE_CHECKING:
    from engine.models.clipseg import ClipSeg


@MODELS.register("clipseg")
class ClipSegNetwork:
    """CLIPSeg: a ViT and a text transformer from CLIP with a light decoder (checkpoints in the Hugging Face layout)."""

    title: ClassVar[str] = "CLIPSeg"

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return read_json(folder / "config.json").get("model_type") == "clipseg"

    @classmethod
    def limits(cls, folder: Path) -> dict[str, int]:
        config = read_json(folder / "config.json")
        text, vision = config.get("text_config") or {}, config.get("vision_config") or {}
        # What a config leaves out is CLIP's own ViT-B/16.
        return {
            "text_layers": int(text.get("num_hidden_layers", 12)),
            "text_positions": int(text.get("max_position_embeddings", 77)),
            "text_width": int(text.get("hidden_size", 512)),
            "image_width": int(vision.get("hidden_size", 768)),
            "image_layers": int(vision.get("num_hidden_layers", 12)),
            "image_size": int(vision.get("image_size", 224)),
            "patch_size": int(vision.get("patch_size", 16)),
        }

    @classmethod
    def skeleton(cls, folder: Path) -> ClipSeg:
        import torch
        from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

        from engine.models.clipseg import ClipSeg

        config = CLIPSegConfig.from_pretrained(folder, local_files_only=True)
        with torch.device("meta"):
            return ClipSeg(CLIPSegForImageSegmentation(config))

    @classmethod
    def load(cls, folder: Path) -> ClipSeg:
        import torch
        from transformers import CLIPSegForImageSegmentation
        from transformers.utils import logging

        from engine.models.clipseg import ClipSeg

        logging.disable_progress_bar()  # a bar of its own among our events; a second's work
        try:
            network, found = CLIPSegForImageSegmentation.from_pretrained(
                folder,
                local_files_only=True,
                dtype=torch.float32,
                weights_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                attn_implementation="sdpa",
            )
        except Exception as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise WeightsMissing(
                f"The weights in {folder} cannot be loaded: {reason}",
                hint="The files are damaged or belong to another model; import them again.",
                field="model.weights",
            ) from error
        missing = sorted(found["missing_keys"])
        if missing:
            raise WeightsMissing(
                f"The weights in {folder} are not whole: {len(missing)} tensors are missing ({missing[0]}, …).",
                hint="Import the complete checkpoint; the missing parts would be random.",
                field="model.weights",
            )
        return ClipSeg(network)

    @classmethod
    def convert(cls, file: Path, target: Path) -> bool:
        del file, target
        return False
