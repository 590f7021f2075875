"""Which folder is meant and how it is organised."""

from __future__ import annotations

from pathlib import Path

from engine.contract.errors import DatasetIncomplete
from engine.data.config import DataConfig
from engine.data.matching import split_suffix
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Layout
from engine.volumes.formats.base import known_suffixes


def dataset_folder(config: DataConfig) -> Path:
    """The folder of `config`; raises DatasetIncomplete where it is missing, no folder, closed to us or empty."""
    hint = "Choose a folder that has images/ and masks/ in it."
    if not config.folder:
        raise DatasetIncomplete("No dataset folder was given.", hint=hint, field="data.folder")
    folder = Path(config.folder).expanduser()
    if not folder.exists():
        raise DatasetIncomplete(f"{folder} does not exist.", hint="Check the path of the dataset.", field="data.folder")
    if not folder.is_dir():
        raise DatasetIncomplete(f"{folder} is a file, not a dataset folder.", hint=hint, field="data.folder")
    try:
        empty = next(folder.iterdir(), None) is None
    except OSError as error:
        raise DatasetIncomplete(
            f"{folder} cannot be opened: {error.strerror}.", hint="Check that you may read it.", field="data.folder"
        ) from error
    if empty:
        raise DatasetIncomplete(f"{folder} is empty.", hint=hint, field="data.folder")
    return folder


def recognised_layout(config: DataConfig, folder: Path) -> tuple[str, Layout]:
    """Name and layout: the one asked for, or the best fit.

    Raises UnknownName for a layout that does not exist, DatasetIncomplete where none fits.
    """
    if config.layout != "auto":
        return config.layout, LAYOUTS.get(config.layout, field="data.layout")()
    best: tuple[str, Layout] | None = None
    score = 0.0
    for name, cls in LAYOUTS:
        layout = cls()
        found = layout.recognises(folder)
        if found > score:
            best, score = (name, layout), found
    if best is not None:
        return best
    if not any(split_suffix(path.name)[1] in known_suffixes() for path in folder.rglob("*")):
        raise DatasetIncomplete(
            f"{folder} holds no images or scans that can be read.",
            hint=f"These kinds are read: {', '.join(known_suffixes())}. Put them into images/ and masks/.",
            field="data.folder",
        )
    raise DatasetIncomplete(
        f"The layout of {folder} is not recognised: no images with masks of the same names were found in it.",
        hint="Put the images into a sub-folder images/ and their masks, under the same names, into masks/; or name the "
        f"layout (data.layout): {', '.join(LAYOUTS.names())}.",
        field="data.folder",
    )
