"""Voxels and geometry through SimpleITK, for the formats that it reads; imported only when such a file is opened."""

from __future__ import annotations

import importlib
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.volumes.early import EarlySlices, PlainSlices
from engine.volumes.geometry import Geometry
from engine.volumes.headers.stored_array import SEND_AGAIN, StoredArray, check_sizes, check_stored, several_volumes
from engine.volumes.headers.text_header import TextHeader, zero_spacing


def read_through_itk(
    path: Path, image_io: str, number: int = 0, *, layers: bool = False
) -> tuple[NDArray[Any], Geometry, int]:
    """Voxels [z, y, x] or uint8 [z, y, x, 3], geometry, and the file's number of dimensions in space (2 or 3).

    `image_io` is ITK's name of the reader ("NiftiImageIO"); `number`, from 1, the volume of a file that holds several.
    `layers`: several values in a voxel are as many masks [z, y, x, n]. Raises ScanUnreadable.
    """
    sitk: Any = importlib.import_module("SimpleITK")  # heavy: imported when the first volume is opened

    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(image_io)
    try:
        reader.ReadImageInformation()
        sizes = tuple(int(n) for n in reader.GetSize())
        if len(sizes) > 3 and max(sizes[3:]) > 1:
            if not number:
                raise several_volumes(path, sizes)
            at = [int(index) for index in np.unravel_index(number - 1, sizes[3:], order="F")]
            reader.SetExtractIndex([0, 0, 0, *at])
            reader.SetExtractSize([*sizes[:3], *(0 for _ in at)])
        channels = reader.GetNumberOfComponents()
        check_sizes(path, sizes, int(np.prod(sizes, dtype=np.int64)) * channels)
        image = reader.Execute()
    except RuntimeError as error:
        raise _told(path, error) from error
    voxels: NDArray[Any] = sitk.GetArrayFromImage(image)
    if not layers and (channels not in (1, 3) or (channels == 3 and voxels.dtype != np.uint8)):
        raise ScanUnreadable(
            f"{path} holds {channels} values in each voxel ({image.GetPixelIDTypeAsString()}).",
            hint="Give a scan with one value in each voxel, or an 8-bit RGB one.",
        )
    spatial = voxels.ndim - (1 if channels > 1 else 0)
    while spatial > 3:
        voxels, spatial = voxels[0], spatial - 1
    while spatial < 3:
        voxels, spatial = voxels[None], spatial + 1
    try:
        geometry = _geometry(image)
    except ValueError as error:
        raise ScanUnreadable(
            f"{path} does not say where its voxels lie: {error}.",
            hint="Set voxel size and orientation (in 3D Slicer: Volumes, Volume Information) and save it again.",
        ) from error
    return plain_numbers(path, voxels), geometry, min(len(sizes), 3)


def check_and_show(
    path: Path, image_io: str, header: TextHeader, stored: StoredArray, series: str, early: EarlySlices | None
) -> None:
    """`check_stored`, with the slices that it comes past put into `early`. Raises ScanUnreadable."""
    number = int(series) if series.isdecimal() else 1
    slices = _slices(path, image_io, header, stored, number, early)
    check_stored(path, stored, unpacked=slices)
    if slices is not None and stored.packing == "none":
        slices.show_middle()


def _slices(
    path: Path, image_io: str, header: TextHeader, stored: StoredArray, number: int, early: EarlySlices | None
) -> PlainSlices | None:
    """None for colours, several volumes none of which is chosen, and where the reader will tell that it is wrong."""
    kind = header.kind
    if early is None or kind is None or header.spatial != stored.sizes:
        return None
    if not 1 <= number <= math.prod(stored.sizes[3:]):
        return None
    sitk: Any = importlib.import_module("SimpleITK")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(image_io)
    try:
        reader.ReadImageInformation()
        geometry = _geometry(reader)
    except (RuntimeError, ValueError):
        return None
    # What is packed begins with the voxels; what is not lies behind the header.
    begins_at = stored.offset if stored.packing == "none" else 0
    return PlainSlices(early, stored, kind, geometry, number=number, begins_at=begins_at)


def _geometry(image: Any) -> Geometry:
    count = min(image.GetDimension(), 3)
    full = image.GetDimension()
    direction = np.eye(3)
    direction[:count, :count] = np.array(image.GetDirection()).reshape(full, full)[:count, :count]
    spacing, origin = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    spacing[:count] = image.GetSpacing()[:count]
    origin[:count] = image.GetOrigin()[:count]
    return Geometry(
        (spacing[0], spacing[1], spacing[2]),
        (origin[0], origin[1], origin[2]),
        tuple(float(v) for v in direction.ravel()),
    )


def sizes_of(path: Path, image_io: str) -> tuple[tuple[int, ...], tuple[float, float, float] | None]:
    """The sizes that a header says, x first, and millimetres between voxels. Raises ScanUnreadable."""
    sitk: Any = importlib.import_module("SimpleITK")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(image_io)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _told(path, error) from error
    spacing = tuple(float(value) for value in reader.GetSpacing()[:3])
    return tuple(int(n) for n in reader.GetSize()), (spacing[0], spacing[1], spacing[2]) if len(spacing) == 3 else None


def plain_numbers(path: Path, voxels: NDArray[Any]) -> NDArray[Any]:
    """The smallest of int16, uint16, int32 that holds whole numbers, float32 for others; 8-bit types as they are.

    Raises ScanUnreadable for complex numbers.
    """
    if voxels.dtype.kind == "c":
        raise ScanUnreadable(f"{path} holds complex numbers.", hint="Give the magnitude image instead.")
    if voxels.dtype == np.float64:
        return voxels.astype(np.float32)
    if voxels.dtype.kind in "iu" and voxels.dtype.itemsize >= 4:
        low, high = int(voxels.min()), int(voxels.max())
        for smaller in (np.int16, np.uint16, np.int32):
            if np.iinfo(smaller).min <= low and high <= np.iinfo(smaller).max:
                return voxels.astype(smaller, copy=False)
        return voxels.astype(np.float32)
    return voxels


def _told(path: Path, error: RuntimeError) -> ScanUnreadable:
    text = str(error)
    if "Zero-valued spacing" in text:
        return zero_spacing(path)
    if "bad alloc" in text.lower() or "bad_alloc" in text or "allocate memory" in text.lower():
        return ScanUnreadable(f"{path} does not fit into memory.", hint="Close other programs or crop the scan.")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # ITK's last line says most; it may repeat the path, which the message names already.
    said = lines[-1].removeprefix("sitk::ERROR: ").removeprefix("ITK ERROR: ") if lines else "no reason given"
    reason = re.sub(r"\(0x[0-9a-f]+\)", "", said.replace(str(path), path.name))[:200]
    return ScanUnreadable(f"{path} cannot be read ({reason}).", hint=SEND_AGAIN)
