"""Single edits of a dataset's own `dataset.yaml`: what else it says stays; where there is none, one is begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.config.yaml_io import dump_yaml
from engine.contract.errors import DatasetIncomplete, InputError
from engine.contract.whole_file import write_text
from engine.data.config import DataConfig
from engine.data.readers.dataset_yaml import FILE_NAME, DatasetFile, file_of, read_dataset_file, to_values
from engine.data.recognition import dataset_folder, recognised_layout

HEAD = "# What was edited of a dataset; its files stay where they are. May be edited by hand.\n"


@dataclass(frozen=True)
class EditedFile:
    """`path` of the dataset.yaml, what it says or will say, and `home`, the folder of the files that it speaks of."""

    path: Path
    about: DatasetFile
    home: Path


def open_file(folder: Path, layout: str = "auto") -> EditedFile:
    """The dataset.yaml of a folder, or the beginning of one.

    Raises DatasetIncomplete for a folder that is no dataset, InputError where a file of this name belongs to another
    program, or where `layout` asks to read the folder as if it had none, RecipeError for a damaged one.
    """
    config = DataConfig(folder=str(folder), layout=layout)
    folder = dataset_folder(config)
    name, _ = recognised_layout(config, folder)
    if name == "dataset_yaml":
        path = file_of(folder)
        about = read_dataset_file(path)
        home = (path.parent / about.folder).resolve() if about.folder != "." else path.parent
        if not home.is_dir():
            raise DatasetIncomplete(
                f"The folder {about.folder} of {path} is not there.", hint="Put it back.", field="data.folder"
            )
        return EditedFile(path, about, home)
    path = folder / FILE_NAME
    if path.exists():
        raise InputError(
            f"{path} is there, but was not asked for or belongs to another program.",
            hint="Rename it, or let the layout be recognised (--layout auto).",
        )
    return EditedFile(path, DatasetFile(layout=name), folder)


def edited(
    about: DatasetFile,
    *,
    repaired: Mapping[str, str] | None = None,
    left_out: Iterable[str] = (),
    taken_back: Iterable[str] = (),
    merged: Mapping[int, int] | None = None,
) -> DatasetFile:
    """What the file says after an edit.

    `repaired`: mask → its mended copy, "" for the mask itself again. `left_out`, `taken_back`: case ids. `merged`:
    label value → the one that it counts as, 0 for itself again.
    """
    now = {**about.repaired, **(repaired or {})}
    away = dict.fromkeys((*about.left_out, *left_out))
    for case in taken_back:
        away.pop(case, None)
    files = {name: path for name, path in now.items() if path}
    values = {value: into for value, into in {**about.merged, **(merged or {})}.items() if into}
    return about.model_copy(update={"repaired": files, "left_out": tuple(away), "merged": values})


def write(file: EditedFile) -> Path:
    """Whole or not at all. Raises DiskFull or InputError where the folder cannot be written to."""
    return write_text(file.path, HEAD + dump_yaml(to_values(file.about)))
