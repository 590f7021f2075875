"""Work ahead of its use: in order, not further than allowed, errors at their place, no thread left."""

from __future__ import annotations

import threading

import pytest

from engine.data.prefetch import ahead


def test_results_come_in_order_and_not_too_early() -> None:
    made: list[int] = []

    def work(item: int) -> int:
        made.append(item)
        return item * item

    seen = []
    for result in ahead(work, range(9), depth=2):
        seen.append(result)
        assert len(made) <= len(seen) + 3
    assert seen == [item * item for item in range(9)]
    assert list(ahead(work, [])) == []


def test_an_error_comes_at_its_item_and_ends_the_thread() -> None:
    def work(item: int) -> int:
        return 10 // (2 - item)

    results = ahead(work, range(5))
    assert [next(results), next(results)] == [5, 10]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert not any(thread.name.startswith("ahead") for thread in threading.enumerate())


def test_stopping_early_leaves_no_thread() -> None:
    results = ahead(lambda item: item, range(1000))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert not any(thread.name.startswith("ahead") for thread in threading.enumerate())
