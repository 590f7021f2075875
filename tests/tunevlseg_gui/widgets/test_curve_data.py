"""A curve's numbers: what is kept, and TensorBoard's smoothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tunevlseg_gui.widgets.curve_data import Series, smoothed


def tensorboard(values: list[float], weight: float) -> list[float]:
    """As its documentation says it: an average from 0 on, debiased by the weight gathered so far."""
    last, found = 0.0, []
    for count, value in enumerate(values, start=1):
        last = last * weight + (1 - weight) * value
        found.append(last / (1 - weight**count))
    return found


@pytest.mark.parametrize("weight", [0.01, 0.2, 0.21, 0.5, 0.6, 0.9, 0.99, 0.999])
def test_smoothing_is_tensorboards(weight: float) -> None:
    values = np.random.default_rng(1).random(5000)
    assert smoothed(values, weight) == pytest.approx(tensorboard(values.tolist(), weight), rel=1e-9)
    assert smoothed(values, 0.0) is values
    assert len(smoothed(values[:0], weight)) == 0


@pytest.mark.parametrize("weight", [0.1, 0.9])
def test_what_grows_is_smoothed_on(weight: float) -> None:
    series, rng = Series(), np.random.default_rng(2)
    for epoch in range(1, 400):
        series.put(epoch, float(rng.random()))
        if epoch % 7 == 0:
            series.smoothed(weight)
    assert series.smoothed(weight) == pytest.approx(tensorboard(series.values.tolist(), weight), rel=1e-9)
    series.put(5, 0.5)
    assert len(series) == 5
    assert series.smoothed(weight) == pytest.approx(tensorboard(series.values.tolist(), weight), rel=1e-9)


def test_gaps_are_left_out_and_lost_epochs_give_way() -> None:
    series = Series()
    for epoch, value in ((1, 0.1), (2, math.nan), (3, 0.3), (4, None)):
        series.put(epoch, value, epoch * 2.0)
    assert series.epochs.tolist() == [1, 3]
    assert series.minutes.tolist() == [2, 6]
    series.put(2, 0.2, 4.0)
    assert series.epochs.tolist() == [1, 2]
    assert series.values.tolist() == [0.1, 0.2]
    series.clear()
    assert len(series) == 0


def test_filled_at_once_it_is_the_same() -> None:
    one, other = Series(), Series()
    for epoch in range(1, 200):
        one.put(epoch, epoch / 7, epoch / 2)
    epochs = np.arange(1.0, 200.0)
    other.fill(epochs, epochs / 7, epochs / 2)
    assert other.values.tolist() == one.values.tolist()
    other.put(200, 1.0, 100.0)
    assert len(other) == 200
    other.fill(epochs[:0], epochs[:0], epochs[:0])
    other.put(1, 0.5)
    assert other.values.tolist() == [0.5]


def test_the_nearest_value_is_found() -> None:
    series = Series()
    assert series.at(1) is None
    for epoch in (1, 4, 5):
        series.put(epoch, 0.0, epoch * 10.0)
    assert [series.at(x) for x in (-3, 2, 3, 4.4, 99)] == [0, 0, 1, 1, 2]
    assert series.at(44, minutes=True) == 1
