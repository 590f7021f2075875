"""From a path to a scan on show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QThread

from engine.contract.events import JobFailed, JobFinished
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
