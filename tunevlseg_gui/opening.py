"""What a dropped or given path is: a run, a bundle, a dataset, a recipe or a scan."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from engine.contract.errors import InputError
from engine.runs.layout import EVENTS, METRICS, is_run
from engine.volumes.dicom.files import SUFFIXES as DICOM_SUFFIXES
from engine.volumes.dicom.files import holds_only_dicom, looks_like_dicom

Kind = Literal["run", "bundle", "dataset", "recipe", "scan"]

SCAN_SUFFIXES = ".png .jpg .jpeg .bmp .tif .tiff .gif .webp .nii .nii.gz .nrrd .nhdr .mha .mhd .dcm .ima".split()
_OTHERS = tuple(suffix for suffix in SCAN_SUFFIXES if suffix not in DICOM_SUFFIXES)
_DATASET_PARTS = frozenset(
    "images masks labels annotations anns imagestr labelstr imagests train val test derivatives".split()
)


def kind_of(path: Path) -> Kind:
    """By name and contents; raises InputError for a path that is not there or is of no known kind."""
    if not path.exists():
        raise InputError(f"{path} is not there.", hint="It may have been moved or renamed; open it again.")
    if path.is_dir():
        return _kind_of_folder(path)
    name = path.name.lower()
    if name == "bundle.yaml" or name.endswith(".vlseg"):
        return "bundle"
    if name.endswith((".yaml", ".yml")):
        return "recipe"
    if any(name.endswith(suffix) for suffix in SCAN_SUFFIXES) or looks_like_dicom(path):
        return "scan"
    raise InputError(
        f"{path.name} is of no kind that can be opened.",
        hint="Open a picture or volume (PNG, JPEG, TIFF, NIfTI, NRRD, MHA, DICOM), a folder, a bundle or a run.",
    )


def _kind_of_folder(path: Path) -> Kind:
    if (path / "bundle.yaml").is_file():
        return "bundle"
    if is_run(path) and ((path / EVENTS).exists() or (path / METRICS).exists() or (path / "epochs").is_dir()):
        return "run"
    if not _has_parts_of_a_dataset(path) and holds_only_dicom(path, _OTHERS):
        return "scan"
    return "dataset"


def _has_parts_of_a_dataset(path: Path) -> bool:
    try:
        return any(found.name.lower() in _DATASET_PARTS for found in path.iterdir() if found.is_dir())
    except OSError:
        return False
