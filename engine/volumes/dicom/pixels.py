"""Stored pixels → numbers as they are meant: unpacked, in their unit (Hounsfield, …), colours as 8-bit RGB."""

from __future__ import annotations

import importlib
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.frames import Frame
from engine.volumes.dicom.header import Instance
from engine.volumes.dicom.jpeg_header import frame_size
from engine.volumes.dicom.opening import load
from engine.volumes.headers.stored_array import SEND_AGAIN

_GREY: Final = ("MONOCHROME1", "MONOCHROME2")
_JPEG: Final = "1.2.840.10008.1.2.4."
_EXTENDED: Final = _JPEG + "51"
_NATIVE: Final = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
_LOSSY: Final = {_JPEG + tail for tail in ("50", "51", "81", "91", "93", "112", "203")}
_PIXEL_MODULE: Final = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
)
_JPEG_LS: Final = (_JPEG + "80", _JPEG + "81")
_CONVERT: Final = "Export it uncompressed, or unpack it (dcmdjpeg, gdcmconv --raw), and try again."


def loses(instance: Instance) -> bool:
    """Whether the compression of a file may have changed its values."""
    # JPEG 2000 (91) may be either; the header says whether it was.
    return instance.lossy or (instance.syntax in _LOSSY and instance.syntax != _JPEG + "91")


def decoded(instance: Instance, name: str, notes: list[str]) -> tuple[NDArray[Any], pydicom.FileDataset]:
    """All frames of a file, [n, rows, columns] or uint8 [n, rows, columns, 3], not yet rescaled; and its dataset.

    `name` is how messages call the file. Raises ScanUnreadable.
    """
    dataset = load(instance.path, pixels=True)
    _check_data(instance, name, dataset, notes)
    try:
        array: NDArray[Any] = _extended_jpeg(dataset) if instance.syntax == _EXTENDED else _unpacked(dataset)
        if instance.photometric == "PALETTE COLOR":
            array = apply_color_lut(array, dataset)[..., :3]
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise whatever they like; their words may quote the header
        raise _not_decoded(instance, name, error) from None
    colour = instance.samples == 3 or instance.photometric == "PALETTE COLOR"
    expected = (instance.frame_count, instance.rows, instance.columns, *((3,) if colour else ()))
    if array.size != int(np.prod(expected)):
        raise ScanUnreadable(f"{name}: its pixels are not of the size that the header says.", hint=SEND_AGAIN)
    array = array.reshape(expected)
    if array.dtype.byteorder == ">" or not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return (_eight_bits(array, instance, dataset, notes) if colour else array), dataset


def _unpacked(dataset: pydicom.FileDataset) -> NDArray[Any]:
    """JPEG-LS by GDCM: the other decoder for it, where one is installed, does not end with some damaged files."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    return pixel_array(dataset, decoding_plugin="gdcm" if syntax in _JPEG_LS else "")


def _extended_jpeg(dataset: pydicom.FileDataset) -> NDArray[Any]:
    """JPEG of 12 bits, which pydicom leaves to nobody: unpacked by the GDCM inside SimpleITK.

    It is given the pixels alone, so that it changes neither values nor colours by anything else in the header.
    """
    if int(dataset.get("BitsStored") or 8) <= 8 or int(dataset.get("SamplesPerPixel") or 1) != 1:
        return pixel_array(dataset)
    sitk: Any = importlib.import_module("SimpleITK")  # heavy: only for the few files that need it
    bare = pydicom.Dataset()
    bare.file_meta = dataset.file_meta
    for keyword in _PIXEL_MODULE:
        if keyword in dataset:
            bare[keyword] = dataset[keyword]
    bare["PixelData"].is_undefined_length = True
    with tempfile.TemporaryDirectory(prefix="tunevlseg-jpeg-") as folder:
        file = Path(folder) / "pixels.dcm"
        pydicom.dcmwrite(file, bare, enforce_file_format=True)
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(file))
        reader.SetImageIO("GDCMImageIO")
        values: NDArray[Any] = sitk.GetArrayFromImage(reader.Execute())
    return values


def _check_data(instance: Instance, name: str, dataset: pydicom.FileDataset, notes: list[str]) -> None:
    """Raises ScanUnreadable for what no decoder need try."""
    keyword = next((k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in dataset), None)
    data = dataset.get(keyword) if keyword else None
    if not data:
        raise ScanUnreadable(f"{name} holds no pixels: only its header is there.", hint=SEND_AGAIN)
    known = instance.photometric
    grey = instance.samples == 1 and known in (*_GREY, "PALETTE COLOR", "")
    if not grey and not (instance.samples == 3 and known.startswith(("RGB", "YBR"))):
        raise ScanUnreadable(
            f"{name}: its colours are stored in a way that is not read here.",
            hint="Export it as RGB or as grey values.",
        )
    if instance.syntax in _NATIVE:
        bits = instance.rows * instance.columns * instance.samples * instance.frame_count * instance.bits_allocated
        needed = (bits + 7) // 8
        if known == "YBR_FULL_422":
            needed = needed * 2 // 3
        if len(data) < needed:
            raise ScanUnreadable(
                f"{name} ends too early: {needed:,} bytes of pixels expected, only {len(data):,} there.",
                hint=SEND_AGAIN,
            )
        return
    if instance.syntax.startswith(_JPEG):
        _check_frame(instance, name, data)
    if instance.syntax.startswith(_JPEG) and b"\xff\xd9" not in data[-64:]:
        notes.append(f"The compressed pixels of {name} have no end mark: the file may be cut off; look at its end.")


def _check_frame(instance: Instance, name: str, data: bytes) -> None:
    """A decoder that believes a stream of another size takes seconds, or gives pixels that are not the image's."""
    try:
        frame = get_frame(data, 0, number_of_frames=instance.frame_count)
    except (ValueError, IndexError, struct.error):
        return  # the decoder says what is wrong
    size = frame_size(frame)
    if size is not None and size[:2] != (instance.rows, instance.columns):
        raise ScanUnreadable(
            f"{name} is damaged: its header says {instance.columns} × {instance.rows} pixels, "
            f"the compressed image in it {size[1]} × {size[0]}.",
            hint=SEND_AGAIN,
        )


def _not_decoded(instance: Instance, name: str, error: Exception) -> ScanUnreadable:
    if isinstance(error, NotImplementedError):
        kind = pydicom.uid.UID(instance.syntax)
        called = kind.name if kind.is_valid and kind.name != instance.syntax else "an unknown method"
        return ScanUnreadable(f"{name}: its pixels are packed in a way that is not read ({called}).", hint=_CONVERT)
    return ScanUnreadable(
        f"{name} is damaged: its pixels cannot be unpacked ({type(error).__name__}).",
        hint=f"{SEND_AGAIN} If another program shows it: {_CONVERT[0].lower()}{_CONVERT[1:]}",
    )


def _eight_bits(
    array: NDArray[Any], instance: Instance, dataset: pydicom.FileDataset, notes: list[str]
) -> NDArray[np.uint8]:
    """Colours as uint8, RGB."""
    if array.dtype == np.uint8:
        return array
    if instance.photometric == "PALETTE COLOR":
        stored = array.dtype.itemsize * 8
    else:
        stored = int(dataset.get("BitsStored") or instance.bits_allocated)
        notes.append("The picture has more than 8 bits per colour; 8 are used.")
    eight: NDArray[np.uint8] = np.clip(array >> max(stored - 8, 0), 0, 255).astype(np.uint8)
    return eight


def scaled(stored: Sequence[NDArray[Any]], frames: Sequence[Frame], dataset: pydicom.FileDataset) -> NDArray[Any]:
    """Grey frames [rows, columns] in their unit, stacked [n, rows, columns]: stored · slope + intercept, each its own.

    Whole numbers stay whole, in the smallest of int16, uint16 and int32 that holds them (8-bit values stay 8-bit);
    others become float32. A modality look-up table takes the place of slope and intercept.
    """
    shape = (len(stored), *stored[0].shape)
    if "ModalityLUTSequence" in dataset and "RescaleSlope" not in dataset:
        try:
            table = [apply_modality_lut(frame, dataset) for frame in stored]
        except Exception as error:  # noqa: BLE001 - a damaged table
            raise ScanUnreadable(
                f"Its table of grey values cannot be used ({type(error).__name__}).", hint=SEND_AGAIN
            ) from None
        return smallest(np.stack(table))
    scales = [(frame.slope, frame.intercept) for frame in frames]
    kinds = {frame.dtype for frame in stored}
    if kinds == {np.dtype(np.uint8)} and set(scales) == {(1.0, 0.0)}:
        return np.stack(stored)
    whole = all(kind.kind in "iu" and kind.itemsize <= 4 for kind in kinds) and all(
        slope.is_integer() and intercept.is_integer() for slope, intercept in scales
    )
    if not whole:
        result = np.empty(shape, np.float32)
        for i, (frame, (slope, intercept)) in enumerate(zip(stored, scales, strict=True)):
            result[i] = frame.astype(np.float64) * slope + intercept
        return result
    low = high = 0.0
    for frame, (slope, intercept) in zip(stored, scales, strict=True):
        ends = (float(frame.min()) * slope + intercept, float(frame.max()) * slope + intercept)
        low, high = min(low, *ends), max(high, *ends)
    values = np.empty(shape, _kind_for(low, high))
    for i, (frame, (slope, intercept)) in enumerate(zip(stored, scales, strict=True)):
        if (slope, intercept) == (1.0, 0.0):
            values[i] = frame
        else:
            values[i] = frame.astype(np.float64) * slope + intercept
    return values


def kind_of_all(kind: np.dtype[Any], dataset: pydicom.FileDataset, frames: Sequence[Frame]) -> type[np.generic]:
    """A type that holds every value that frames stored so can have in their unit, before they are decoded."""
    if kind == np.uint8 and all((frame.slope, frame.intercept) == (1.0, 0.0) for frame in frames):
        return np.uint8
    scales = [value for frame in frames for value in (frame.slope, frame.intercept)]
    if kind.kind == "f" or kind.itemsize > 4 or not all(value.is_integer() for value in scales):
        return np.float32
    bits = min(int(dataset.get("BitsStored") or kind.itemsize * 8), kind.itemsize * 8)
    lowest, highest = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.kind == "i" else (0, (1 << bits) - 1)
    ends = [end * frame.slope + frame.intercept for frame in frames for end in (lowest, highest)]
    return _kind_for(min(ends), max(ends))


def smallest(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the smallest type of `_kind_for`; 8-bit values and fractions (as float32) as they are."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "f":
        return values.astype(np.float32, copy=False)
    return values.astype(_kind_for(float(values.min()), float(values.max())), copy=False)


def _kind_for(low: float, high: float) -> type[np.generic]:
    for kind in (np.int16, np.uint16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return kind
    return np.float32


def turned_round(stored: NDArray[Any], dataset: pydicom.FileDataset) -> NDArray[Any]:
    """For MONOCHROME1, where low values are bright: mirrored within the range of the stored bits, as viewers do."""
    if stored.dtype.kind not in "iu" or stored.dtype.itemsize > 4:
        return np.asarray(stored.max() + stored.min() - stored)
    mirrored: NDArray[Any] = highest_and_lowest(stored, dataset) - stored.astype(np.int64)
    return mirrored.astype(stored.dtype) if stored.dtype.itemsize == 1 else smallest(mirrored)


def highest_and_lowest(stored: NDArray[Any], dataset: pydicom.FileDataset) -> int:
    """The highest plus the lowest value that the stored bits can hold."""
    bits = int(dataset.get("BitsStored") or stored.dtype.itemsize * 8)
    if not 1 <= bits <= stored.dtype.itemsize * 8 or int(stored.max()) >= 1 << bits:
        bits = stored.dtype.itemsize * 8
    return -1 if stored.dtype.kind == "i" else (1 << bits) - 1
