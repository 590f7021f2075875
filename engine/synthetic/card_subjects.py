"""What the cards of the starters say of their own: words, recommended settings, and how each was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

NOTICE: Final = "Starter: has never seen medical images: tune first."


# Starting points, some hundred times the published rates for a network this small; `--recommended` replaces them.
_COSINE: Final = {
    "epochs": 16, "min_epochs": 16, "batch_size": 16, "schedule": "cosine", "warmup_steps": 8,
    "grad_clip": 1.0, "weight_decay": 0.01,
}  # fmt: skip


_WORDS: Final = {"num_context": 8, "initialise_from": None, "context_std": 0.1}


_LAYERS: Final = {"learning_rate_layers": 2e-3}


_BOTH: Final = {"num_context": 8, "prompt_depth": 3, "image_depth": 6, "context_std": 0.1}


RECOMMENDED: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "zero_shot": {"training": {"batch_size": 16}},
    "coop": {"strategy": _WORDS, "training": {**_COSINE, **_LAYERS, "learning_rate": 2e-2}},
    "vpt": {
        "strategy": {"num_context": 8, "prompt_depth": 6, "context_std": 0.1},
        "training": {**_COSINE, **_LAYERS, "learning_rate": 5e-2},
    },
    "cocoop": {
        "strategy": {**_WORDS, "projector_width": 32, "projector_norm": False},
        "training": {**_COSINE, **_LAYERS, "learning_rate": 2e-2},
    },
    "maple": {
        "strategy": {**_BOTH, "initialise_from": None},
        "training": {**_COSINE, **_LAYERS, "learning_rate": 2e-2},
    },
    "shared_attention": {
        "strategy": {**_BOTH, "feed_forward": 320},
        "training": {**_COSINE, **_LAYERS, "learning_rate": 5e-2},
    },
    "shared_separate": {
        "strategy": _BOTH,
        "training": {**_COSINE, "learning_rate_layers": 5e-3, "learning_rate": 2e-2},
    },
    "upsampler_only": {"training": {**_COSINE, "learning_rate": 2e-3}},
    "last_layer_only": {"training": {**_COSINE, "learning_rate": 2e-3}},
    "decoder_finetune": {"training": {**_COSINE, "learning_rate": 4e-3}},
    "full_finetune": {"training": {**_COSINE, "learning_rate": 4e-4}},
}


_DEEP: Final = {**_WORDS, "prompt_depth": 3}


# Chosen on validation images of drawn polyps and breast ultrasound (seed 77), two to four settings each.
CRIS_RECOMMENDED: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "zero_shot": {"training": {"batch_size": 16}},
    "coop": {"strategy": _DEEP, "training": {**_COSINE, **_LAYERS, "learning_rate": 5e-2}},
    "cocoop": {
        "strategy": {**_DEEP, "projector_width": 32},
        "training": {**_COSINE, **_LAYERS, "learning_rate": 5e-2},
    },
    "upsampler_only": {"training": {**_COSINE, "learning_rate": 1e-2}},
    "last_layer_only": {"training": {**_COSINE, "learning_rate": 1e-2}},
    "decoder_finetune": {"training": {**_COSINE, "learning_rate": 4e-3}},
    "full_finetune": {"training": {**_COSINE, "learning_rate": 4e-4}},
}


_INTRODUCTION: Final = """
# Starter

A small vision-language segmentation model of the CLIPSeg architecture (3.9 million parameters, images of 128 × 128
pixels, patches of 16), made so that every part of the program works without a download. It knows twelve shapes, twelve
colours, six textures, sizes and positions on drawn scenes, and nothing else: **it has never seen a medical image**, and
names of organs mean nothing to it before tuning ("lesion", "mass" and "structure" mean any object).

It opens in plain transformers:

```python
from transformers import AutoTokenizer, CLIPSegForImageSegmentation
model = CLIPSegForImageSegmentation.from_pretrained("resources/models/starter")
tokenizer = AutoTokenizer.from_pretrained("resources/models/starter")
```

For research use only. Not a medical device; not for diagnosis or treatment.
"""


_LIMITS: Final = """
## Limits

- Small targets: at 128 pixels a target of one per cent of the picture is about 160 pixels, less than one patch.
- Words outside the drawn world have untrained or neutral meanings; the Dice of a class name before tuning is arbitrary.
- The rates under `recommended` belong to this network only; real checkpoints want the published ones.
- All figures above are of synthetic images. None says how a tuned model does on patients.
"""


_CRIS_INTRODUCTION: Final = """
# Starter CRIS

A small vision-language segmentation model of the CRIS architecture (6.1 million parameters, images of 96 × 96 pixels,
a decoder map of 6 × 6, masks decided on 24 × 24 and enlarged), made so that CRIS can be tried without its authors'
checkpoint, which cannot be downloaded freely. It knows twelve shapes, twelve colours, six textures, sizes and positions
on drawn scenes, and nothing else: **it has never seen a medical image**, and names of organs mean nothing to it before
tuning ("lesion", "mass" and "structure" mean any object).

It says nothing about how well CRIS itself does: the published network is 24 times as large and learned from
photographs. Its weights are the authors' names and layout in small (`engine/models/cris/config.py`).

For research use only. Not a medical device; not for diagnosis or treatment.
"""


_CRIS_LIMITS: Final = """
## Limits

- Small targets: at 96 pixels a target of one per cent of the picture is about 90 pixels, six of the cells in which
  masks are decided.
- Words outside the drawn world have untrained or neutral meanings; the Dice of a class name before tuning is arbitrary.
- The rates under `recommended` belong to this network only; real checkpoints want the published ones.
- All figures above are of synthetic images. None says how a tuned model does on patients.
"""


@dataclass(frozen=True)
class Subject:
    """What the card of one kind of starter says of its own."""

    id: str
    title: str
    architecture: str
    notice: str
    introduction: str
    limits: str
    begins: str
    options: str
    compared: str
    recommended: dict[str, dict[str, dict[str, Any]]]
    exported: str = ""
    measured: str = ""
    weights: str = ""


SUBJECTS: Final = {
    "clipseg": Subject(
        id="starter",
        title="Starter",
        architecture="clipseg",
        notice=NOTICE,
        introduction=_INTRODUCTION,
        limits=_LIMITS,
        begins="From nothing",
        options="--minutes 82",
        compared="The targets come from an earlier prototype, whose figures stand beside them; they were measured on "
        "its own scenes, which differ from these.",
        recommended=RECOMMENDED,
    ),
    "cris": Subject(
        id="starter-cris",
        title="Starter CRIS",
        architecture="cris",
        notice="Starter CRIS: has never seen medical images: tune first.",
        introduction=_CRIS_INTRODUCTION,
        limits=_CRIS_LIMITS,
        begins="With the CLIPSeg starter's text tower (and its tokenizer) to begin with and everything else from "
        "nothing",
        options="--model cris --images 16 --phrases 4 --learning-rate 2e-3 --minutes 78",
        compared="The targets are those that the CLIPSeg starter was given; its own figures, on the same scenes drawn "
        "at 128 pixels, stand beside them. It learned from many more views, and of each more phrases.",
        recommended=CRIS_RECOMMENDED,
        exported=" --which network",
        measured=" --model resources/models/starter-cris",
        weights=" --weights starter-cris",
    ),
}
