from __future__ import annotations

import numpy as np
import pytest

from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel, fits_table, to_grey

WINDOW = WindowLevel(40, 400)


def expected(values: np.ndarray, window: WindowLevel) -> np.ndarray:
    low, high = window.limits
    return np.floor(np.clip((values.astype(np.float64) - low) / (high - low) * 255 + 0.5, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize("dtype", ["int16", "uint16", ">i2", "int8", "uint8", "int32", "float32", "float64"])
def test_every_type_gets_the_same_grey(dtype: str) -> None:
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    values = np.arange(-1100, 1100, 7)
    if info is not None:
        values = values[(values >= info.min) & (values <= info.max)]
    grid = np.stack([values, values[::-1]]).astype(dtype)
    assert np.abs(to_grey(grid, WINDOW).astype(int) - expected(grid, WINDOW).astype(int)).max() <= 1
    assert to_grey(grid, WINDOW).dtype == np.uint8


def test_the_middle_of_the_window_is_mid_grey_and_its_ends_are_black_and_white() -> None:
    assert to_grey(np.array([[-160, 40, 240, -2000, 3000]], np.int16), WINDOW).tolist() == [[0, 128, 255, 0, 255]]


def test_a_flipped_and_strided_view_is_read_where_it_lies() -> None:
    volume = np.random.default_rng(1).integers(-500, 500, (5, 6, 7)).astype(np.int16)
    view = volume[:, ::-1, 3].T
    assert np.array_equal(to_grey(view, WINDOW), to_grey(np.ascontiguousarray(view), WINDOW))


def test_no_number_is_black() -> None:
    assert to_grey(np.array([[np.nan, 1e6]], np.float32), WINDOW).tolist() == [[0, 255]]


def test_a_mask_of_booleans_can_be_looked_at() -> None:
    assert to_grey(np.array([[False, True]]), WindowLevel.between(0, 1)).tolist() == [[0, 255]]


def test_only_small_whole_numbers_have_a_table() -> None:
    assert [fits_table(np.dtype(name)) for name in ("bool", "uint8", "int16", "int32", "float32")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_dragging_right_widens_and_down_raises_the_level() -> None:
    moved = WINDOW.dragged(50, -25, 400)
    assert (moved.width, moved.center) == pytest.approx((440, 20))


def test_the_width_never_reaches_zero() -> None:
    assert WINDOW.dragged(-1e6, 0, 400).width > 0


def test_six_presets_for_six_keys() -> None:
    assert len(CT_PRESETS) == 6
    assert dict(CT_PRESETS)["Lung"] == WindowLevel(-600, 1500)
