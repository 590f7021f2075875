"""Parts of rows indexed as numpy indexes arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.cache.pack import MemoryPack, RowFacts
from engine.data.cache.row import RowLayout
from engine.data.cache.rows import StoredImages, StoredMasks, StoredRows, StoredVoid

COUNT, SIZE, LABELS = 7, 11, 3


@pytest.fixture
def drawn() -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(0)
    return {
        "images": rng.integers(0, 256, (COUNT, SIZE, SIZE, 3), dtype=np.uint8),
        "masks": rng.integers(0, 2, (COUNT, LABELS, SIZE, SIZE), dtype=np.uint8),
        "void": rng.integers(0, 2, (COUNT, SIZE, SIZE)).astype(np.bool_),
    }


@pytest.fixture
def parts(drawn: dict[str, NDArray[Any]]) -> dict[str, Any]:
    layout, pack = RowLayout(SIZE, LABELS), MemoryPack()
    for at in range(COUNT):
        row = layout.packed(drawn["images"][at], drawn["masks"][at], drawn["void"][at])
        pack.add(row, RowFacts("x", at, (SIZE, SIZE), (0,) * LABELS))
    rows = StoredRows(layout, [(pack, at) for at in range(COUNT)], lambda at: pytest.fail("nothing is damaged"))
    return {"images": StoredImages(rows), "masks": StoredMasks(rows), "void": StoredVoid(rows)}


WAYS: list[Any] = [
    0,
    -1,
    np.int64(3),
    slice(None),
    slice(1, 6, 2),
    slice(None, None, -1),
    slice(5, 5),
    [4, 0, 4],
    np.array([6, 2, 2, -1]),
    np.array([], np.int64),
    np.array([[0, 1], [5, 6]]),
    np.arange(COUNT) % 2 == 0,
]


@pytest.mark.parametrize("name", ["images", "masks", "void"])
@pytest.mark.parametrize("at", WAYS, ids=repr)
def test_indexing(name: str, at: Any, drawn: dict[str, NDArray[Any]], parts: dict[str, Any]) -> None:
    found, expected = parts[name][at], drawn[name][at]
    assert found.dtype == expected.dtype == parts[name].dtype
    assert np.array_equal(found, expected)
    assert found.shape == expected.shape


@pytest.mark.parametrize("name", ["images", "masks", "void"])
def test_as_a_whole(name: str, drawn: dict[str, NDArray[Any]], parts: dict[str, Any]) -> None:
    part, expected = parts[name], drawn[name]
    assert part.shape == expected.shape
    assert part.ndim == expected.ndim
    assert part.nbytes == expected.nbytes
    assert np.array_equal(np.asarray(part), expected)
    assert all(np.array_equal(one, other) for one, other in zip(part, expected, strict=True))


def test_beyond_the_end(parts: dict[str, Any]) -> None:
    for at in (COUNT, -COUNT - 1, [0, COUNT]):
        with pytest.raises(IndexError):
            parts["images"][at]
    with pytest.raises(IndexError):
        parts["images"][0, 1]


def test_what_is_read_is_a_copy(parts: dict[str, Any]) -> None:
    parts["images"][0][:] = 0
    assert parts["images"][0].any()
