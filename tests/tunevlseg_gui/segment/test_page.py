"""Mouse and keyboard on the page; the client's answers are made up, the scan is opened for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QThread, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QToolButton, QWidget

from engine.contract.events import JobFailed, JobFinished, Log, Progress, SliceDone
from engine.contract.jobs import ListModels, ListSeries, OpenScan, Segment
from engine.volumes.dicom.entry import SeriesEntry
from tests.fakes.tiny_bundle import write_tiny_bundle
from tunevlseg_gui.pages.segment.page import SegmentPage

SHAPE = (6, 20, 30)
LEFT = Qt.MouseButton.LeftButton
NAMES = """promptEdit segmentButton thresholdSlider opacitySlider saveMaskButton bundleCombo sliceView planeCombo
outlineCheck statusLabel cancelButton overlayCheck openScanButton openBundleButton tuneButton axisCombo sliceSlider
windowCombo readout layerList""".split()


def block(level: int, columns: slice = slice(8, 22)) -> np.ndarray:
    levels = np.zeros(SHAPE, np.uint8)
    levels[2:4, 5:15, columns] = level
    return levels


def ask(page: SegmentPage, *phrases: str) -> None:
    edit = page.side.prompt_edit
    edit.clear()
    for number, phrase in enumerate(phrases):
        if number:
            QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        QTest.keyClicks(edit, phrase)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def answered(page: SegmentPage, qtbot: Any, count: int = 1) -> list[Any]:
    qtbot.waitUntil(lambda: len(page.viewer.state.layers) == count)
    return page.viewer.state.layers


def child(page: SegmentPage, kind: type[Any], name: str) -> Any:
    found = page.findChild(kind, name)
    assert found is not None, name
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_outside_driver_finds_every_widget_by_name(page: SegmentPage, name: str) -> None:
    assert len(page.findChildren(QWidget, name)) == 1


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


def test_a_base_model_shows_its_notice_and_the_way_to_tuning(page: SegmentPage, qtbot: Any) -> None:
    assert page.side.bundle_combo.currentText().startswith("Starter")
    assert page.side.notice.isVisible()
    assert page.side.notice.text() == "has never seen medical images: tune first"
    with qtbot.waitSignal(page.tune_requested) as asked:
        QTest.mouseClick(page.side.tune_button, LEFT)
    assert asked.args == ["starter"]


def test_enter_asks_for_every_line(opened: SegmentPage, desk: Any, volume: Path) -> None:
    ask(opened, "liver", "  left   kidney ", "liver")
    _, job = desk.last(Segment)
    assert job.scans == [str(volume)]
    assert (job.bundle, job.prompts, job.save, job.axis) == ("starter", ["liver", "left kidney"], False, "axial")
    assert job.probabilities


@pytest.mark.parametrize("how", ["button", "ctrl_enter"])
def test_other_ways_to_ask(opened: SegmentPage, desk: Any, how: str) -> None:
    QTest.keyClicks(opened.side.prompt_edit, "liver")
    if how == "button":
        QTest.mouseClick(opened.side.segment_button, LEFT)
    else:
        opened.viewer.view.setFocus()
        QTest.keyClick(opened.viewer.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.last(Segment)[1].prompts == ["liver"]
    assert desk.count(Segment) == 1


def test_answers_become_layers_with_colours_and_amounts(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver", "spleen", "unicorn")
    desk.answer(liver=block(200), spleen=block(200, slice(0, 2)), unicorn=block(60))
    layers = answered(opened, qtbot, 3)
    assert len({layer.colour for layer in layers}) == 3
    amounts = [child(opened, QLabel, f"layerAmount{number}").text() for number in range(3)]
    assert amounts == ["1.12 ml", "0.16 ml", "not found"]
    assert opened.status.text() == "2 of 3 found in 1.2 s on CPU"


def test_the_threshold_changes_the_mask_without_a_new_job(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    levels = block(140)
    levels[2:4, 5:15, 8:12] = 230
    desk.answer(liver=levels)
    (layer,) = answered(opened, qtbot)
    state, jobs = opened.viewer.state, len(desk.jobs)
    before = opened.viewer.view.grab().toImage()
    assert np.count_nonzero(state.mask_of(layer)) == 140
    slider = opened.side.threshold_slider
    slider.setFocus()
    for _ in range(6):
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
    assert state.threshold == pytest.approx(0.8)
    assert np.count_nonzero(state.mask_of(layer)) == 40
    assert child(opened, QLabel, "layerAmount0").text() == "0.32 ml"
    assert opened.viewer.view.grab().toImage() != before
    slider.setValue(99)
    assert child(opened, QLabel, "layerAmount0").text() == "not found"
    assert len(desk.jobs) == jobs


def test_a_slice_with_something_to_see_is_shown(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    levels = np.zeros(SHAPE, np.uint8)
    levels[4, 5:10, 5:10] = 200
    levels[5, 5:15, 5:15] = 200
    desk.answer(liver=levels)
    qtbot.waitUntil(lambda: opened.viewer.state.index == 5)


def test_another_phrase_joins_and_the_same_one_replaces(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    first = answered(opened, qtbot)[0]
    ask(opened, "liver", "spleen")
    desk.answer(liver=block(250), spleen=block(200, slice(0, 2)))
    layers = answered(opened, qtbot, 2)
    assert [layer.phrase for layer in layers] == ["liver", "spleen"]
    assert layers[0] is not first
    assert layers[0].colour == first.colour


def test_answers_along_another_plane_replace_all(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    answered(opened, qtbot)
    opened.side.axis_combo.setCurrentIndex(opened.side.axis_combo.findData("coronal"))
    ask(opened, "spleen")
    assert desk.last(Segment)[1].axis == "coronal"
    desk.answer(spleen=block(200))
    qtbot.waitUntil(lambda: [layer.phrase for layer in opened.viewer.state.layers] == ["spleen"])


def test_layers_are_hidden_and_removed(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver", "spleen")
    desk.answer(liver=block(200), spleen=block(200))
    layers = answered(opened, qtbot, 2)
    check = child(opened, QCheckBox, "layerCheck0")
    QTest.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))
    assert [layer.phrase for layer in opened.viewer.state.shown_layers] == ["spleen"]
    QTest.mouseClick(child(opened, QToolButton, "layerRemove1"), LEFT)
    assert opened.viewer.state.layers == layers[:1]
    QTest.mouseClick(child(opened, QToolButton, "layerRemove0"), LEFT)
    assert not opened.side.answers.isVisible()


def test_sliders_checks_and_keys_agree(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    answered(opened, qtbot)
    state, view = opened.viewer.state, opened.viewer.view
    assert opened.side.opacity_slider.value() == 45
    opened.side.opacity_slider.setValue(70)
    assert state.opacity == 0.7
    QTest.keyClick(view, Qt.Key.Key_A)
    assert opened.side.opacity_slider.value() == 60
    QTest.keyClick(view, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert opened.side.outline_check.isChecked()
    QTest.mouseClick(opened.side.outline_check, LEFT, pos=QPoint(8, opened.side.outline_check.height() // 2))
    assert not state.outline
    QTest.keyClick(view, Qt.Key.Key_S)
    assert not opened.side.overlay_check.isChecked()


def test_the_slash_goes_to_the_prompt_box(opened: SegmentPage, qtbot: Any) -> None:
    opened.viewer.view.setFocus()
    QTest.keyClicks(opened.viewer.view, "/")
    qtbot.waitUntil(opened.side.prompt_edit.hasFocus)
    QTest.keyClicks(opened.side.prompt_edit, "sad 1")
    assert opened.side.prompt_edit.toPlainText() == "sad 1"
    assert opened.viewer.state.overlay_on


def test_escape_cancels_and_leaves_what_is_shown(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    layers = list(answered(opened, qtbot))
    ask(opened, "spleen")
    job_id, _ = desk.last(Segment)
    assert opened.side.cancel_button.isVisible()
    QTest.keyClick(opened.side.prompt_edit, Qt.Key.Key_Escape)
    assert desk.cancelled == [job_id]
    assert opened.viewer.state.layers == layers
    assert opened.side.segment_button.isVisible()
    assert opened.status.text().startswith("Cancelled")


def test_slices_fill_in_and_a_cancel_brings_back_what_was_shown(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    layers = list(answered(opened, qtbot))
    ask(opened, "spleen")
    job_id, job = desk.last(Segment)
    path = Path(job.probabilities) / "head_spleen.npy"
    path.parent.mkdir(parents=True)
    levels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(6, 20, 30))
    desk.event.emit(SliceDone(job_id, 0, 6, str(path)))
    state = opened.viewer.state
    assert [layer.phrase for layer in state.layers] == ["liver", "spleen"]
    key = state.look_key()
    levels[:, 2:6, 2:6] = 255
    desk.event.emit(SliceDone(job_id, 5, 6, str(path)))
    qtbot.waitUntil(lambda: (desk.event.emit(SliceDone(job_id, 5, 6, str(path))), state.look_key() != key)[1])
    assert state.mask_of(state.layers[1]).sum() == 16
    assert not opened.side.save_button.isEnabled()
    QTest.keyClick(opened.side.prompt_edit, Qt.Key.Key_Escape)
    assert state.layers == layers

    ask(opened, "spleen")
    desk.event.emit(SliceDone(desk.last(Segment)[0], 0, 6, str(path)))  # of the question that was cancelled
    assert state.layers == layers
    desk.answer(spleen=block(90))
    qtbot.waitUntil(lambda: len(state.layers) == 2)
    assert state.layers[1].voxels(0.3) > 0


def test_one_question_at_a_time(opened: SegmentPage, desk: Any) -> None:
    ask(opened, "liver")
    ask(opened, "spleen")
    assert desk.count(Segment) == 1


def test_progress_is_told_in_words(opened: SegmentPage, desk: Any) -> None:
    ask(opened, "liver")
    desk.event.emit(Progress(desk.last(Segment)[0], 2, 6, "slices", 3.4, "Segmenting"))
    assert opened.status.text() == "Segmenting: 2 of 6 slices, 3 s left"
    assert (opened.side.progress.value(), opened.side.progress.maximum()) == (2, 6)


def test_events_of_other_pages_are_left_alone(opened: SegmentPage, desk: Any) -> None:
    ask(opened, "liver")
    desk.event.emit(JobFinished("somebody-else", {}))
    desk.event.emit(Progress("somebody-else", 1, 2, "images"))
    assert opened.side.cancel_button.isVisible()


# problems


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


def test_a_question_that_fails_leaves_the_last_answer(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    layers = list(answered(opened, qtbot))
    ask(opened, "spleen")
    desk.fail(Segment, "The disk is full: a.npy was not written.", "Free some space.", "DiskFull")
    assert opened.banner.notice is not None
    assert opened.banner.notice.tone == "danger"
    assert "disk is full" in opened.banner.notice.message
    assert opened.viewer.state.layers == layers
    assert opened.side.save_button.isEnabled()


def test_a_phrase_that_is_too_long_is_told_but_not_twice_what_is_known(
    opened: SegmentPage, desk: Any, qtbot: Any
) -> None:
    ask(opened, "liver")
    job_id, _ = desk.last(Segment)
    desk.event.emit(Log(job_id, "The phrase 'liver' is too long; not read: the rest.", "warning"))
    desk.event.emit(Log(job_id, "head: 'liver' was not found (highest probability 0.10, threshold 0.50).", "warning"))
    desk.answer(liver=block(20))
    answered(opened, qtbot)
    qtbot.waitUntil(lambda: opened.banner.notice is not None)
    assert opened.banner.notice.message == "The phrase 'liver' is too long; not read: the rest."
    assert opened.banner.notice.hint == ""
    assert opened.banner.notice.tone == "warning"


@pytest.mark.parametrize(
    ("text", "words"), [("", "no phrase"), ("\n".join(f"thing {n}" for n in range(9)), "9 phrases")]
)
def test_too_few_and_too_many_phrases(opened: SegmentPage, desk: Any, text: str, words: str) -> None:
    opened.side.prompt_edit.setPlainText(text)
    QTest.mouseClick(opened.side.segment_button, LEFT)
    assert opened.banner.notice is not None
    assert words in opened.banner.notice.message
    assert desk.count(Segment) == 0


def test_asking_without_a_scan(page: SegmentPage, desk: Any) -> None:
    ask(page, "liver")
    assert page.banner.notice is not None
    assert page.banner.notice.message == "No scan is open."
    assert desk.count(Segment) == 0


def test_a_folder_that_is_no_bundle(page: SegmentPage, tmp_path: Path, qtbot: Any) -> None:
    chosen = page.side.model
    page.open_bundle(tmp_path)
    qtbot.waitUntil(lambda: page.banner.notice is not None)
    assert "bundle" in page.banner.notice.message
    assert page.side.model == chosen


def test_answers_that_were_cleared_away_are_told(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    job_id, _ = desk.last(Segment)
    desk.event.emit(JobFinished(job_id, {"probabilities": [{"path": "/nowhere/a.npy"}]}))
    qtbot.waitUntil(lambda: opened.banner.notice is not None)
    assert "missing or damaged" in opened.banner.notice.message


# saving


@pytest.fixture
def masked(opened: SegmentPage, desk: Any, qtbot: Any) -> SegmentPage:
    ask(opened, "liver", "spleen")
    desk.answer(liver=block(200), spleen=block(200))
    answered(opened, qtbot, 2)
    return opened


def test_saving_writes_the_visible_layers_at_the_threshold(masked: SegmentPage, desk: Any, tmp_path: Path) -> None:
    proposed = []
    masked.side.threshold_slider.setValue(62)
    check = child(masked, QCheckBox, "layerCheck1")
    QTest.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))
    masked.ask_save_path = lambda: proposed.append(1) or str(tmp_path / "out.nii.gz")  # type: ignore[method-assign]
    QTest.mouseClick(masked.side.save_button, LEFT)
    _, job = desk.last(Segment)
    assert proposed == [1]
    assert (job.save, job.out, job.prompts) == (True, str(tmp_path / "out.nii.gz"), ["liver"])
    assert (job.threshold, job.axis, job.bundle, job.probabilities) == (0.62, "axial", "starter", "")
    desk.event.emit(JobFinished(desk.last(Segment)[0], {}))
    assert masked.status.text() == f"Saved {tmp_path / 'out.nii.gz'}"


@pytest.mark.parametrize("yes", [True, False])
def test_a_file_that_is_there_is_replaced_only_on_request(
    masked: SegmentPage, desk: Any, tmp_path: Path, yes: bool
) -> None:
    target = tmp_path / "out.nii.gz"
    target.write_bytes(b"old")
    asked: list[Path] = []
    masked.ask_save_path = lambda: str(tmp_path / "out")  # type: ignore[method-assign]
    masked.ask_overwrite = lambda path: asked.append(path) or yes  # type: ignore[method-assign,func-returns-value]
    jobs = desk.count(Segment)
    QTest.mouseClick(masked.side.save_button, LEFT)
    assert asked == [target]  # the ending that it gets is looked at, not the name as typed
    assert desk.count(Segment) == jobs + yes
    assert target.read_bytes() == b"old"


def test_saving_that_fails_is_told(masked: SegmentPage, desk: Any, tmp_path: Path) -> None:
    masked.controller.save(tmp_path / "out.nii.gz", lambda _path: True)
    desk.fail(Segment, "The disk is full.", "Free some space.", "DiskFull")
    assert masked.banner.notice is not None
    assert masked.banner.notice.message == "The disk is full."
    assert len(masked.viewer.state.layers) == 2


# dropping, and models that appear


def dropped(page: SegmentPage, path: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    actions, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(20, 20), actions, data, LEFT, no_keys)
    page.dragEnterEvent(enter)
    if enter.isAccepted():
        page.dropEvent(QDropEvent(QPointF(20, 20), actions, data, LEFT, no_keys))
    return enter.isAccepted()


def test_dropping_a_scan_opens_it_and_a_dataset_is_left_to_the_window(
    page: SegmentPage, desk: Any, picture: Path, tmp_path: Path
) -> None:
    assert dropped(page, picture)
    assert desk.last(OpenScan)[1].path == str(picture)
    assert not dropped(page, tmp_path)


def test_models_are_looked_for_again_when_the_page_is_shown(page: SegmentPage, desk: Any) -> None:
    asked = desk.count(ListModels)
    page.hide()
    page.show()
    assert desk.count(ListModels) == asked + 1


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


def test_a_label_is_picked_only_where_labels_have_words_of_their_own(
    opened: SegmentPage, desk: Any, tmp_path: Path, qtbot: Any
) -> None:
    combo = child(opened, QComboBox, "labelCombo")
    assert not combo.isVisible()
    opened.open_bundle(write_tiny_bundle(tmp_path / "shared.vlseg"))
    qtbot.waitUntil(lambda: opened.side.model is not None and opened.side.model.reference.endswith("shared.vlseg"))
    assert not combo.isVisible()
    ask(opened, "blight")
    assert desk.last(Segment)[1].label == ""
    desk.answer(blight=block(200))
    answered(opened, qtbot)

    opened.open_bundle(write_tiny_bundle(tmp_path / "own.vlseg", by_label=True))
    qtbot.waitUntil(combo.isVisible)
    assert [combo.itemText(row) for row in range(combo.count())] == ["nearest name", "rose", "leaf"]
    ask(opened, "blight")
    assert desk.last(Segment)[1].label == ""
    desk.answer("leaf", blight=block(200))
    qtbot.waitUntil(lambda: [layer.label_used for layer in opened.viewer.state.layers] == ["leaf"])
    assert child(opened, QCheckBox, "layerCheck0").text() == "blight  ·  leaf"

    combo.setCurrentIndex(1)
    ask(opened, "blight", "rose")
    assert desk.last(Segment)[1].label == "rose"
    desk.answer("rose", blight=block(200), rose=block(210))
    answered(opened, qtbot, 2)
    # Saving asks again, as it was asked.
    opened.controller.save(tmp_path / "mask.nii.gz", lambda _path: True)
    assert desk.last(Segment)[1].label == "rose"
    # The label itself needs no word about whose words it took.
    assert child(opened, QCheckBox, "layerCheck1").text() == "rose"


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
