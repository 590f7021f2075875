"""`dataset.json` beside `images/`: names, phrases and whether the images are drawn.

    {"name": "polyps", "synthetic": true,
     "labels": [{"value": 1, "name": "polyp", "phrase": "a polyp", "colour": "#E69F00"}]}

`phrase` and `colour` may be left out. Other programs' files of the same name (nnU-Net and the Medical Segmentation
Decathlon hold labels as a mapping) are left alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.yaml_io import build
from engine.contract.errors import RecipeError
from engine.data.config import LabelConfig
from engine.data.labels import colour_of
from engine.data.problem import Problem

FILE_NAME = "dataset.json"

_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Description:
    name: str = ""
    synthetic: bool = False
    labels: tuple[LabelConfig, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_description(folder: Path) -> Description:
    """What `dataset.json` says; an empty description where there is none or it is another program's."""
    path = folder / FILE_NAME
    if not path.is_file():
        return Description()
    try:
        if path.stat().st_size > _MOST_BYTES:
            return _refused("it is larger than 1 MB")
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        return _refused(f"it is not readable JSON ({error})")
    if not isinstance(found, dict) or not isinstance(found.get("labels", []), list):
        return Description()
    try:
        labels = tuple(_label(index, row) for index, row in enumerate(found.get("labels", [])))
    except RecipeError as error:
        return _refused(error.message)
    name = found.get("name")
    return Description(
        name=" ".join(name.split()) if isinstance(name, str) else "",
        synthetic=found.get("synthetic") is True,
        labels=labels,
    )


def _label(index: int, row: Any) -> LabelConfig:
    if not isinstance(row, dict):
        raise RecipeError(f"labels.{index} is not an object with value, name and phrase")
    known = {key: row[key] for key in LabelConfig.model_fields if key in row}
    if "value" not in known or "name" not in known:
        raise RecipeError(f"labels.{index} needs at least value and name")
    return build(LabelConfig, {"phrase": known["name"], "colour": colour_of(index), **known}, path=f"labels.{index}")


def _refused(reason: str) -> Description:
    problem = Problem(
        kind="dataset_json",
        severity="warning",
        message=f"The file was not used: {reason}.",
        path=FILE_NAME,
        fix="Mend or remove it; names and phrases can also be typed in the label table.",
    )
    return Description(problems=(problem,))
