"""`tunevlseg data`: what is in a folder and what is wrong with it; its splits; the same data in another layout.

`tunevlseg data repair IMAGE MASK`: what differs between two grids, and the mask on its scan's, as a new file.
`tunevlseg data cache`: what is kept of decoded slices.
`tunevlseg data shift`: how far it lies from what a model knows. `data phrases`, `data look`: what the untuned model
makes of it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from engine.cli import data_cache, data_phrases, data_repair, data_shift
from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.config.yaml_io import apply_overrides
from engine.contract.jobs import Convert, InspectData

_MOST_ALIKE = 5
"""Problems of one kind that are listed one by one."""
_SET_HELP = "a setting of data, as in a recipe: split.folds=5, plane=coronal (may be repeated)"


def add(commands: Commands) -> None:
    group = commands.group("data", "Look into a dataset folder, share it out, convert it.")
    looks = group.add("inspect", "Layout, cases, labels, splits and problems; every file is opened.", inspect, show)
    _common(looks)
    looks.add_argument("--write", metavar="FILE", nargs="?", const=".", default="", help="write dataset.yaml")
    looks.add_argument("--overwrite", action="store_true", help="replace a dataset.yaml that is there")

    shares = group.add("split", "Shares the cases out and writes dataset.yaml; no file is moved.", split, show)
    _common(shares)
    for name, share in (("train", 0.8), ("val", 0.1), ("test", 0.1)):
        shares.add_argument(f"--{name}", type=float, default=share, metavar="SHARE")
    shares.add_argument("--by", choices=("patient", "image"), default="patient", help="what stays together")
    shares.add_argument("--stratify", action="store_true", help="give every split its share of each label")
    shares.add_argument("--folds", type=int, default=0, metavar="K", help="cross-validation: cut into K folds")
    shares.add_argument("--fold", type=int, default=1, metavar="I", help="which fold is val")
    shares.add_argument("--patient-pattern", default="", metavar="REGEX", help="finds the patient in a file's path")
    shares.add_argument("--patient-table", default="", metavar="CSV", help="table with a row for each image")
    shares.add_argument("--patient-column", default="patient", metavar="NAME", help="its column of patients")
    shares.add_argument("--out", default="", metavar="FILE", help="dataset.yaml, or a folder for it; default: in PATH")
    shares.add_argument("--overwrite", action="store_true", help="replace a dataset.yaml that is there")

    turns = group.add("convert", "The same data in another layout; the dataset stays as it is.", convert, converted)
    _common(turns)
    turns.add_argument("--to", required=True, metavar="LAYOUT", help="nnunet, or task_files (the published JSON form)")
    turns.add_argument("--out", required=True, metavar="FOLDER", help="a new folder")
    data_repair.add(group)
    data_cache.add(group)
    data_shift.add(group)
    data_phrases.add(group)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="PATH")
    parser.add_argument("--layout", default="auto", help="how the folder is organised; default: recognised")
    parser.add_argument("--seed", type=int, default=12345, help="of the splits")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=_SET_HELP)


def inspect(given: argparse.Namespace) -> InspectData:
    return InspectData(
        given.folder,
        given.layout,
        seed=given.seed,
        settings=apply_overrides({}, given.set),
        write=given.folder if given.write == "." else given.write,
        overwrite=given.overwrite,
    )


def split(given: argparse.Namespace) -> InspectData:
    names = ("train", "val", "test", "by", "stratify", "folds", "fold")
    patients = ("patient_pattern", "patient_table", "patient_column")
    # Shared out anew: what the folder gives would stand otherwise, and the command would do nothing.
    shares = {name: getattr(given, name) for name in (*names, *patients)} | {"given": False}
    return InspectData(
        given.folder,
        given.layout,
        split=shares,
        seed=given.seed,
        settings=apply_overrides({}, given.set),
        write=given.out or given.folder,
        overwrite=given.overwrite,
    )


def convert(given: argparse.Namespace) -> Convert:
    settings = apply_overrides({}, given.set)
    return Convert(given.folder, given.to, given.out, given.layout, settings, given.seed)


def converted(result: dict[str, Any]) -> int:
    left = f"; {result['left_out']} problems left cases out" if result["left_out"] else ""
    say(f"{result['cases']} cases written to {result['folder']} ({result['layout']}){left}")
    return 0


def show(result: dict[str, Any]) -> int:
    synthetic = "  (synthetic: drawn, not measured)" if result.get("synthetic") else ""
    say(f"{result['name']}: layout {result['layout']}, {len(result['cases'])} cases ({result['kind']}){synthetic}")
    say(result["details"])
    _show_statistics(result["statistics"])
    say()
    splits = [[name, row["cases"], row["patients"], row["slices"]] for name, row in result["splits"].items()]
    say(table(["split", "cases", "patients", "slices"], splits))
    say(f"splits given by {result['splits_from']}" if result["splits_from"] else f"splits ours, seed {result['seed']}")
    say()
    areas = {row["value"]: row for row in result["statistics"]["areas"]}
    labels = [
        [row["value"], row["name"], row["phrase"], row["cases"], _share(areas.get(row["value"], {}).get("median"))]
        for row in result["labels"]
    ]
    say(table(["value", "label", "phrase", "cases with it", "area (median)"], labels))
    problems = result["problems"]
    if problems:
        say(f"\n{len(problems)} problem{'s' if len(problems) > 1 else ''}:")
    _show_problems(problems)
    _show_repairs(problems)
    if result.get("written"):
        say(f"\nwritten: {result['written']}")
    return 0 if result["usable"] else 2


def _show_problems(problems: list[dict[str, Any]]) -> None:
    """In their order; of many alike the first few, or what matters would scroll out of sight."""
    kinds = Counter((problem["severity"], problem["kind"]) for problem in problems)
    shown = Counter[tuple[str, str]]()
    for problem in problems:
        kind = (problem["severity"], problem["kind"])
        shown[kind] += 1
        if shown[kind] <= _MOST_ALIKE or kinds[kind] == _MOST_ALIKE + 1:
            where = f"{problem['path']}: " if problem.get("path") else ""
            fix = f"\n    {problem['fix']}" if problem.get("fix") else ""
            say(f"  {problem['severity']}: {where}{problem['message']}{fix}")
        elif shown[kind] == kinds[kind]:
            say(f"  {problem['severity']}: {kinds[kind] - _MOST_ALIKE} more of this kind (--json lists all)")


def _show_statistics(found: dict[str, Any]) -> None:
    sizes = [" × ".join(str(side) for side in reversed(row["shape_zyx"]) if side > 1) for row in found["sizes"]]
    if sizes:
        more = f" and {found['different_sizes'] - 3} more" if found["different_sizes"] > 3 else ""
        say(f"sizes: {', '.join(sizes[:3])}{more}")
    if found["spacing_zyx"]:
        low, high = (found["spacing_zyx"][end] for end in ("lowest", "highest"))
        shown = [f"{a:.3g}" if abs(a - b) < 1e-6 else f"{a:.3g} to {b:.3g}" for a, b in zip(low, high, strict=True)]
        say(f"spacing: {' × '.join(reversed(shown))} mm (x × y × z)")
    if found["intensity"]:
        say(f"intensity: {found['intensity']['lowest'][0]:g} to {found['intensity']['highest'][1]:g}")


def _show_repairs(problems: list[dict[str, Any]]) -> None:
    """The commands for what the program can mend, or take back."""
    cases: dict[str, set[str]] = {}
    for problem in problems:
        if problem.get("mending") and problem.get("cases"):
            cases.setdefault(problem["mending"], set()).update(problem["cases"])
    if cases:
        say("\nWhat this program can do about it (originals stay as they are; dataset.yaml tells of it):")
    for kind, names in cases.items():
        say(f"  tunevlseg data repair PATH --kind {kind}    {len(names)} case{'' if len(names) == 1 else 's'}")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2g} %"
