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

from engine.synthetic.card_subjects import SUBJECTS, Subject

Figures = dict[str, dict[str, float]]
"""Group of questions → name of the figure → value, as `engine.synthetic.evaluate.measure` returns it."""


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
    about = SUBJECTS[run.get("model", "clipseg")]
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


def _training_section(run: dict[str, Any], about: Subject) -> str:
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


def _figures_section(figures: Figures, about: Subject, beside: Figures | None) -> str:
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


def _strategies_section(table: dict[str, Any] | None, about: Subject) -> str:
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
