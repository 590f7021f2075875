"""Renders a starter's model card from measured figures, so that no number in it is typed by hand.

python -m engine.synthetic.card FOLDER --figures scenes.json --run run.json [--strategies table.json]
    [--recommended settings.yaml] [--beside ANOTHER/figures.json]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

Figures = dict[str, dict[str, float]]
"""Group of questions → name of the figure → value, as `engine.synthetic.evaluate.measure` returns it."""

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


@dataclass(frozen=True)
class _Target:
    group: str
    figure: str
    says: str
    bound: float
    at_least: bool
    prototype: str

    def beside(self, other: Figures | None) -> str:
        """What stands in the last column: the same figure of another model, or of the prototype."""
        return self.prototype if other is None else f"{other[self.group][self.figure]:.2f}"

    def met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


_TARGETS: Final = (
    _Target("scenes", "dice", "Three or more objects: Dice", 0.70, True, "0.63"),
    _Target("scenes", "others_marked", "… share of the other objects marked", 0.10, False, "0.17"),
    _Target("held_out_pairs", "dice", "Colour and shape never seen together: Dice", 0.80, True, "0.82"),
    _Target("absent_thing", "empty", "Shape or colour that is not there: empty answers", 0.50, True, "0.20"),
    _Target("conjunctions", "dice", "Only both words name it: Dice", 0.80, True, "0.72"),
    _Target("conjunctions", "others_marked", "… share of the other objects marked", 0.12, False, "0.27"),
    _Target(
        "conjunctions_absent", "empty", "Both words there, on different objects: empty answers", 0.30, True, "0.00"
    ),
    _Target("other_code_scenes", "dice", "Plain scenes of the other drawing: Dice", 0.70, True, "0.87"),
    _Target("other_code_scenes", "others_marked", "… share of the other objects marked", 0.10, False, "0.07"),
    _Target("other_code_scenes_absent", "empty", "… absent shape or colour: empty answers", 0.50, True, "–"),
    _Target("other_code_conjunctions", "dice", "The other drawing, only both words name it: Dice", 0.80, True, "0.72"),
    _Target("other_code_conjunctions", "others_marked", "… share of the other objects marked", 0.12, False, "0.27"),
    _Target(
        "other_code_conjunctions_absent", "empty", "… the pair that is not there: empty answers", 0.30, True, "0.00"
    ),
)


def search_ranges(recommended: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Ranges of a search: published ones are for real checkpoints, whose rates are some hundred times lower.

    Two decades of learning rates around what is recommended; weight decays around theirs.
    """
    ranges: dict[str, Any] = {"all": {"training": {"weight_decay": {"range": [1e-4, 1e-1], "log": True}}}}
    for strategy, groups in recommended.items():
        rate = groups.get("training", {}).get("learning_rate")
        if rate is not None:
            ranges[strategy] = {"training": {"learning_rate": {"range": [rate / 20, rate * 5], "log": True}}}
        if "feed_forward" in groups.get("strategy", {}):
            ranges.setdefault(strategy, {})["strategy"] = {"feed_forward": {"choices": [256, 320, 384]}}
    return ranges


def render_card(
    figures: Figures,
    run: dict[str, Any],
    strategies: dict[str, Any] | None = None,
    recommended: dict[str, dict[str, dict[str, Any]]] | None = None,
    beside: Figures | None = None,
) -> str:
    """Return the card in Markdown under a YAML head.

    `run` is the pretraining's `run.json`; a text under `notes` there says what was special about that run. `beside`:
    the first starter's figures, which a second one is compared with.
    """
    about = _SUBJECTS[run.get("model", "clipseg")]
    head = {
        "title": about.title,
        "license": "apache-2.0",
        "notice": about.notice,
        "synthetic_only": True,
        "base_model_architecture": about.architecture,
        "recommended": about.recommended if recommended is None else recommended,
        "search": search_ranges(about.recommended if recommended is None else recommended),
    }
    parts = [
        "---\n" + yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=110) + "---",
        about.introduction,
        _training_section(run, about),
        _figures_section(figures, about, beside),
        _strategies_section(strategies, about),
        about.limits,
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _training_section(run: dict[str, Any], about: _Subject) -> str:
    return (
        "## How it was trained\n\n"
        f"{about.begins}, on scenes drawn by `engine/synthetic`: {run['views']:,} views of scenes in {run['steps']:,} "
        f"steps, {run['minutes']:.0f} minutes of wall time on one shared processor core, no GPU. To do it again:\n\n"
        f"```\npython -m engine.synthetic.pretrain --out FOLDER {about.options}\n"
        f"python -m engine.synthetic.export_model FOLDER resources/models/{about.id}{about.exported}\n```\n\n"
        "An interrupted run goes on with `--resume`. The schedule follows the clock, so another machine gives other "
        "weights. One pair of colour and shape in twelve was held out: never drawn, never named."
        + (f"\n\n{run['notes']}" if run.get("notes") else "")
    )


def _figures_section(figures: Figures, about: _Subject, beside: Figures | None) -> str:
    lines = [
        "## How truly it follows a phrase",
        "",
        'On scenes never seen in training, at a threshold of one half. "The other drawing" is a second, plain way of '
        "drawing the same words (`engine/synthetic/other_scenes.py`), never trained on. An answer counts as empty "
        "below 0.3 % of the picture. " + about.compared,
        "",
        f"| | questions | this model | target | | {'prototype' if beside is None else 'the CLIPSeg starter'} |",
        "|---|---|---|---|---|---|",
    ]
    for target in _TARGETS:
        group = figures[target.group]
        value = group[target.figure]
        bound = f"{'≥' if target.at_least else '≤'} {target.bound:.2f}"
        verdict = "met" if target.met(value) else "**missed**"
        other = target.beside(beside)
        lines.append(f"| {target.says} | {group['questions']:.0f} | {value:.2f} | {bound} | {verdict} | {other} |")
    blind = {name: figures[name]["dice_phrase_blind"] for name in ("scenes", "conjunctions", "held_out_pairs")}
    strict = {name: figures[name]["empty_strict"] for name in ("absent_thing", "conjunctions_absent")}
    faint, clear = figures["scenes_faint"], figures["scenes_clear"]
    share = faint["questions"] / figures["scenes"]["questions"]
    lines += [
        "",
        f"Marking every object, whatever the phrase, would give Dice {blind['scenes']:.2f} (three or more objects), "
        f"{blind['held_out_pairs']:.2f} (held-out pairs) and {blind['conjunctions']:.2f} (both words needed). "
        f"Counting only answers without a single pixel as empty: {strict['absent_thing']:.2f} (absent thing) and "
        f"{strict['conjunctions_absent']:.2f} (absent pair).",
        "",
        f"Of the scenes with three or more objects, {share:.0%} are faint: low contrast, folds and highlights, as in "
        f"the medical sets. On those alone Dice is {faint['dice']:.2f}; on the others it is {clear['dice']:.2f}, with "
        f"{clear['others_marked']:.2f} of the other objects marked.",
        "",
        f"Measured by `python tests/benchmarks/starter_scenes.py{about.measured} --json`.",
    ]
    return "\n".join(lines)


def _strategies_section(table: dict[str, Any] | None, about: _Subject) -> str:
    command = f"`python tests/benchmarks/starter_strategies.py{about.weights} --out table.json`."
    title = "## What tuning it does, on drawn medical-like sets\n\n"
    if table is None:
        return title + f"Not measured yet for these weights: {command}"
    cells: dict[str, dict[str, Any]] = table["cells"]
    kinds = list(dict.fromkeys(key.split("/")[0] for key in cells))
    lines = [
        title
        + f"Synthetic images, {table['train']} for training, {table['val']} for validation, {table['test']} for test; "
        "mean Dice of the test images of all seeds, with its 95 % bootstrap interval over images.",
        "",
        "| | " + " | ".join(kinds) + " |",
        "|---" * (len(kinds) + 1) + "|",
    ]
    for name, shown in table["rows"].items():
        row = []
        for kind in kinds:
            found = table["summary"].get(f"{kind}/{name}")
            row.append(f"{found['mean']:.2f} ({found['low']:.2f}–{found['high']:.2f})" if found else "–")
        lines.append(f"| {shown} | " + " | ".join(row) + " |")
    return "\n".join([*lines, "", f"Measured by {command}"])


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
class _Subject:
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


_SUBJECTS: Final = {
    "clipseg": _Subject(
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
    "cris": _Subject(
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the model's folder; its README.md is written")
    parser.add_argument("--figures", type=Path, required=True, help="from tests/benchmarks/starter_scenes.py --json")
    parser.add_argument("--run", type=Path, required=True, help="run.json of the pretraining")
    parser.add_argument("--strategies", type=Path, help="from tests/benchmarks/starter_strategies.py")
    parser.add_argument("--beside", type=Path, help="another model's figures to compare with")
    parser.add_argument("--recommended", type=Path, help="YAML: settings per strategy, instead of those built in")
    arguments = parser.parse_args()

    def read(path: Path | None) -> Any:
        return None if path is None else yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML too

    figures = json.loads(arguments.figures.read_text(encoding="utf-8"))["figures"]
    text = render_card(
        figures,
        read(arguments.run),
        read(arguments.strategies),
        read(arguments.recommended),
        None if arguments.beside is None else read(arguments.beside)["figures"],
    )
    (arguments.folder / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
