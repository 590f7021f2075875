"""From a path to a scan on show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QThread, QThreadPool
from PySide6.QtWidgets import QApplication

from engine.contract.events import JobCancelled, JobFailed, JobFinished, ScanGrows
from engine.contract.jobs import ListSeries, OpenScan
from engine.volumes.dicom.entry import SeriesEntry
from tunevlseg_gui.pages.segment.page import SegmentPage


def test_a_scan_is_opened_by_the_engine_and_shown(opened: SegmentPage, desk: Any, volume: Path) -> None:
    _, job = desk.last(OpenScan)
    assert job.path == str(volume)
    assert "head" not in Path(job.out).name  # a file name may name a patient
    assert opened.viewer.isVisible()
    assert opened.viewer.state.slices == 6
    assert "30 × 20 × 6 voxels" in opened.side.scan_words.text()


def test_the_scan_is_told_on_the_windows_thread(page: SegmentPage, desk: Any, volume: Path, qtbot: Any) -> None:
    threads = []
    page.scan_opened.connect(lambda _path: threads.append(QThread.currentThread() is page.thread()))
    page.open_scan(volume)
    desk.open()
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == [True]


def test_an_unreadable_scan_is_told_and_the_open_one_stays(opened: SegmentPage, desk: Any, tmp_path: Path) -> None:
    scan = opened.controller.scan
    opened.open_scan(tmp_path / "broken.nii.gz")
    desk.fail(OpenScan, "broken.nii.gz is truncated: 12 of 400 bytes.", "Copy the file again.")
    assert opened.banner.notice is not None
    assert opened.banner.notice.message == "broken.nii.gz is truncated: 12 of 400 bytes."
    assert opened.banner.notice.hint == "Copy the file again."
    assert opened.banner.isVisible()
    assert opened.controller.scan is scan
    assert not opened.side.progress.isVisible()


def test_a_scan_that_was_open_before_is_shown_without_a_job(
    opened: SegmentPage, desk: Any, volume: Path, picture: Path, qtbot: Any
) -> None:
    first = opened.controller.scan
    opened.open_scan(volume)
    qtbot.waitUntil(lambda: opened.controller.scan is not first)
    assert desk.count(OpenScan) == 1
    volume.write_bytes(b"another content")
    opened.open_scan(volume)
    assert desk.count(OpenScan) == 2


def test_a_view_that_was_damaged_is_prepared_again(opened: SegmentPage, desk: Any, volume: Path, qtbot: Any) -> None:
    folder = Path(desk.last(OpenScan)[1].out)
    (folder / "voxels.npy").unlink()
    opened.open_scan(volume)
    qtbot.waitUntil(lambda: desk.count(OpenScan) == 2)


def test_a_file_of_several_volumes_asks_which(page: SegmentPage, desk: Any, volume: Path, monkeypatch: Any) -> None:
    entries = [
        SeriesEntry(n, str(n), "", "", f"volume {n} of 2", "volume", 6, 30, 20, (1.0, 1.0, 1.0), f"scan-{n}")
        for n in (1, 2)
    ]
    monkeypatch.setattr(page, "ask_series", lambda offered: offered[1])
    page.open_scan(volume)
    job_id, _ = desk.last(OpenScan)
    desk.event.emit(JobFailed(job_id, "It holds several volumes.", "Choose one.", "series", "ScanUnreadable"))
    job_id, listing = desk.last(ListSeries)
    assert listing.path == str(volume)
    desk.event.emit(JobFinished(job_id, {"series": [entry.to_dict() for entry in entries], "stamp": "s"}))
    assert desk.last(OpenScan)[1].series == "2"
    assert not page.banner.isVisible()


def grown(desk: Any, tmp_path: Path, last: int) -> None:
    """The engine tells that slices 0 to last - 1 of six are there."""
    voxels = np.zeros((6, 20, 30), np.int16)
    voxels[:last] = 40
    np.save(tmp_path / "early.npy", voxels)
    scan = {
        "folder": str(tmp_path),
        "voxels": "early.npy",
        "geometry": None,
        "value_range": [0, 40],
        "display_range": [0, 80],
    }
    desk.event.emit(ScanGrows(desk.last(OpenScan)[0], scan, 0, last))


def test_slices_are_shown_while_the_scan_is_read(
    page: SegmentPage, desk: Any, volume: Path, tmp_path: Path, qtbot: Any
) -> None:
    page.open_scan(volume)
    grown(desk, tmp_path, 2)
    qtbot.waitUntil(page.early.isVisible)
    assert page.controller.scan is None
    desk.open()
    qtbot.waitUntil(lambda: page.controller.scan is not None)
    assert page.viewer.isVisible()
    assert page.early.scan is None


def test_what_was_open_is_on_show_again_where_the_reading_fails(
    opened: SegmentPage, desk: Any, tmp_path: Path, qtbot: Any
) -> None:
    scan = opened.controller.scan
    opened.open_scan(tmp_path / "other.nii.gz")
    grown(desk, tmp_path, 3)
    qtbot.waitUntil(opened.early.isVisible)
    desk.fail(OpenScan, "other.nii.gz is damaged.")
    assert opened.viewer.isVisible()
    assert opened.controller.scan is scan
    assert opened.early.scan is None


def test_a_cancelled_reading_shows_no_late_slices(
    page: SegmentPage, desk: Any, volume: Path, tmp_path: Path, qtbot: Any
) -> None:
    page.open_scan(volume)
    grown(desk, tmp_path, 1)
    desk.cancel(desk.last(OpenScan)[0])  # before the slices were mapped
    qtbot.wait(1)
    QThreadPool.globalInstance().waitForDone()
    QApplication.processEvents()
    assert not page.early.isVisible()
    assert page.early.scan is None


def test_a_scan_that_is_ready_too_late_does_not_replace_the_next_one(
    opened: SegmentPage, desk: Any, volume: Path, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    late = tmp_path / "late.nii.gz"
    late.write_bytes(b"stands for another scan")
    monkeypatch.setattr(desk, "cancel", desk.cancelled.append)  # it is done before the cancel reaches it
    first = opened.controller.scan
    opened.open_scan(late)
    opened.open_scan(volume)  # prepared before: shown without a job
    qtbot.waitUntil(lambda: opened.controller.scan is not first)
    desk.open()
    QThreadPool.globalInstance().waitForDone()
    for _ in range(5):
        QApplication.processEvents()
    assert opened.controller.scan.path == volume


def test_a_series_that_is_listed_too_late_asks_nothing(
    opened: SegmentPage, desk: Any, volume: Path, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    slices = tmp_path / "one.dcm"
    slices.write_bytes(b"stands for a series")
    monkeypatch.setattr(desk, "cancel", desk.cancelled.append)
    asked: list[object] = []
    monkeypatch.setattr(opened, "ask_series", asked.append)
    first = opened.controller.scan
    opened.open_scan(slices)
    opened.open_scan(volume)
    qtbot.waitUntil(lambda: opened.controller.scan is not first)
    desk.event.emit(JobFinished(desk.last(ListSeries)[0], {"series": [], "stamp": "s"}))
    assert not asked


def test_slices_of_the_next_scan_stay_when_the_last_reading_ends(
    page: SegmentPage, desk: Any, volume: Path, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    monkeypatch.setattr(desk, "cancel", desk.cancelled.append)  # it takes a while to end
    page.open_scan(tmp_path / "first.nii.gz")
    first, _ = desk.last(OpenScan)
    page.open_scan(volume)
    job_id, job = desk.last(OpenScan)
    folder = Path(job.out)
    folder.mkdir(parents=True)
    np.save(folder / "early.npy", np.zeros((6, 20, 30), np.int16))
    look = {
        "folder": str(folder),
        "voxels": "early.npy",
        "geometry": None,
        "value_range": [0, 1],
        "display_range": [0, 1],
    }
    desk.event.emit(ScanGrows(job_id, look, 0, 3))
    qtbot.waitUntil(lambda: page.early.scan is not None)
    desk.event.emit(JobCancelled(first))
    assert page.early.scan is not None
    assert page.early.isVisible()
