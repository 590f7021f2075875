"""What a run was tuned on: labels with their phrases, and a fingerprint of its splits, kept in the run folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.bundle.presence import Presence
from engine.config.yaml_io import build
from engine.contract.errors import InputError
from engine.contract.whole_file import write_text
from engine.data.config import LabelConfig
from engine.data.findings import DatasetReport
from engine.runs import layout
from engine.runs.reader import read_labels

if TYPE_CHECKING:
    from engine.recipe import Recipe

CHANGED = "The dataset is no longer what this run was tuned on (cases, splits or labels differ)."


def remember(folder: Path, report: DatasetReport) -> None:
    """Writes labels.json. Case names stay out of it: they may be those of patients."""
    window = report.intensity.get("window")
    values = {
        "labels": report.table.to_dicts(),
        "splits_sha256": _fingerprint(report),
        "intensity": {**report.intensity, "window": None if window is None else dict(window)},
        "synthetic": report.synthetic,
    }
    write_text(folder / layout.LABELS, json.dumps(values, indent=1, ensure_ascii=False))


def labels_of(folder: Path) -> tuple[LabelConfig, ...]:
    """The labels that the run was tuned with; none for a run that has not come so far."""
    return tuple(build(LabelConfig, values, path="labels") for values in read_labels(folder).get("labels", ()))


def recipe_on(folder: Path, data: str) -> Recipe:
    """A run's recipe, on another folder of data where one is named.

    Raises InputError for a run that has no data and is given none, and what reading a recipe raises.
    """
    from engine.recipe import read_recipe

    recipe = read_recipe(folder / layout.RECIPE)
    if not data and not recipe.data.folder:
        raise InputError(f"{folder.name} was imported without its data.", hint="Name a folder: --data FOLDER.")
    if not data:
        return recipe
    # Asked with the phrases that were tuned: other data, found anew, would be asked its own folder's name.
    other = {"folder": str(Path(data).resolve()), "labels": labels_of(folder) or recipe.data.labels}
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=other)})


def intensity_of(folder: Path) -> dict[str, Any]:
    """How the run's images became grey levels; raises InputError for a run that does not say."""
    known = read_labels(folder).get("intensity")
    if not isinstance(known, dict):
        raise InputError(
            f"{folder.name} does not say how its images became grey levels, and its dataset is gone.",
            hint="Put the dataset back where the recipe says it was.",
            field="data.folder",
        )
    return known


def was_synthetic(folder: Path) -> bool:
    """Whether the run's dataset says that it was drawn."""
    return bool(read_labels(folder).get("synthetic"))


def presence_of_run(folder: Path) -> Presence | None:
    """The rule for not found that came with a run that was imported; None for any other."""
    known = read_labels(folder).get("presence")
    return build(Presence, known, path="presence") if isinstance(known, dict) else None


def same_data(folder: Path, report: DatasetReport) -> bool:
    """Whether the dataset still has the cases, splits, slices and labels of the run; True where it did not say."""
    known = read_labels(folder)
    if not known.get("splits_sha256"):
        return True
    return known["splits_sha256"] == _fingerprint(report) and labels_of(folder) == report.labels


def content_sha256(report: DatasetReport) -> str:
    """A hash of what is learnt from and of how it is shared out, wherever the files lie, whatever their names."""
    cases = sorted(
        (finding.content, sorted((split, list(chosen)) for split, chosen in finding.slices.items()))
        for finding in report.cases
    )
    labels = [(label.value, label.name, label.phrase) for label in report.labels]
    return hashlib.sha256(json.dumps([cases, labels], ensure_ascii=True).encode()).hexdigest()


def _fingerprint(report: DatasetReport) -> str:
    cases = sorted(
        (finding.case.case_id, sorted((split, list(chosen)) for split, chosen in finding.slices.items()))
        for finding in report.cases
    )
    return hashlib.sha256(json.dumps(cases, ensure_ascii=True).encode()).hexdigest()
