"""A matrix: what is compared on what, under one budget; YAML like a recipe's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from engine.config.fields import Settings, setting
from engine.config.yaml_io import apply_overrides, build, load_yaml
from engine.contract.errors import OutOfRange, RecipeError

Group = Literal["radiology", "other_medical", "natural"]
GROUPS: Mapping[str, str] = {"radiology": "radiology", "other_medical": "other medical", "natural": "natural"}
SIDES: Mapping[str, str] = {
    "coop": "text", "cocoop": "text", "vpt": "image",
    "maple": "both", "shared_attention": "both", "shared_separate": "both",
}  # fmt: skip
"""Where a strategy's prompts enter; what is not named here is a control."""


class DatasetEntry(Settings):
    """A dataset of the matrix."""

    sample: str = setting("", "A sample set that the program draws (polyps, liver-ct, …), in place of a folder.")
    folder: str = setting("", "Its folder.")
    group: Group = setting("other_medical", "With which others it is averaged.")
    data: dict[str, Any] = setting({}, "Further keys of a recipe's `data`.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.sample) == bool(self.folder):
            raise ValueError("name either a folder or a sample set")
        return self


class StrategyEntry(Settings):
    """A strategy of the matrix with its own settings."""

    name: str = setting("vpt", "The strategy.", min_length=1)
    settings: dict[str, Any] = setting({}, "Settings of the strategy, as in a recipe.")
    training: dict[str, Any] = setting({}, "Settings of training that differ from the matrix's.")
    sweep: dict[str, list[Any]] = setting({}, "A setting and its values: one row of the tables for each.")
    variant: str = setting("", "Tells rows of one strategy apart in the tables.", max_length=40)


class SearchBudget(Settings):
    """With a search, each cell is a study, and its best trial is scored."""

    trials: int = setting(20, "Trials of each cell.", ge=1, le=100_000)
    startup_trials: int = setting(10, "Random trials first.", ge=1)
    objective: Literal["val_dice", "last_val_loss"] = setting("val_dice", "What is looked for.")
    space: Literal["auto", "published", "card"] = setting("auto", "Ranges.")
    seed: int = setting(12345, "Seed of what is proposed.", ge=0, lt=2**31)


class Matrix(Settings):
    """Models × strategies × datasets × seeds."""

    version: Literal[1] = setting(1, "Version of the format.")
    name: str = setting("benchmark", "Name of the tournament.", min_length=1, max_length=80)
    seeds: tuple[int, ...] = setting((12345,), "One run of each cell for each.", min_length=1)
    models: tuple[str, ...] = setting(("starter",), "Base weights: ids or folders.", min_length=1)
    strategies: tuple[StrategyEntry, ...] = setting((), "Rows of the tables.", min_length=1)
    datasets: dict[str, DatasetEntry] = setting({}, "Columns of the tables.", min_length=1)
    training: dict[str, Any] = setting({}, "Training of all cells: one budget for all.")
    search: SearchBudget | None = setting(None, "A search in each cell; none: one run with the recommended settings.")

    @field_validator("strategies", mode="before")
    @classmethod
    def _bare_names(cls, found: Any) -> Any:
        if not isinstance(found, list | tuple):
            return found
        return [{"name": entry} if isinstance(entry, str) else entry for entry in found]

    @field_validator("datasets")
    @classmethod
    def _names_of_folders(cls, found: dict[str, DatasetEntry]) -> dict[str, DatasetEntry]:
        for name in found:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}", name):
                raise ValueError(f"{name!r} cannot be a dataset's name; use letters, digits, '.', '_' and '-'")
        return found

    @field_validator("models", "seeds", mode="before")
    @classmethod
    def _lone_values(cls, found: Any) -> Any:
        return [found] if isinstance(found, str | int) else found


@dataclass(frozen=True, slots=True)
class Row:
    """A strategy with its settings, as the tables name it. `id` is part of file names."""

    id: str
    strategy: str
    settings: Mapping[str, Any] = field(hash=False)
    training: Mapping[str, Any] = field(hash=False)

    @property
    def side(self) -> str:
        """`text | image | both`, or `control`."""
        return SIDES.get(self.strategy, "control")


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of the matrix."""

    dataset: str
    model: str
    row: Row
    seed: int

    @property
    def folder(self) -> str:
        """Below the tournament's folder, with forward slashes."""
        return f"cells/{self.dataset}/{file_name(self.model)}/{self.row.id}/{self.seed}"


def read_matrix(path: Path, overrides: list[str] | None = None) -> Matrix:
    """Relative folders are read from the file's place. Raises InputError and RecipeError with the field's path."""
    values = apply_overrides(load_yaml(path), overrides or [])
    matrix = build(Matrix, values)
    placed = {name: _placed(entry, path.resolve().parent) for name, entry in matrix.datasets.items()}
    models = tuple(_near(model, path.resolve().parent) for model in matrix.models)
    matrix = matrix.model_copy(update={"datasets": placed, "models": models})
    _distinct("models", matrix.models, [file_name(model) for model in matrix.models])
    _distinct("datasets", list(matrix.datasets), list(matrix.datasets))
    _distinct("seeds", matrix.seeds, [str(seed) for seed in matrix.seeds])
    rows(matrix)
    return matrix


def _distinct(field: str, given: Sequence[object], names: Sequence[str]) -> None:
    """Raises OutOfRange for two whose results would lie in one folder; some file systems know no large letters."""
    folded = [name.casefold() for name in names]
    for at, name in enumerate(folded):
        if name in folded[:at]:
            first = given[folded.index(name)]
            raise OutOfRange(
                f"{field}: {first} and {given[at]} would share one folder of results.",
                hint="Leave one of them out, or rename it.",
                field=field,
            )


def _placed(entry: DatasetEntry, beside: Path) -> DatasetEntry:
    return entry.model_copy(update={"folder": _near(entry.folder, beside)}) if entry.folder else entry


def _near(given: str, beside: Path) -> str:
    path = Path(given).expanduser()
    return str((beside / path).resolve()) if not path.is_absolute() and (beside / path).exists() else str(path)


def rows(matrix: Matrix) -> list[Row]:
    """The strategies' rows in order, sweeps unrolled. Raises OutOfRange for two of one name."""
    found: list[Row] = []
    for entry in matrix.strategies:
        for row in _unrolled(entry):
            if any(row.id.casefold() == other.id.casefold() for other in found):
                raise OutOfRange(
                    f"strategies: two rows are called {row.id}.",
                    hint="Give one of them a name of its own: `variant: words`.",
                    field="strategies",
                )
            found.append(row)
    return found


def _unrolled(entry: StrategyEntry) -> Iterator[Row]:
    base = entry.name + (f"-{file_name(entry.variant)}" if entry.variant else "")
    if not entry.sweep:
        yield Row(base, entry.name, entry.settings, entry.training)
        return
    if len(entry.sweep) > 1:
        raise RecipeError("strategies.sweep: sweep one setting at a time.", field="strategies.sweep")
    ((key, values),) = entry.sweep.items()
    for value in values:
        yield Row(f"{base}@{key}={file_name(str(value))}", entry.name, {**entry.settings, key: value}, entry.training)


def shown_model(model: str) -> str:
    """As tables name it: weights in a folder by its own name. Two of one name are refused, and a path says where a user
    keeps things."""
    return Path(model).name or model


def file_name(text: str) -> str:
    """Of a model's id or a setting's value: what any file system takes; of a path, its last part."""
    last = Path(text).name or text
    return "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in last)[:60] or "x"


def cells(matrix: Matrix) -> list[Cell]:
    """All cells: dataset by dataset, so that its slices and features stay at hand."""
    return [
        Cell(dataset, model, row, seed)
        for dataset in matrix.datasets
        for model in matrix.models
        for row in rows(matrix)
        for seed in matrix.seeds
    ]


def recipe_values(matrix: Matrix, cell: Cell, model: str, folder: str) -> dict[str, Any]:
    """The recipe of a cell, its dataset in `folder`, its weights those of the network `model`."""
    entry = matrix.datasets[cell.dataset]
    return {
        "version": 1,
        "name": f"{cell.dataset} {cell.row.id}"[:80],
        "seed": cell.seed,
        "data": {**entry.data, "folder": folder},
        "model": {"name": model, "weights": cell.model},
        "strategy": {**cell.row.settings, "name": cell.row.strategy},
        "training": {**matrix.training, **cell.row.training},
    }
