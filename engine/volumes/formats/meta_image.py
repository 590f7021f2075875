"""MetaImage, with its voxels inside (.mha) or beside the header (.mhd)."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.whole_file import write_bytes
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.early import EarlySlices
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import needs_geometry
from engine.volumes.formats.several import chosen, entries_of
from engine.volumes.formats.through_itk import check_and_show, read_through_itk, sizes_of
from engine.volumes.geometry import Geometry
from engine.volumes.headers.text_header import read_meta_header
from engine.volumes.volume import Mask, Volume

_GRID_FIELDS = (
    "TransformMatrix",
    "Rotation",
    "Orientation",
    "Offset",
    "Position",
    "Origin",
    "CenterOfRotation",
    "AnatomicalOrientation",
    "ElementSpacing",
    "ElementSize",
)


@FORMATS.register("meta_image")
class MetaImage:
    """Read through SimpleITK; masks are written by ourselves, with the scan's own lines of geometry."""

    suffixes: ClassVar[tuple[str, ...]] = (".mha", ".mhd")
    mask_suffixes: ClassVar[tuple[str, ...]] = (".mha", ".mhd")
    holds_segments: ClassVar[bool] = False
    keeps_receipt: ClassVar[bool] = False
    shows_early: ClassVar[bool] = True

    def list_series(self, path: Path) -> list[SeriesEntry]:
        """A line for each volume, where the file holds several."""
        read_meta_header(path)
        return entries_of(path, *sizes_of(path, "MetaImageIO"))

    def read(self, path: Path, series: str = "", early: EarlySlices | None = None) -> Volume:
        header = read_meta_header(path)
        if header.stored is not None:
            check_and_show(path, "MetaImageIO", header, header.stored, series, early)
        voxels, geometry, dimensions = read_through_itk(path, "MetaImageIO", self._number(path, series))
        same_axes = len(header.spatial) == dimensions
        grid = {name: header.fields[name] for name in _GRID_FIELDS if name in header.fields} if same_axes else {}
        kept = json.dumps(grid).encode() if grid else b""
        return Volume(voxels, geometry, path, "meta_image", (), kept, dimensions)

    def _number(self, path: Path, series: str) -> int:
        return chosen(path, sizes_of(path, "MetaImageIO")[0], series) if series else 0

    def read_mask(self, path: Path) -> Volume:
        return self.read(path)

    def check_mask(self, path: Path, like: Volume) -> None:
        needs_geometry(path, like)

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        assert like.geometry is not None
        labels = mask.labels
        wide = labels.dtype == np.uint16
        sizes = labels.shape[:0:-1] if like.stored_dimensions == 2 else labels.shape[::-1]
        packed = zlib.compress(np.ascontiguousarray(labels, dtype="<u2" if wide else np.uint8).tobytes(), 6)
        verbatim = like.format == "meta_image" and like.header
        grid = json.loads(like.header) if verbatim else _own_grid(like.geometry, len(sizes))
        beside = path.with_suffix(".zraw") if path.suffix.lower() == ".mhd" else None
        fields = {
            "ObjectType": "Image",
            "NDims": str(len(sizes)),
            "BinaryData": "True",
            "BinaryDataByteOrderMSB": "False",
            "CompressedData": "True",
            "CompressedDataSize": str(len(packed)),
            **grid,
            "DimSize": " ".join(str(n) for n in sizes),
            "ElementType": "MET_USHORT" if wide else "MET_UCHAR",
            # The line that must come last: voxels follow it.
            "ElementDataFile": "LOCAL" if beside is None else beside.name,
        }
        header = "".join(f"{name} = {value}\n" for name, value in fields.items()).encode("utf-8")
        if beside is None:
            write_bytes(path, header + packed)
        else:
            write_bytes(beside, packed)
            write_bytes(path, header)


def _own_grid(geometry: Geometry, count: int) -> dict[str, str]:
    # MetaImage writes the matrix column by column: one voxel axis after the other.
    columns = geometry.direction_matrix[:count, :count].T.ravel()
    return {
        "TransformMatrix": _numbers([float(v) for v in columns]),
        "Offset": _numbers(list(geometry.origin_xyz[:count])),
        "CenterOfRotation": " ".join(["0"] * count),
        "ElementSpacing": _numbers(list(geometry.spacing_xyz[:count])),
    }


def _numbers(values: list[float]) -> str:
    return " ".join(f"{v:.17g}" for v in values)
