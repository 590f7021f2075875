"""Validation images through time: sheets are read, scrubbed, shown one image at a time; lost ones are passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from pytestqt.qtbot import QtBot

from engine.runs import layout
from engine.runs.writer import RunWriter
from tunevlseg_gui.pages.runs.live_strip import PreviewStrip

WAIT = 20_000
SIDE = 64


def sheet(epoch: int, columns: int = 6) -> np.ndarray:
    """Truth is grey, answers are as red as the epoch."""
    picture = np.full((2 * SIDE, columns * SIDE, 3), 100, np.uint8)
    picture[SIDE:] = (40 * epoch, 0, 0)
    return picture


@pytest.fixture
def run(tmp_path: Path) -> RunWriter:
    return RunWriter.create(tmp_path / "run", "name: a\n", {})


@pytest.fixture
def strip(qtbot: QtBot, run: RunWriter) -> PreviewStrip:
    made = PreviewStrip()
    qtbot.addWidget(made)
    made.resize(420, 420)
    made.show()
    made.show_run(run.folder)
    for epoch in (1, 2, 3):
        made.add(epoch, run.preview(epoch, sheet(epoch)))
    qtbot.waitUntil(lambda: len(made.strip.pictures) == 3 and made.picture.sheet is not None, timeout=WAIT)
    return made


def redness(strip: PreviewStrip) -> int:
    """Of the answers that are shown."""
    assert strip.picture.sheet is not None
    image = strip.picture.sheet.image
    return round(image.pixelColor(image.width() // 2, image.height() - 5).red() / 40)


def test_the_newest_is_shown_until_an_earlier_one_is_looked_at(
    strip: PreviewStrip, run: RunWriter, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: redness(strip) == 3, timeout=WAIT)
    strip.mark_best(1)
    qtbot.keyClick(strip.strip, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: redness(strip) == 1, timeout=WAIT)
    assert "Epoch 1, best so far" in strip._text.text()
    strip.add(4, run.preview(4, sheet(4)))
    qtbot.waitUntil(lambda: strip.strip.epochs == [1, 2, 3, 4], timeout=WAIT)
    assert strip.current == 1
    qtbot.mouseClick(strip.newest, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: redness(strip) == 4, timeout=WAIT)
    strip.add(5, run.preview(5, sheet(5)))
    qtbot.waitUntil(lambda: strip.current == 5, timeout=WAIT)


def test_the_mouse_scrubs(strip: PreviewStrip, qtbot: QtBot) -> None:
    middle = strip.strip.rect().center()
    middle.setX(75)  # the second of three thumbnails of 50 pixels
    qtbot.mouseClick(strip.strip, Qt.MouseButton.LeftButton, pos=middle)
    assert strip.current == 2


def test_between_two_pictures_lie_the_epochs_between_them(strip: PreviewStrip, qtbot: QtBot) -> None:
    scrubbed: list[int] = []
    bar = strip.strip
    bar.scrubbed.disconnect()
    bar.scrubbed.connect(scrubbed.append)
    bar.show_epochs(list(range(1, 101)), 100)
    seen, y = bar._in_sight(), bar.height() // 2
    assert len(seen) > 4
    for place in (0, 3):
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(round((place + 0.5) * bar._step()), y))
        assert scrubbed[-1] == seen[place]
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(5, y))
    middle = QPointF(2 * bar._step(), y)  # half way between the second and the third
    held = Qt.MouseButton.LeftButton
    bar.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, middle, middle, held, held, Qt.KeyboardModifier.NoModifier))
    assert seen[1] < scrubbed[-1] < seen[2]
    assert scrubbed[-1] == pytest.approx((seen[1] + seen[2]) / 2, abs=1)


def test_one_image_alone_and_all_again(strip: PreviewStrip, qtbot: QtBot) -> None:
    assert len(strip.picture.places()) == 6
    small = strip.picture.places()[1][0].width()
    qtbot.keyClick(strip.picture, Qt.Key.Key_2)
    assert list(strip.picture.places()) == [1]
    assert strip.picture.places()[1][0].width() > small
    qtbot.keyClick(strip.picture, Qt.Key.Key_9)
    assert strip.picture.alone == 1, "there is no ninth image"
    qtbot.mouseClick(strip.picture, Qt.MouseButton.LeftButton, pos=strip.picture.places()[1][1].center())
    assert strip.picture.alone is None


def test_sheets_that_were_put_away_are_passed_over(strip: PreviewStrip, run: RunWriter, qtbot: QtBot) -> None:
    layout.previews(run.folder)[2].unlink()
    strip.show_epoch(2)
    qtbot.waitUntil(lambda: strip.epochs == [1, 3], timeout=WAIT)
    assert strip.current in (1, 3)


def test_an_attempt_that_was_interrupted_gives_way(strip: PreviewStrip, run: RunWriter) -> None:
    strip.add(2, run.preview(2, sheet(5)))
    assert strip.epochs == [1, 2]


def test_pictures_of_earlier_versions_are_shown_whole(qtbot: QtBot, tmp_path: Path, run: RunWriter) -> None:
    from PIL import Image

    path = run.folder / layout.PREVIEWS / "001.png"
    Image.fromarray(np.full((256, 516, 3), 90, np.uint8)).save(path)
    made = PreviewStrip()
    qtbot.addWidget(made)
    made.resize(420, 420)
    made.show_run(run.folder)
    made.add_all(layout.previews(run.folder))
    qtbot.waitUntil(lambda: made.picture.sheet is not None, timeout=WAIT)
    assert made.picture.sheet is not None
    assert not made.picture.sheet.paired
    assert len(made.picture.places()) == 1


def test_a_long_run_shows_as_many_thumbnails_as_fit(strip: PreviewStrip) -> None:
    strip.strip.show_epochs(list(range(1, 1001)), 1000)
    seen = strip.strip._in_sight()
    assert len(seen) * 50 <= strip.strip.width()
    assert (seen[0], seen[-1]) == (1, 1000)
    strip.strip.show_epochs(list(range(1, 1003)), 1002)
    assert strip.strip._in_sight() == [*seen[:-1], 1002], "pictures that are read already stay"
    for count in range(1, 40):
        strip.strip.show_epochs(list(range(1, count + 1)), count)
        seen = strip.strip._in_sight()
        assert len(set(seen)) == len(seen) <= strip.strip.width() // 50
        assert (seen[0], seen[-1]) == (1, count)
