"""NRRD, with its voxels inside (.nrrd) or beside the header (.nhdr, read only)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.whole_file import write_bytes
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.early import EarlySlices
from engine.volumes.formats import FORMATS, nrrd_axes
from engine.volumes.formats.base import needs_geometry
from engine.volumes.formats.several import chosen, entries_of
from engine.volumes.formats.through_itk import check_and_show, read_through_itk, sizes_of
from engine.volumes.geometry import Geometry
from engine.volumes.headers.text_header import TextHeader, pair_line, read_nrrd_header
from engine.volumes.volume import Mask, Volume

RECEIPT_KEY = "TuneVLSeg_Receipt"

_GRID_FIELDS = (
    "space",
    "space dimension",
    "space units",
    "space directions",
    "space origin",
    "spacings",
    "axis mins",
    "axismins",
    "axis maxs",
    "axismaxs",
    "thicknesses",
    "centerings",
    "centers",
    "units",
)


@FORMATS.register("nrrd")
class Nrrd:
    """Read through SimpleITK; masks are written by ourselves, since ITK's own digits move the grid."""

    suffixes: ClassVar[tuple[str, ...]] = (".nrrd", ".nhdr")
    mask_suffixes: ClassVar[tuple[str, ...]] = (".nrrd",)
    holds_segments: ClassVar[bool] = False
    keeps_receipt: ClassVar[bool] = True
    shows_early: ClassVar[bool] = True

    def list_series(self, path: Path) -> list[SeriesEntry]:
        """A line for each volume, where the file holds several."""
        header = read_nrrd_header(path)
        if nrrd_axes.along_several(header):
            return entries_of(path, nrrd_axes.sizes_in_order(header), None)
        return entries_of(path, *sizes_of(path, "NrrdImageIO")) if len(header.spatial) > 3 else []

    def read(self, path: Path, series: str = "", early: EarlySlices | None = None) -> Volume:
        header = read_nrrd_header(path)
        if header.stored is not None:
            known = None if nrrd_axes.needs_unpacking(header) else early
            check_and_show(path, "NrrdImageIO", header, header.stored, series, known)
        if header.stored is not None and nrrd_axes.needs_unpacking(header):
            number = chosen(path, nrrd_axes.sizes_in_order(header), series)
            voxels, geometry, dimensions = nrrd_axes.read_one(path, header, number)
        else:
            voxels, geometry, dimensions = read_through_itk(path, "NrrdImageIO", self._number(path, series))
        return Volume(voxels, geometry, path, "nrrd", (), _grid_lines(header, dimensions), dimensions)

    def _number(self, path: Path, series: str) -> int:
        return chosen(path, sizes_of(path, "NrrdImageIO")[0], series) if series else 0

    def read_mask(self, path: Path) -> Volume:
        return self.read(path)

    def read_receipt(self, path: Path) -> str | None:
        return stored_receipt(path)

    def check_mask(self, path: Path, like: Volume) -> None:
        needs_geometry(path, like)

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        assert like.geometry is not None
        labels = mask.labels
        wide = labels.dtype == np.uint16
        flat = like.stored_dimensions == 2
        sizes = labels.shape[:0:-1] if flat else labels.shape[::-1]
        verbatim = like.format == "nrrd" and like.header
        grid = json.loads(like.header) if verbatim else own_grid(like.geometry, len(sizes))
        fields = {
            "type": "unsigned short" if wide else "unsigned char",
            "dimension": str(len(sizes)),
            # The standard wants the space before anything that is measured in it.
            **{name: grid[name] for name in ("space", "space dimension") if name in grid},
            "sizes": " ".join(str(n) for n in sizes),
            **{name: value for name, value in grid.items() if name not in ("space", "space dimension")},
            "kinds": " ".join(["domain"] * len(sizes)),
            **({"endian": "little"} if wide else {}),
            "encoding": "gzip",
        }
        receipt = [pair_line(RECEIPT_KEY, mask.receipt)] if mask.receipt else []
        lines = ["NRRD0004", *(f"{name}: {value}" for name, value in fields.items()), *receipt, "", ""]
        voxels = np.ascontiguousarray(labels, dtype="<u2" if wide else np.uint8)
        write_bytes(path, "\n".join(lines).encode("utf-8") + gzip.compress(voxels.tobytes(), compresslevel=6, mtime=0))


def stored_receipt(path: Path) -> str | None:
    """The receipt that lies in the header; raises ScanUnreadable for a file that is no NRRD."""
    return read_nrrd_header(path).pairs.get(RECEIPT_KEY)


def _grid_lines(header: TextHeader, dimensions: int) -> bytes:
    """The fields that place the grid, for a mask to copy; empty where axes other than those of space are among them."""
    if len(header.spatial) != dimensions or header.fields.get("dimension") != str(dimensions):
        return b""
    return json.dumps({name: header.fields[name] for name in _GRID_FIELDS if name in header.fields}).encode()


def own_grid(geometry: Geometry, count: int) -> dict[str, str]:
    """The fields that place a grid of `count` axes. 17 digits hold a double exactly; ITK's default does not."""
    columns = geometry.matrix[:count, :count].T
    space = {"space": "left-posterior-superior"} if count == 3 else {"space dimension": str(count)}
    return {
        **space,
        "space directions": " ".join(_point(list(column)) for column in columns),
        "space origin": _point(list(geometry.origin_xyz[:count])),
    }


def _point(values: list[float]) -> str:
    return "(" + ",".join(f"{float(v):.17g}" for v in values) + ")"
