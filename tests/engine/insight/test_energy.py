from __future__ import annotations

import numpy as np
import pytest

from engine.contract.errors import InputError
from engine.insight.energy import Array, Projection, View, distance


def drawn(seed: int, count: int, shift: float = 0.0, spread: float = 1.0) -> Array:
    """Correlated numbers, as features are."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(20, 60))
    return (rng.normal(size=(count, 20)) * spread + shift) @ mixing + 5


def views(count: int = 200) -> tuple[View, ...]:
    projection = Projection.of(drawn(0, 600))
    return (View(projection, projection(drawn(1, count)), np.arange(count)),)


@pytest.mark.parametrize("count", [8, 30, 200])
def test_new_pictures_of_the_same_kind_lie_at_one_however_many_they_are(count: int) -> None:
    found = [distance(views(), drawn(seed, count), np.arange(count)).value for seed in range(10, 30)]
    assert np.mean(found) == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("count", [10, 40, 160])
def test_others_lie_further_out_by_as_much_however_many_they_are(count: int) -> None:
    found = [distance(views(), drawn(seed, count, shift=1.0), np.arange(count)).value for seed in range(40, 50)]
    assert np.mean(found) == pytest.approx(distance(views(), drawn(5, 1000, 1.0), np.arange(1000)).value, rel=0.06)
    assert np.mean(found) > 2


def test_the_further_the_larger() -> None:
    found = [distance(views(), drawn(3, 60, shift), np.arange(60)).value for shift in (0.0, 0.3, 0.6, 1.2, 2.4)]
    assert found == sorted(found)


def test_another_spread_is_another_kind_too() -> None:
    assert distance(views(), drawn(3, 100, spread=0.2), np.arange(100)).value > 1.5


def test_interval_holds_the_value_and_is_wider_where_patients_are_few() -> None:
    patients = np.arange(60) // 10
    features = drawn(3, 60, 0.5) + 4 * drawn(4, 6)[patients] / np.sqrt(20)
    many = distance(views(), features, np.arange(60))
    few = distance(views(), features, patients)
    for found in (many, few):
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high
    assert many.value == few.value
    assert few.high - few.low > many.high - many.low  # type: ignore[operator]


def test_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth = distance(views(), drawn(6, 2000, 0.4), np.arange(2000)).value
    held = 0
    for seed in range(100, 140):
        found = distance(views(), drawn(seed, 40, 0.4), np.arange(40))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held >= 34


def test_one_patient_has_no_interval() -> None:
    found = distance(views(), drawn(3, 12), np.zeros(12, np.int64))
    assert found.low is None
    assert found.high is None


def test_projection_scales_what_it_was_made_from_and_leaves_dead_features_out() -> None:
    features = np.concatenate([drawn(0, 300), np.full((300, 4), 7.0)], axis=1)
    seen = Projection.of(features)(features)
    assert seen.std(axis=0) == pytest.approx(np.ones(seen.shape[1]))
    assert np.isfinite(seen).all()


def test_pictures_that_are_all_the_same_make_no_projection() -> None:
    with pytest.raises(InputError, match="look the same"):
        Projection.of(np.ones((30, 8)))
