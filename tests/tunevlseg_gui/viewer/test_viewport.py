from __future__ import annotations

import numpy as np
import pytest

from tunevlseg_gui.viewer.viewport import CLOSEST, Viewport, outline_boxes, place, zoom_at

SIZE = (400, 300)


def test_the_whole_slice_is_fitted_in_the_proportions_of_the_body() -> None:
    placed = place(Viewport(), SIZE, (50, 100), (2.0, 1.0))
    assert (placed.width, placed.height) == (300, 300)  # 100 × 100 mm, though 50 × 100 voxels
    assert (placed.left, placed.top) == (50, 0)


def test_pixel_and_point_are_inverse() -> None:
    placed = place(Viewport(2.0, 13, -7), SIZE, (50, 100), (2.0, 1.0))
    assert placed.pixel_at(*placed.point_of(12, 34)) == pytest.approx((12, 34))


def test_zooming_keeps_what_is_under_the_mouse() -> None:
    view = Viewport(1.0, 5, 9)
    before = place(view, SIZE, (50, 100), (1.0, 1.0)).pixel_at(123, 45)
    zoom_at(view, 1.7, 123, 45, SIZE)
    assert view.zoom == pytest.approx(1.7)
    assert place(view, SIZE, (50, 100), (1.0, 1.0)).pixel_at(123, 45) == pytest.approx(before)


def test_zoom_has_an_end() -> None:
    view = Viewport()
    for _ in range(100):
        zoom_at(view, 1.5, 0, 0, SIZE)
    assert view.zoom == CLOSEST


def test_outline_boxes_are_as_wide_at_any_zoom() -> None:
    line = np.array([[2, 1, 7, 1]])
    for zoom in (1.0, 3.0):
        placed = place(Viewport(zoom), SIZE, (30, 40), (1.0, 1.0))
        (_, top, width, height), scale = outline_boxes(line, placed, 2)[0].tolist(), placed.width / 40
        assert height == 2
        assert width == round(5 * scale) + 2
        assert top == round(placed.top + scale) - 1
