"""NIfTI: one file, plain or gzipped, or a header beside its voxels (.hdr, .img; read only)."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.contract.whole_file import write_bytes
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.early import EarlySlices, PlainSlices
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import needs_geometry
from engine.volumes.formats.several import chosen, entries_of
from engine.volumes.formats.through_itk import plain_numbers, read_through_itk
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.headers import nifti
from engine.volumes.headers.nifti import NiftiHeader
from engine.volumes.headers.nifti_writing import header_for, mask_header
from engine.volumes.headers.stored_array import StoredArray, check_stored
from engine.volumes.headers.text_header import zero_spacing
from engine.volumes.volume import Mask, Volume

_SHEAR_DEGREES = 0.1  # below it, over 500 voxels, less than one voxel is at stake


@FORMATS.register("nifti")
class Nifti:
    """Voxels through SimpleITK; the header is checked, and for masks written, by ourselves."""

    suffixes: ClassVar[tuple[str, ...]] = (".nii", ".nii.gz", ".hdr")
    mask_suffixes: ClassVar[tuple[str, ...]] = (".nii.gz", ".nii")
    holds_segments: ClassVar[bool] = False
    keeps_receipt: ClassVar[bool] = False
    shows_early: ClassVar[bool] = True

    def list_series(self, path: Path) -> list[SeriesEntry]:
        """A line for each volume, where the file holds several."""
        header = nifti.read_nifti_header(path)
        x, y, z = header.pixdim[1:4]
        return entries_of(path, nifti.nifti_stored(path, header, several=True).sizes, (abs(x), abs(y), abs(z)))

    def read(self, path: Path, series: str = "", early: EarlySlices | None = None) -> Volume:
        header = nifti.read_nifti_header(path)
        if header.gzipped and not path.name.lower().endswith(".gz"):
            raise ScanUnreadable(f"{path} is compressed, against its name.", hint="Rename it to end in .nii.gz.")
        stored = nifti.nifti_stored(path, header, several=bool(series))
        number = chosen(path, stored.sizes, series)
        _check_spacing(path, header, min(len(stored.sizes), 3))
        slices = None if early is None else _slices(path, header, stored, number, early)
        check_stored(path, stored, whole_file_packed=header.gzipped, unpacked=slices)
        if slices is not None and stored.packing == "none":
            slices.show_middle()
        sheared = _without_itk(path, header, stored, number)
        if sheared is not None:
            return sheared
        voxels, geometry, dimensions = read_through_itk(path, "NiftiImageIO", number)
        if header.scale is None and (stands := nifti.plain_voxels(header, stored, number)) is not None:
            voxels = plain_numbers(path, stands)  # ITK would add the intercept all the same
        voxels = _with_gaps(header, stored, voxels, number)
        geometry, notes = _placed(header, geometry, voxels.shape)
        return Volume(voxels, geometry, path, "nifti", notes, header.raw, dimensions)

    def read_mask(self, path: Path) -> Volume:
        return self.read(path)

    def check_mask(self, path: Path, like: Volume) -> None:
        needs_geometry(path, like)

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        assert like.geometry is not None
        if like.format == "nifti" and len(like.header) == nifti.SIZE:
            order = "<" if like.header[:4] == b"\x5c\x01\0\0" else ">"
            source = NiftiHeader(like.header, order, gzipped=False)
        else:
            source = header_for(like.geometry)
        wide = mask.labels.dtype == np.uint16
        depth, height, width = mask.labels.shape
        header, order = mask_header(source, (depth, height, width), wide=wide)
        voxels = np.ascontiguousarray(mask.labels, dtype=f"{order}u2" if wide else np.uint8)
        content = header + bytes(4) + voxels.tobytes()
        if path.name.lower().endswith(".gz"):
            # No name and no time in the gzip header: the same mask gives the same bytes.
            content = gzip.compress(content, compresslevel=6, mtime=0)
        write_bytes(path, content)


def _slices(
    path: Path, header: NiftiHeader, stored: StoredArray, number: int, early: EarlySlices
) -> PlainSlices | None:
    """What to show while it is read; None for colours, and where something is wrong that the reader will tell of."""
    kind = nifti.plain_kind(header)
    if kind is None:
        return None
    try:
        geometry = _placed(header, _stated(path, header), (*stored.sizes, 1, 1)[2::-1])[0]
    except (ScanUnreadable, ValueError):
        return None
    # Of a packed .img beside a .hdr, what is unpacked begins with the voxels.
    begins_at = 0 if stored.packing != "none" and not header.gzipped else stored.offset
    return PlainSlices(early, stored, kind, geometry, number=number, scale=header.scale, begins_at=begins_at)


def _without_itk(path: Path, header: NiftiHeader, stored: StoredArray, number: int) -> Volume | None:
    """What ITK does not read: NIfTI-2, a plane not across the body's axis, sheared axes alone; None for all others."""
    if header.wide or (header.dimensions == 2 and header.codes != (0, 0)):
        stated = _stated(path, header)
    else:
        sform = header.sform()
        if sform is None or header.qform() is not None:
            return None
        try:
            stated = Geometry.from_matrix(sform)
        except ValueError:
            return None
        if stated.shear_degrees() <= _SHEAR_DEGREES:
            return None
    voxels = nifti.plain_voxels(header, stored, number)
    if voxels is None:
        if header.wide:
            raise ScanUnreadable(f"{path} is a NIfTI-2 file in colours.", hint="Save it as NIfTI-1 (.nii.gz).")
        return None
    geometry, notes = _placed(header, stated, voxels.shape)
    return Volume(
        plain_numbers(path, voxels), geometry, path, "nifti", notes, header.raw, min(max(len(stored.sizes), 2), 3)
    )


def _stated(path: Path, header: NiftiHeader) -> Geometry:
    """The sform; without it, or where it is damaged, the qform; without both the distances alone, as ITK lays them."""
    x, y, z = (abs(value) if abs(value) > 0 else 1.0 for value in header.pixdim[1:4])
    for matrix in (header.sform(), header.qform(), np.diag([-x, -y, z, 1.0]) if header.codes == (0, 0) else None):
        if matrix is None:
            continue
        with contextlib.suppress(ValueError):
            return Geometry.from_matrix(matrix)
    raise zero_spacing(path)


def _with_gaps(header: NiftiHeader, stored: StoredArray, voxels: NDArray[Any], number: int) -> NDArray[Any]:
    """NaN and infinity as the file has them: ITK gives zero for them, without a word."""
    if voxels.dtype.kind != "f" or voxels.all():
        return voxels
    plain = nifti.plain_voxels(header, stored, number)
    if plain is None or plain.dtype.kind != "f" or plain.shape != voxels.shape:
        return voxels
    bad = ~np.isfinite(plain)
    return np.where(bad, np.float32(np.nan), voxels) if bad.any() else voxels


def _check_spacing(path: Path, header: NiftiHeader, count: int) -> None:
    if header.codes[1] > 0:
        return  # the sform holds the spacing; Geometry refuses one of zero length
    if any(not abs(value) > 0 for value in header.pixdim[1 : 1 + count]):
        raise zero_spacing(path)


def _placed(header: NiftiHeader, found: Geometry, shape: tuple[int, ...]) -> tuple[Geometry, tuple[str, ...]]:
    """The geometry, corrected where ITK would bend it, and notes for a person."""
    if header.codes == (0, 0):
        note = "The header does not say how the patient lies: left and right, and which plane is axial, are not known."
        return found, (note,)
    sform, qform = header.sform(), header.qform()
    if sform is None:
        return found, ()
    try:
        stated = Geometry.from_matrix(sform)
    except ValueError:
        return found, ("The header's sform is damaged; the qform is used.",) if qform is not None else ()
    sheared = stated.shear_degrees()
    if sheared > _SHEAR_DEGREES:
        # ITK gives perpendicular axes for such a file without a word.
        note = f"The grid is sheared by {sheared:.1f} degrees (as from a tilted gantry): slices are shown as stored."
        return stated, (note,)
    notes = []
    if qform is not None:
        try:
            shift = max_corner_shift(stated, Geometry.from_matrix(qform), shape)
        except ValueError:
            shift = 0.0
        if shift > 0.5:
            used = "sform" if max_corner_shift(stated, found, shape) < shift / 2 else "qform"
            notes.append(f"The header gives two positions, {shift:.1f} voxels apart; the one in {used} is used.")
    return found, tuple(notes)
