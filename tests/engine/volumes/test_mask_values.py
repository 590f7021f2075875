from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.volumes.mask_values import binary_or_labels

RANDOM = np.random.default_rng(0)


def disc() -> np.ndarray:
    y, x = np.mgrid[:100, :100]
    return ((y - 50) ** 2 + (x - 40) ** 2 < 900).astype(np.uint8)


@pytest.mark.parametrize("foreground", [1, 255])
def test_two_values_become_0_and_1_without_a_note(foreground: int) -> None:
    labels, note = binary_or_labels(disc() * np.uint8(foreground))
    assert np.array_equal(labels, disc())
    assert note is None


def test_soft_edges_are_cut_at_one_half_and_told() -> None:
    soft = np.asarray(Image.fromarray(disc() * np.uint8(255)).resize((300, 300), Image.Resampling.BICUBIC))
    labels, note = binary_or_labels(soft)
    assert np.array_equal(labels, soft > 127)
    assert note is not None


@pytest.mark.parametrize("values", [[0, 1, 2], [0, 3], [0, 1, 2, 255], [0, 85, 170, 255], [0, 128], [0, 7, 9]])
def test_label_numbers_stay(values: list[int]) -> None:
    map_ = RANDOM.choice(np.array(values, np.uint8), (50, 60))
    labels, note = binary_or_labels(map_)
    assert np.array_equal(labels, map_)
    assert note is None


@pytest.mark.parametrize("count", [12, 250, 400])
def test_counted_objects_are_labels_not_soft_edges(count: int) -> None:
    cells = np.zeros(200 * 200, np.uint16)
    cells[: count * 40] = np.repeat(np.arange(1, count + 1), 40)
    labels, note = binary_or_labels(cells.reshape(200, 200))
    assert int(labels.max()) == count
    assert note is None
    assert labels.dtype == (np.uint8 if count <= 255 else np.uint16)


def test_an_empty_jpeg_stays_empty() -> None:
    labels, note = binary_or_labels(RANDOM.integers(0, 4, (30, 30)).astype(np.uint8), lossy=True)
    assert labels.max() == 0
    assert note is not None


def test_empty_full_and_bool_masks() -> None:
    assert binary_or_labels(np.zeros((4, 4), np.uint8))[0].max() == 0
    assert binary_or_labels(np.full((4, 4), 255, np.uint8))[0].min() == 1
    assert binary_or_labels(np.ones((4, 4), bool))[0].dtype == np.uint8


@pytest.mark.parametrize("wrong", [np.array([[-1, 0]]), np.array([[0.0, 1.0]]), np.array([[70_000]])])
def test_what_is_no_label_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        binary_or_labels(wrong)
