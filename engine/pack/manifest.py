"""`pack.yaml`: what a prompt pack says of itself.

A pack `NAME.tvprompt` is a zip of four files: `pack.yaml`, `recipe.yaml` (how it was tuned, without places on anybody's
disk), `learned.safetensors` (what the run learned, and nothing of the base model) and `README.md` (for people).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from engine.bundle.manifest import BaseModelInfo
from engine.bundle.presence import Presence
from engine.config.fields import Settings, setting
from engine.data.config import LabelConfig

FORMAT_VERSION = 1
SUFFIX = ".tvprompt"

MANIFEST = "pack.yaml"
RECIPE = "recipe.yaml"
LEARNED = "learned.safetensors"
CARD = "README.md"
FILES = (MANIFEST, RECIPE, LEARNED, CARD)


class PackManifest(Settings):
    """Contents of `pack.yaml`."""

    format_version: int = setting(FORMAT_VERSION, "Version of this layout.")
    name: str = setting("prompts", "Name shown to a person.", min_length=1, max_length=80)
    strategy: str = setting("coop", "Prompt-tuning strategy; its settings are in recipe.yaml.")
    learned: int = setting(0, "Numbers that were learned.", ge=0)
    model: BaseModelInfo = setting(BaseModelInfo(), "The base weights that it belongs to, and to no others.")
    labels: tuple[LabelConfig, ...] = setting((), "Structures: value in masks, name, phrase, colour, code.")
    plane: Literal["axial", "coronal", "sagittal", "acquisition"] = setting("axial", "Plane of the slices.")
    intensity: dict[str, Any] = setting({}, "How values became grey levels: the window, or percentiles.")
    threshold: float = setting(0.5, "A voxel belongs to the mask from this probability on.", gt=0, lt=1)
    presence: Presence | None = setting(None, "When a phrase counts as found; none: from the threshold on.")
    best_epoch: int = setting(1, "Epoch whose weights these are.", ge=1)
    validation: dict[str, float] = setting({}, "Scores of that epoch on the validation split, as in metrics.csv.")
    phrase: dict[str, Any] = setting({}, "Whether the phrase matters, where that was looked at.")
    synthetic: bool = setting(False, "Tuned on drawn images only.")
    notice: str = setting("", "What a user must know before trusting the masks.")
    producer: str = setting("tunevlseg", "Program and version that wrote the pack.")
    files: dict[str, str] = Field({}, description="sha256 of each file of the pack but this one.")
