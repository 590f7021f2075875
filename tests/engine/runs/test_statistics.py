"""Intervals equal scipy's number by number, hold the truth as often as they say, and respect clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.runs import statistics
from engine.runs.statistics import LEAST_CLUSTERS, LEAST_FOR_INTERVAL, Interval, compare, mean_interval, verdict


def dice_like(random: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Skewed towards 1, as scores of a fair model are; their mean is 0.8."""
    return random.beta(4, 1, n)


@pytest.mark.parametrize("method", ["bca", "percentile"])
@pytest.mark.parametrize("n", [LEAST_FOR_INTERVAL, 9, 60])
def test_intervals_are_those_of_scipy(method: str, n: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    values = dice_like(np.random.default_rng(n), n)
    found = mean_interval(values, method=method, seed=5)  # type: ignore[arg-type]
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=statistics.RESAMPLES,
        vectorized=True,
        method="BCa" if method == "bca" else "percentile",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert found.mean == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_draws_in_parts_give_such_intervals_too(monkeypatch: pytest.MonkeyPatch) -> None:
    values = dice_like(np.random.default_rng(1), 50)
    whole = mean_interval(values)
    monkeypatch.setattr(statistics, "_AT_ONCE", 1000)
    parts = mean_interval(values)
    assert parts.low == pytest.approx(whole.low, abs=0.01)
    assert parts.high == pytest.approx(whole.high, abs=0.01)


@pytest.mark.parametrize(("n", "least"), [(LEAST_CLUSTERS, 0.86), (40, 0.90)])
def test_an_interval_holds_the_truth_about_as_often_as_it_says(n: int, least: float) -> None:
    random = np.random.default_rng(7)
    found = [mean_interval(dice_like(random, n), resamples=500, seed=at) for at in range(500)]
    share = np.mean([interval.low <= 0.8 <= interval.high for interval in found])
    assert least <= share <= 0.98


def clustered(random: np.random.Generator, clusters: int) -> tuple[NDArray[np.float64], list[int]]:
    """Six images of each patient, who are alike among themselves; the mean is 0."""
    patients = random.normal(0, 1, clusters)
    return np.repeat(patients, 6) + random.normal(0, 0.3, 6 * clusters), [
        one for one in range(clusters) for _ in range(6)
    ]


def test_whole_patients_are_drawn() -> None:
    random = np.random.default_rng(3)
    by_patient, by_image = [], []
    for at in range(300):
        values, patients = clustered(random, 20)
        for held, names in ((by_patient, patients), (by_image, None)):
            interval = mean_interval(values, names, resamples=400, seed=at)
            held.append(interval.low <= 0 <= interval.high)
    assert np.mean(by_patient) >= 0.88
    assert np.mean(by_image) <= 0.70  # six images of a patient taken for six patients: far too sure


def test_a_mean_is_over_values_whatever_their_clusters() -> None:
    found = mean_interval([0.0, 0.0, 0.0, 1.0], ["a", "a", "a", "b"])
    assert (found.mean, found.n, found.clusters) == (0.25, 4, 2)
    several = mean_interval([0.0] * 30 + [1.0] * 6, ["a"] * 30 + list("bcdefg"))
    assert several.mean == pytest.approx(1 / 6)
    assert several.high > 0.9  # draws without the one large cluster are all ones


def test_runs_that_are_equal_are_seldom_called_different() -> None:
    random = np.random.default_rng(11)
    called = 0
    for at in range(400):
        first = dice_like(random, 30)
        called += compare(first, first + random.normal(0, 0.05, 30), resamples=400, seed=at).verdict == "different"
    assert called / 400 <= 0.10


def test_pairs_find_what_unpaired_means_hide() -> None:
    random = np.random.default_rng(2)
    first = random.uniform(0, 1, 40)  # easy and hard cases: the means alone are 0.3 apart by chance
    second = first + random.normal(0.02, 0.02, 40)
    found = compare(first, second)
    assert found.verdict == "different"
    assert found.difference.low > 0
    assert found.difference.mean == pytest.approx(float(np.mean(second - first)))
    assert compare(second, first).difference.mean == pytest.approx(-found.difference.mean)
    one, other = mean_interval(first), mean_interval(second)
    assert other.low < one.high


@pytest.mark.parametrize(
    ("low", "high", "clusters", "said"),
    [
        (0.01, 0.2, 30, "different"),
        (-0.2, -0.01, 30, "different"),
        (-0.1, 0.1, 30, "no real difference"),
        (0.0, 0.0, 30, "no real difference"),
        (0.01, 0.2, LEAST_CLUSTERS - 1, "too few cases"),
    ],
)
def test_the_rule(low: float, high: float, clusters: int, said: str) -> None:
    assert verdict(Interval((low + high) / 2, low, high, clusters, clusters)) == said


def test_what_cannot_be_known_is_not_said() -> None:
    nothing, one = mean_interval([]), mean_interval([0.5])
    assert np.isnan([nothing.mean, nothing.low, one.low, one.high]).all()
    assert not mean_interval([0.1, 0.2, 0.3, 0.4] * 5, ["a", "b", "c", "d"] * 5).known
    assert one.mean == 0.5
    assert not one.known
    assert mean_interval([0.5] * 20).low == 0.5
    assert compare([], []).verdict == "too few cases"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: mean_interval([1.0, float("nan")]), "finite"),
        (lambda: mean_interval([1.0], ["a", "b"]), "2 clusters"),
        (lambda: compare([1.0], [1.0, 2.0]), "against"),
        (lambda: mean_interval([1.0, 2.0], level=1.0), "level"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong()
