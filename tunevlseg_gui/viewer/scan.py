"""A scan as the viewer has it: voxels mapped from the file that the engine wrote, never read as a whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.volumes.geometry import Geometry
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.window_level import WindowLevel

AIR = -500.0
"""Values below this are Hounsfield units: no other usual scan has them."""


@dataclass(frozen=True, eq=False)
class ViewedScan:
    """`voxels` [z, y, x] or, in colour, uint8 [z, y, x, 3]; `geometry` None for pictures."""

    path: Path
    voxels: NDArray[Any]
    geometry: Geometry | None
    window: WindowLevel
    value_range: tuple[float, float]
    notes: tuple[str, ...] = ()
    title: str = ""
    """How it is called where the file's own name may name the patient (DICOM)."""
    series: str = ""
    """Which DICOM series of the path it is."""

    @property
    def shown(self) -> str:
        """Its name on the screen."""
        return self.title or self.path.name

    @property
    def named(self) -> Path:
        """The path after which its masks are named: beside it, with the ending that masks of its kind have."""
        if not self.title:
            return self.path
        if self.geometry is None:
            return self.path.with_name(self.title + (".png" if self.shape_zyx[0] == 1 else ".tif"))
        # Few programs place a sheared NIfTI rightly; NRRD says it plainly.
        return self.path.with_name(self.title + (".nrrd" if self.geometry.shear_degrees() > 0.1 else ".nii.gz"))

    @property
    def is_dicom(self) -> bool:
        """DICOM scans alone bring a title of their own."""
        return bool(self.title)

    @property
    def is_picture(self) -> bool:
        return self.geometry is None

    @property
    def is_colour(self) -> bool:
        return self.voxels.ndim == 4

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        z, y, x = self.voxels.shape[:3]
        return int(z), int(y), int(x)

    @property
    def unit(self) -> str:
        return "HU" if not self.is_picture and self.value_range[0] < AIR else ""

    @property
    def voxel_ml(self) -> float | None:
        """Volume of one voxel; None for pictures."""
        return None if self.geometry is None else self.geometry.voxel_ml

    def in_words(self) -> str:
        """Size and voxel size, for a line below the scan's name."""
        z, y, x = self.shape_zyx
        if self.geometry is None:
            if z > 1:
                return translate("ViewedScan", "{z} pages of {x} × {y} pixels").format(x=x, y=y, z=z)
            return translate("ViewedScan", "picture, {x} × {y} pixels").format(x=x, y=y)
        spacing = " × ".join(f"{value:.3g}" for value in self.geometry.spacing_xyz)
        return translate("ViewedScan", "{x} × {y} × {z} voxels of {spacing} mm").format(x=x, y=y, z=z, spacing=spacing)


def map_array(path: Path) -> NDArray[Any]:
    """A .npy file as an array that stays on disk; raises ScanUnreadable where it is missing or damaged."""
    try:
        mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ScanUnreadable(
            translate("Scan", "The prepared view {name} is missing or damaged.").format(name=path.name),
            hint=translate("Scan", "Open the scan again."),
        ) from error
    return mapped


def scan_of_result(path: Path, result: dict[str, Any], series: str = "") -> ViewedScan:
    """The scan that an OpenScan job prepared; raises ScanUnreadable where its files cannot be used."""
    try:
        folder = Path(str(result["folder"]))
        voxels = map_array(folder / str(result["voxels"]))
        known = result.get("geometry")
        low, high = (float(value) for value in result["value_range"])
        black, white = (float(value) for value in result["display_range"])
        return ViewedScan(
            path,
            voxels,
            Geometry.from_dict(known) if known else None,
            WindowLevel.between(black, white),
            (low, high),
            tuple(str(note) for note in result.get("notes") or ()),
            str(result.get("title") or ""),
            series,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ScanUnreadable(
            translate("Scan", "The prepared view of the scan cannot be understood ({error}).").format(error=error),
            hint=translate("Scan", "Open the scan again."),
        ) from error


def scan_of_folder(path: Path, folder: Path, series: str = "") -> ViewedScan:
    """The scan in a folder that an OpenScan job filled earlier."""
    try:
        result = json.loads((folder / "scan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScanUnreadable(
            translate("Scan", "{name} holds no prepared view.").format(name=folder.name),
            hint=translate("Scan", "Open the scan again."),
        ) from error
    return scan_of_result(path, {**result, "folder": str(folder)}, series)
