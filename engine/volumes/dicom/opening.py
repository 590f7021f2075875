"""One DICOM file opened: whatever is damaged in it becomes a message that quotes nothing of its header."""

from __future__ import annotations

import contextlib
import logging
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pydicom
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from engine.contract.errors import EngineError, ScanUnreadable
from engine.volumes.dicom.elements import Malformed
from engine.volumes.headers.stored_array import SEND_AGAIN, check_sizes

_PIECE: Final = 1 << 20


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """pydicom's warnings and log lines repeat values of the header: none of them is let out."""
    logger = logging.getLogger("pydicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Whatever a damaged element raises when it is looked at becomes ScanUnreadable.

    pydicom decodes elements when they are asked for, so this may be anywhere; its own words may quote the header, and
    must not reach a crash file.
    """
    try:
        yield
    except Malformed as fault:
        raise ScanUnreadable(
            f"{path}: its header is damaged ({fault}).", hint="Export the series again; if that fails, convert it."
        ) from None
    except (EngineError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise ScanUnreadable(
            f"{path}: its header cannot be understood ({type(error).__name__}).", hint=SEND_AGAIN
        ) from None


def load(path: Path, *, pixels: bool) -> pydicom.FileDataset:
    """The dataset, with or without its pixels; a missing transfer syntax is filled in from how the file was read.

    Raises ScanUnreadable. No message holds a value of the header.
    """
    try:
        _check_deflated(path)
        dataset = pydicom.dcmread(path, stop_before_pixels=not pixels, force=True)
        if not hasattr(dataset, "file_meta"):
            dataset.file_meta = pydicom.dataset.FileMetaDataset()
        if not dataset.file_meta.get("TransferSyntaxUID"):
            implicit, little = dataset.original_encoding
            explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
        return dataset
    except (ScanUnreadable, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise ScanUnreadable(
                f"{path} cannot be opened: {error.strerror}.", hint="Check that you may read it, or copy it elsewhere."
            ) from None
        raise no_dicom(path) from None
    except Exception:  # noqa: BLE001 - whatever a damaged file makes of the parser; its words may quote the header
        raise no_dicom(path) from None


def no_dicom(path: Path) -> ScanUnreadable:
    return ScanUnreadable(f"{path} is not a DICOM file, or its header is damaged.", hint=SEND_AGAIN)


def _check_deflated(path: Path) -> None:
    """A deflated file is unpacked as a whole when it is read: its size is found out beforehand, piece by piece."""
    with path.open("rb") as file:
        file.seek(128)
        if file.read(4) != b"DICM":
            return
        try:
            meta = pydicom.filereader.read_file_meta_info(path)
        except Exception:  # noqa: BLE001 - said when the file itself is read
            return
        if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            return
        file.seek(144 + int(meta.get("FileMetaInformationGroupLength", 0)))
        unpacker, length = zlib.decompressobj(-zlib.MAX_WBITS), 0
        rest = file.read(_PIECE)
        while rest and not unpacker.eof:
            length += len(unpacker.decompress(rest, _PIECE))
            rest = unpacker.unconsumed_tail or file.read(_PIECE)
            if length > 64 * _PIECE and length % (64 * _PIECE) < _PIECE:
                check_sizes(path, (1,), length)
        check_sizes(path, (1,), length)
