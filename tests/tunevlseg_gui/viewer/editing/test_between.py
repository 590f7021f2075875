import numpy as np
import pytest

from tunevlseg_gui.viewer.editing.between import painted_slices, signed_distance, slices_between

ndimage = pytest.importorskip("scipy.ndimage")


def _disc(radius: float, size: int = 41, at: tuple[float, float] = (20, 20)) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    return (rows - at[0]) ** 2 + (columns - at[1]) ** 2 <= radius**2


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.5, 0.7)])
def test_distances_are_those_that_scipy_gives(spacing: tuple[float, float]) -> None:
    mask = np.random.default_rng(3).random((19, 23)) < 0.2
    half = min(spacing) / 2
    inside = ndimage.distance_transform_edt(mask, spacing) - half
    outside = ndimage.distance_transform_edt(~mask, spacing) - half
    assert np.allclose(signed_distance(mask, spacing), np.where(mask, inside, -outside), atol=1e-4)


def test_between_a_small_and_a_large_disc_lies_one_of_the_mean_radius() -> None:
    mask = np.zeros((5, 41, 41), bool)
    mask[0], mask[4] = _disc(6), _disc(14)
    made = slices_between(mask, painted_slices(mask), (1.0, 1.0))
    areas = [int(made[number].sum()) for number in (1, 2, 3)]
    assert not made[0].any()
    assert not made[4].any()
    for area, radius in zip(areas, (8, 10, 12), strict=True):
        assert area == pytest.approx(np.pi * radius**2, rel=0.06)


def test_equal_slices_are_joined_by_equal_ones() -> None:
    mask = np.zeros((4, 41, 41), bool)
    mask[0] = mask[3] = _disc(9)
    made = slices_between(mask, [0, 3], (1.0, 1.0))
    assert np.array_equal(made[1], mask[0])
    assert np.array_equal(made[2], mask[0])


def test_slices_that_hold_something_stay_and_neighbours_need_nothing() -> None:
    mask = np.zeros((4, 41, 41), bool)
    mask[0] = mask[3] = _disc(9)
    mask[1] = _disc(2)
    made = slices_between(mask, painted_slices(mask), (1.0, 1.0))
    assert not made[1].any()
    assert made[2].any()
    assert not slices_between(mask[:2], [0, 1], (1.0, 1.0)).any()


def test_progress_is_told_and_may_end_it() -> None:
    mask = np.zeros((6, 41, 41), bool)
    mask[0] = mask[5] = _disc(9)
    seen: list[tuple[int, int]] = []
    slices_between(mask, [0, 5], (1.0, 1.0), lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
