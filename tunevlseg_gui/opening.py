"""What a dropped or given path is: a run, a bundle, a dataset, a recipe, a scan, base weights or a table of labels."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from PySide6.QtCore import QT_TRANSLATE_NOOP

from engine.contract.errors import InputError
from engine.runs.layout import EVENTS, METRICS, is_run
from engine.volumes.dicom.files import SUFFIXES as DICOM_SUFFIXES
from engine.volumes.dicom.files import holds_only_dicom, looks_like_dicom
from tunevlseg_gui.translation import translate

Kind = Literal["run", "bundle", "dataset", "recipe", "scan", "labels", "pack", "weights"]

WEIGHT_SUFFIXES = (".safetensors", ".pth", ".pt")
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
DATASET_FILE = "dataset.yaml"
"""Stands for the folder that it lies in."""
CAN_BE_OPENED = QT_TRANSLATE_NOOP(
    "Opening",
    "Open a picture or volume (PNG, JPEG, TIFF, NIfTI, NRRD, MHA, DICOM), a dataset's folder or dataset.yaml, "
    "a bundle, a run, a prompt pack, a recipe, or a table of labels of ITK-SNAP or 3D Slicer.",
)

SCAN_SUFFIXES = ".png .jpg .jpeg .bmp .tif .tiff .gif .webp .nii .nii.gz .nrrd .nhdr .mha .mhd .dcm .ima".split()
_OTHERS = tuple(suffix for suffix in SCAN_SUFFIXES if suffix not in DICOM_SUFFIXES)
_DATASET_PARTS = frozenset(
    "images masks labels annotations anns imagestr labelstr imagests train val test derivatives".split()
)


def kind_of(path: Path) -> Kind:
    """By name and contents; raises InputError for a path that is not there or is of no known kind."""
    if not path.exists():
        raise InputError(
            translate("Opening", "{path} is not there.").format(path=path),
            hint=translate("Opening", "It may have been moved or renamed; open it again."),
        )
    if path.is_dir():
        return _kind_of_folder(path)
    name = path.name.lower()
    if name == DATASET_FILE:
        return "dataset"
    if name == "bundle.yaml" or name.endswith(".vlseg"):
        return "bundle"
    if name.endswith(".tvprompt"):
        return "pack"
    if name.endswith((".yaml", ".yml")):
        return "recipe"
    if name.endswith(WEIGHT_SUFFIXES) or name in _WEIGHT_FILES or (name.endswith(".zip") and _holds_weights(path)):
        return "weights"
    if any(name.endswith(suffix) for suffix in SCAN_SUFFIXES) or looks_like_dicom(path):
        return "scan"
    from engine.data.label_files import looks_like_labels

    if looks_like_labels(path):
        return "labels"
    raise InputError(
        translate("Opening", "{name} is of no kind that can be opened.").format(name=path.name),
        hint=translate("Opening", CAN_BE_OPENED),
    )


def meant_by(paths: Sequence[Path]) -> Path:
    """The one thing that is to be opened of what was dropped together.

    Slices of one DICOM folder stand for their series. Raises InputError for several things.
    """
    if len(paths) == 1:
        return paths[0]
    if paths and len({path.parent for path in paths}) == 1 and all(_is_dicom_file(path) for path in paths):
        return paths[0]
    pictures = sum(path.name.lower().endswith(_OTHERS) for path in paths)
    hint = translate(
        "Opening",
        "To tune, put images into a folder images and their masks into masks, and drop the folder that holds both.",
    )
    raise InputError(
        translate("Opening", "{n} things were dropped at once; one can be opened.").format(n=len(paths)),
        hint=hint if pictures > 1 else translate("Opening", CAN_BE_OPENED),
    )


def _is_dicom_file(path: Path) -> bool:
    return path.is_file() and (path.name.lower().endswith(DICOM_SUFFIXES) or looks_like_dicom(path))


def _kind_of_folder(path: Path) -> Kind:
    if (path / "bundle.yaml").is_file():
        return "bundle"
    if is_run(path) and ((path / EVENTS).exists() or (path / METRICS).exists() or (path / "epochs").is_dir()):
        return "run"
    if (path / "config.json").is_file() and any((path / file).is_file() for file in _WEIGHT_FILES):
        return "weights"
    if not _has_parts_of_a_dataset(path) and holds_only_dicom(path, _OTHERS):
        return "scan"
    return "dataset"


def _holds_weights(path: Path) -> bool:
    """A zip of a checkpoint's folder, by the names in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name).name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return any(name in _WEIGHT_FILES or name.endswith(WEIGHT_SUFFIXES) for name in names)


def _has_parts_of_a_dataset(path: Path) -> bool:
    try:
        return any(found.name.lower() in _DATASET_PARTS for found in path.iterdir() if found.is_dir())
    except OSError:
        return False
