"""What was drawn and not saved outlives the window, whatever ended it; it never comes onto another scan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.contract.errors import InputError
from engine.contract.jobs import SaveMask
from tests.tunevlseg_gui.pages.segment.conftest import DeskClient
from tests.tunevlseg_gui.pages.segment.test_mask_editor import drag, key, mask
from tunevlseg_gui.pages.segment.page import SegmentPage
from tunevlseg_gui.pages.segment.recovery import (
    Origin,
    content_of,
    forget,
    keep,
    kept_file,
    kept_of,
    locked,
    read,
    recovery_folder,
    unsaved_among,
)
from tunevlseg_gui.pages.start.page import StartPage
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer, count_levels

DRAWS = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from PySide6.QtCore import QTimer
from tests.tunevlseg_gui.pages.segment.conftest import DeskClient
from tests.tunevlseg_gui.pages.segment.test_mask_editor import drag
from tests.tunevlseg_gui.pages.segment.test_recovery import stored
from tunevlseg_gui.pages.segment.page import SegmentPage

app = QApplication([])
desk = DeskClient()
page = SegmentPage(desk)
page.resize(1100, 760)
page.show()
page.open_scan(Path(sys.argv[1]))
desk.open()

def look():
    if page.controller.scan is None:
        return
    if not page.viewer.state.layers:
        page.side.prompt_edit.setPlainText("cyst")
        page.edit_bar.new_action.trigger()
        page.controller.editor.set_radius(2.0)
        page.controller.editor.use_tool("paint")
        drag(page, (8, 8), (12, 20))
    else:
        drawn = page.viewer.state.layers[0].levels > 0
        if drawn.any() and any((masks[0] == drawn).all() for masks in stored().values()):
            print(int(drawn.sum()), flush=True)
            timer.stop()

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
app.exec()
"""


def stored() -> dict[Path, list[np.ndarray]]:
    """Files of edits with their masks; one that is being written, beside its place, is none yet."""
    paths = recovery_folder().glob("[!.]*.npz")
    return {path: [layer.levels > 0 for layer in read(path).layers()] for path in paths}


def layer_of(phrase: str = "cyst", seed: int = 0, shape: tuple[int, int, int] = (3, 5, 7)) -> Layer:
    levels = (np.random.default_rng(seed).random(shape) > 0.5) * np.uint8(255)
    return Layer(phrase, levels, COLOURS[seed], counts=count_levels(levels), edited=True)


@pytest.fixture
def shown(page: SegmentPage, desk: DeskClient, picture: Path, qtbot: Any) -> SegmentPage:
    page.open_scan(picture)
    desk.open()
    qtbot.waitUntil(lambda: page.controller.scan is not None)
    return page


def draw(page: SegmentPage) -> np.ndarray:
    page.edit_bar.new_action.trigger()
    page.viewer.view.setFocus()
    key(page, Qt.Key.Key_P)
    drag(page, (8, 8), (12, 20))
    return mask(page)


def test_masks_come_back_bit_for_bit(tmp_path: Path) -> None:
    layers = [layer_of("cyst", 1), layer_of("liver", 2)]
    path = keep(tmp_path / "a.npz", "f" * 64, layers, Origin("starter", "axial", "x"))
    kept = read(path)
    assert (kept.scan_sha256, kept.shape_zyx, kept.origin) == ("f" * 64, (3, 5, 7), Origin("starter", "axial", "x"))
    for was, now in zip(layers, kept.layers(), strict=True):
        assert (was.phrase, was.colour, now.edited) == (now.phrase, now.colour, True)
        assert np.array_equal(was.levels, now.levels)
        assert np.array_equal(was.counts, now.counts)


def test_names_say_nothing_of_the_scan(tmp_path: Path) -> None:
    scan = tmp_path / "DOE^JANE" / "jane-doe-1970.nii.gz"
    path = kept_file(scan, "1.2.840.113619", "ab")
    assert "doe" not in path.name.lower()
    assert "1.2.840" not in path.name
    keep(path, "0" * 64, [layer_of()], Origin())
    assert b"jane" not in path.read_bytes().lower()


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"nonsense"])
def test_a_damaged_file_is_told_and_left(tmp_path: Path, damage: Any) -> None:
    path = keep(tmp_path / "a.npz", "0" * 64, [layer_of()], Origin())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match="cannot be read"):
        read(path)
    assert path.exists()


def test_what_another_window_holds_is_not_offered(tmp_path: Path) -> None:
    scan = tmp_path / "a.png"
    scan.write_bytes(b"")
    path = kept_file(scan, "", "one")
    lock = locked(path)
    assert lock is not None
    keep(path, "0" * 64, [layer_of()], Origin())
    assert kept_of(scan) is None
    assert unsaved_among([scan]) == []
    lock.unlock()
    assert kept_of(scan) == path
    assert unsaved_among([scan, tmp_path / "other.png"]) == [scan]
    forget(path)
    assert unsaved_among([scan]) == []


def test_what_a_killed_window_had_half_written_goes_once_it_is_old() -> None:
    recovery_folder().mkdir(parents=True)
    old, young = recovery_folder() / ".writing-a.npz", recovery_folder() / ".writing-b.npz"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert unsaved_among([]) == []
    assert not old.exists()
    assert young.exists()


def test_strokes_are_kept_and_saving_ends_that(
    shown: SegmentPage, desk: DeskClient, picture: Path, tmp_path: Path, qtbot: Any
) -> None:
    drawn = draw(shown)
    # A slow machine may keep the empty mask first, before the stroke ends.
    qtbot.waitUntil(lambda: any(np.array_equal(masks[0], drawn) for masks in stored().values()))
    (path,) = stored()
    scan = shown.controller.scan
    assert scan is not None
    assert read(path).scan_sha256 == content_of(scan)
    shown.controller.saver.save(tmp_path / "photo_mask.png", lambda _path: True)
    qtbot.waitUntil(lambda: desk.count(SaveMask) == 1)
    desk.do(SaveMask)
    qtbot.waitUntil(lambda: not path.exists())


def test_another_scan_does_not_lose_what_was_drawn_on_this_one(
    shown: SegmentPage, desk: DeskClient, picture: Path, tmp_path: Path, qtbot: Any
) -> None:
    """At once, without a pause after the stroke; and it is offered when the first scan is opened again."""
    drawn = draw(shown)
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "other.png")
    shown.open_scan(tmp_path / "other.png")
    desk.open()
    qtbot.waitUntil(lambda: shown.controller.scan.path.name == "other.png")  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: kept_of(picture) is not None)
    assert not shown.recovery_row.isVisible()
    shown.open_scan(picture)
    qtbot.waitUntil(lambda: shown.recovery_row.isVisible())
    shown.recovery_row.restore_clicked.emit()
    qtbot.waitUntil(lambda: len(shown.viewer.state.layers) == 1)
    assert np.array_equal(mask(shown), drawn)
    assert shown.controller.editor.history.next_undo is not None


def test_edits_are_thrown_away_only_on_request(shown: SegmentPage, picture: Path, desk: DeskClient, qtbot: Any) -> None:
    scan = shown.controller.scan
    assert scan is not None
    path = keep(kept_file(picture, "", "old"), content_of(scan), [layer_of(shape=(1, 24, 40))], Origin())
    shown.open_scan(picture)
    qtbot.waitUntil(lambda: shown.recovery_row.isVisible())
    draw(shown)  # new strokes do not touch what waits
    qtbot.waitUntil(lambda: len(stored()) == 2)
    assert path.exists()
    shown.recovery_row.throw_clicked.emit()
    qtbot.waitUntil(lambda: not path.exists())


def test_a_changed_scan_is_refused_and_the_file_stays(
    shown: SegmentPage, picture: Path, desk: DeskClient, qtbot: Any
) -> None:
    path = keep(kept_file(picture, "", "old"), "0" * 64, [layer_of(shape=(1, 24, 40))], Origin())
    shown.open_scan(picture)
    qtbot.waitUntil(lambda: shown.banner.notice is not None)
    assert shown.banner.notice is not None
    assert "was changed since" in shown.banner.notice.message
    assert not shown.recovery_row.isVisible()
    assert path.exists()


def test_a_killed_window_loses_nothing(picture: Path, page: SegmentPage, desk: DeskClient, qtbot: Any) -> None:
    """A window in a process of its own draws and is killed without a word; the next one offers what it drew."""
    child = subprocess.Popen(
        [sys.executable, "-c", DRAWS, str(picture)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[4],
    )
    assert child.stdout is not None
    drawn = int(child.stdout.readline())
    assert drawn > 0
    assert unsaved_among([picture]) == []  # its window lives
    child.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    child.wait(30)
    assert unsaved_among([picture]) == [picture]
    page.open_scan(picture)
    qtbot.waitUntil(lambda: page.recovery_row.isVisible(), timeout=10_000)
    assert "cyst" in page.recovery_row.words.text()
    page.recovery_row.restore_clicked.emit()
    qtbot.waitUntil(lambda: len(page.viewer.state.layers) == 1)
    assert mask(page).sum() == drawn


def test_the_start_page_offers_them(qtbot: Any, tmp_path: Path) -> None:
    start = StartPage()
    qtbot.addWidget(start)
    start.show()
    start.show_unsaved([])
    card = start.findChild(object, "unsavedCard")
    assert card is not None
    assert not card.isVisible()  # type: ignore[attr-defined]
    start.show_unsaved([tmp_path / "head.nii.gz"])
    with qtbot.waitSignal(start.unsaved_wanted) as wanted:
        QTest.mouseClick(start._unsaved_open, Qt.MouseButton.LeftButton)
    assert wanted.args == [str(tmp_path / "head.nii.gz")]
