from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled
from engine.insight.energy import apart
from engine.insight.maps import neighbours, principal

GROUPS = np.repeat(np.arange(3), 30)


def groups() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(90, 12)) + 8 * rng.normal(size=(3, 12))[GROUPS]


@pytest.mark.parametrize("place", [principal, lambda rows: neighbours(rows, CancelToken())])
def test_neighbours_stay_neighbours(place) -> None:  # type: ignore[no-untyped-def]
    found = place(groups())
    between = apart(found, found)
    np.fill_diagonal(between, np.inf)
    assert found.shape == (90, 2)
    assert (GROUPS[between.argmin(axis=1)] == GROUPS).all()


def test_tsne_takes_apart_what_two_components_lay_over_each_other() -> None:
    """Twelve groups in twelve directions: no plane shows them all."""
    rng = np.random.default_rng(1)
    names = np.repeat(np.arange(12), 10)
    rows = rng.normal(size=(120, 12)) + 12 * np.eye(12)[names]

    def kept(found: np.ndarray) -> float:
        between = apart(found, found)
        np.fill_diagonal(between, np.inf)
        nearest = np.argsort(between, axis=1)[:, :5]
        return float((names[nearest] == names[:, None]).mean())

    assert kept(neighbours(rows, CancelToken())) > 0.95 > kept(principal(rows))


def test_the_same_rows_give_the_same_map() -> None:
    assert np.array_equal(neighbours(groups(), CancelToken()), neighbours(groups(), CancelToken()))


@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_few_points_and_twins(count: int) -> None:
    rows = np.zeros((count, 5))
    assert principal(rows).shape == (count, 2)
    found = neighbours(np.concatenate([rows, rows]), CancelToken())
    assert np.isfinite(found).all()


def test_a_cancel_is_heard_at_once() -> None:
    token = CancelToken()
    began = time.monotonic()
    threading.Timer(0.1, token.cancel).start()
    with pytest.raises(Cancelled):
        neighbours(np.random.default_rng(0).normal(size=(1200, 8)), token)
    assert time.monotonic() - began < 5
