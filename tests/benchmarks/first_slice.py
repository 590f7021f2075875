"""Seconds from opening a scan in the window until its first slice is painted, and until all of it is there.

The window's Segment page with a real engine, offscreen; a scan of 512 × 512 × 400 int16 voxels as plain and packed
NIfTI, and as a DICOM series of single slices. Caches are empty, files have just been written (and are in memory).
"""

from __future__ import annotations

import gzip
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from engine.volumes.geometry import Geometry
from engine.volumes.headers import nifti
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.segment.page import SegmentPage
from tunevlseg_gui.viewer.slice_view import SliceView

PATIENCE_S = 180.0
TICK_MS = 5


def measure(folder: Path, geometry: Geometry) -> list[dict[str, Any]]:
    """`folder` holds voxels.npy [z, y, x]."""
    voxels = np.load(folder / "voxels.npy", mmap_mode="r")
    scans = {
        "NIfTI": write_nifti(folder / "scan.nii", voxels, geometry),
        "NIfTI, gzip": write_nifti(folder / "packed.nii.gz", voxels, geometry),
        "DICOM, one file a slice": write_dicom(folder / "series", voxels, geometry),
    }
    app = QApplication.instance() or QApplication([])
    rows = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home
        client = EngineClient()
        ready: list[str] = []
        client.worker_state.connect(ready.append)
        page = SegmentPage(client)
        page.resize(1200, 800)
        page.show()
        client.warm_up()
        _wait(app, lambda: "ready" in ready)
        for name, path in scans.items():
            rows.append({"scan": name, **_opened(app, page, path)})
        page.close()
        client.close()
    return rows


def _opened(app: Any, page: SegmentPage, path: Path) -> dict[str, float]:
    watch = _Painted(path)
    for view in (page.early.panes.main, page.viewer.view):
        view.installEventFilter(watch)
    gaps = _Gaps()
    before = page.controller.scan
    began = time.perf_counter()
    page.open_scan(path)
    _wait(app, lambda: page.controller.scan is not None and page.controller.scan is not before)
    whole = time.perf_counter() - began
    _wait(app, lambda: watch.first is not None)
    assert watch.first is not None
    return {
        "first_slice_s": round(watch.first - began, 2),
        "whole_s": round(whole, 2),
        "longest_gap_ms": round(gaps.longest * 1000, 1),
        "longest_work_ms": round(gaps.busiest * 1000, 1),
    }


class _Painted(QObject):
    """When a slice of this scan was first painted."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.first: float | None = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.first is None and event.type() == QEvent.Type.Paint and isinstance(watched, SliceView):
            watched.paintEvent(event)  # type: ignore[arg-type]
            if watched.state.scan is not None and watched.state.scan.path == self.path:
                self.first = time.perf_counter()
            return True
        return False


class _Gaps:
    """How long the window's thread listened to nobody, at most; and how much of its own work lay between, at most.

    On a machine that others use too, the latter says more of the program.
    """

    def __init__(self) -> None:
        self.longest = self.busiest = 0.0
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        late = now - self._last - TICK_MS / 1000
        self.longest, self.busiest = max(self.longest, late), max(self.busiest, worked - self._worked)
        self._last, self._worked = now, worked


def _wait(app: Any, until: Any) -> None:
    end = time.perf_counter() + PATIENCE_S
    while not until():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)  # no spinning: the engine needs the cores
        if time.perf_counter() > end:
            raise TimeoutError("nothing came")


def write_nifti(path: Path, voxels: np.ndarray[Any, Any], geometry: Geometry) -> Path:
    header, _ = nifti.mask_header(nifti.header_for(geometry), voxels.shape, wide=True)  # type: ignore[arg-type]
    raw = bytearray(header)
    raw[70:72] = np.int16(4).tobytes()  # int16 instead of uint16
    packed = path.suffix == ".gz"
    with gzip.open(path, "wb", compresslevel=1) if packed else path.open("wb") as file:
        file.write(bytes(raw) + bytes(4))
        for one in voxels:
            file.write(one.astype("<i2").tobytes())
    return path


def write_dicom(folder: Path, voxels: np.ndarray[Any, Any], geometry: Geometry) -> Path:
    import pydicom
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder.mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    x, y, z = geometry.spacing_xyz
    for number, one in enumerate(voxels):
        made = pydicom.Dataset()
        made.file_meta = pydicom.dataset.FileMetaDataset()
        made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = CTImageStorage
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, series, frame
        made.Modality, made.InstanceNumber = "CT", number + 1
        made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, number * z], [1, 0, 0, 0, 1, 0]
        made.PixelSpacing, made.SliceThickness = [y, x], z
        made.Rows, made.Columns = one.shape
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
        made.RescaleSlope, made.RescaleIntercept = 1, 0
        made.WindowCenter, made.WindowWidth = 40, 400
        made.PixelData = one.astype("<i2").tobytes()
        made.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)
    return folder
