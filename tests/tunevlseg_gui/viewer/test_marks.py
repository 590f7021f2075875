"""What is written over a slice does not lie on top of each other."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from tunevlseg_gui.viewer.marks import draw_corner_texts, draw_edge_letters, draw_legend
from tunevlseg_gui.viewer.mask_overlay import COLOURS
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.shared_look import SharedLook
from tunevlseg_gui.viewer.slice_state import SliceState


def painted(area: QRect, *draw: object) -> np.ndarray:
    """Pixels [h, w] that are touched."""
    image = QImage(area.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    for one in draw:
        one(painter)  # type: ignore[operator]
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(area.height(), -1, 4)
    return pixels[..., 3] > 0


@pytest.mark.parametrize("width", [200, 260, 326, 420, 700])
def test_texts_letters_and_legend_keep_clear_of_each_other(qapp: object, volume: ViewedScan, width: int) -> None:
    area = QRect(0, 0, width, 260)
    state = SliceState(SharedLook(), "coronal")
    state.open(volume)
    taken = 0

    def texts(painter: QPainter) -> None:
        nonlocal taken
        taken = draw_corner_texts(painter, area, state)

    entries = [(COLOURS[0], "false positive", False), (COLOURS[1], "false negative", False)]
    first = painted(area, texts)
    second = painted(area, lambda painter: draw_legend(painter, area, entries, taken))
    third = painted(area, lambda painter: draw_edge_letters(painter, area, state.stack.edge_letters))
    assert first.any()
    assert second.any()
    assert third.any()
    assert not (first & second).any()
    assert not (first & third).any()
    assert not (second & third).any()
