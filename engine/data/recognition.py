"""Which folder is meant and how it is organised."""

from __future__ import annotations

from pathlib import Path

from engine.contract.errors import DatasetIncomplete
from engine.data.config import DataConfig
from engine.data.matching import split_suffix
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList, Layout
from engine.volumes.formats.base import known_suffixes

_SURE = 0.9  # from here on a layout is sure of its folder
_KNOWN = 0.95  # from here on it is a published dataset, whose other folders are known too


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


def told_others(folder: Path, chosen: str, found: CaseList) -> list[Problem]:
    """Another layout that is as sure of the folder and finds images that the chosen one leaves out: told, not guessed.

    It lists the folder once more for each such layout.
    """
    used = {case.image for case in found.cases}
    if LAYOUTS.get(chosen)().recognises(folder) >= _KNOWN:
        return []
    for name, cls in LAYOUTS:
        other = cls()
        if name in (chosen, "dataset_yaml") or other.recognises(folder) < _SURE:
            continue
        left = [case.image for case in other.cases(folder).cases if case.image not in used]
        if left:
            return [
                Problem(
                    kind="layout_ambiguous",
                    severity="warning",
                    message=f"The folder also fits the layout {name} ({other.title}), by which {len(left)} more images "
                    "have masks; they are not used.",
                    path=left[0].relative_to(folder).as_posix() if left[0].is_relative_to(folder) else left[0].name,
                    fix=f"If those are meant, choose it (data.layout: {name}); else put the two into folders of their "
                    "own.",
                    count=len(left),
                )
            ]
    return []
