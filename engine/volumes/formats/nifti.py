"""NIfTI-1 in one file, plain or gzipped."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.errors import ScanUnreadable
from engine.contract.whole_file import write_bytes
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import needs_geometry
from engine.volumes.formats.through_itk import plain_numbers, read_through_itk
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.headers import nifti
from engine.volumes.headers.nifti import NiftiHeader
from engine.volumes.headers.stored_array import StoredArray, check_stored
from engine.volumes.headers.text_header import zero_spacing
from engine.volumes.volume import Mask, Volume

_SHEAR_DEGREES = 0.1  # below it, over 500 voxels, less than one voxel is at stake


@FORMATS.register("nifti")
class Nifti:
    """Voxels through SimpleITK; the header is checked, and for masks written, by ourselves."""

    suffixes: ClassVar[tuple[str, ...]] = (".nii", ".nii.gz")
    mask_suffixes: ClassVar[tuple[str, ...]] = (".nii.gz", ".nii")
    holds_segments: ClassVar[bool] = False
    keeps_receipt: ClassVar[bool] = False

    def read(self, path: Path) -> Volume:
        header = nifti.read_nifti_header(path)
        if header.gzipped and not path.name.lower().endswith(".gz"):
            raise ScanUnreadable(f"{path} is compressed, against its name.", hint="Rename it to end in .nii.gz.")
        stored = nifti.nifti_stored(path, header)
        _check_spacing(path, header, len(stored.sizes))
        check_stored(path, stored, whole_file_packed=header.gzipped)
        sheared = _sheared_without_qform(path, header, stored)
        if sheared is not None:
            return sheared
        voxels, geometry, dimensions = read_through_itk(path, "NiftiImageIO")
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
            source = nifti.header_for(like.geometry)
        wide = mask.labels.dtype == np.uint16
        depth, height, width = mask.labels.shape
        header, order = nifti.mask_header(source, (depth, height, width), wide=wide)
        voxels = np.ascontiguousarray(mask.labels, dtype=f"{order}u2" if wide else np.uint8)
        content = header + bytes(4) + voxels.tobytes()
        if path.name.lower().endswith(".gz"):
            # No name and no time in the gzip header: the same mask gives the same bytes.
            content = gzip.compress(content, compresslevel=6, mtime=0)
        write_bytes(path, content)


def _sheared_without_qform(path: Path, header: NiftiHeader, stored: StoredArray) -> Volume | None:
    """A sheared volume that ITK refuses, since the header has no perpendicular axes beside; None for all others."""
    sform = header.sform()
    if sform is None or header.qform() is not None:
        return None
    try:
        stated = Geometry.from_matrix(sform)
    except ValueError:
        return None
    if stated.shear_degrees() <= _SHEAR_DEGREES:
        return None
    voxels = nifti.plain_voxels(path, header, stored)
    if voxels is None:
        return None
    geometry, notes = _placed(header, stated, voxels.shape)
    return Volume(
        plain_numbers(path, voxels), geometry, path, "nifti", notes, header.raw, min(max(len(stored.sizes), 2), 3)
    )


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
    if sform is None or header.dimensions == 2:
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
