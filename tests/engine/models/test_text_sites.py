"""Where learned words come to stand, and that deeper rows find them again."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.models.text_sites import Place, Placed, insert, replace

# Two phrases of BOS 1, words, EOS 9 and filling 0; learned words are negative.
IDS = torch.tensor([[1, 4, 5, 6, 9, 0], [1, 7, 9, 0, 0, 0]])
MASK = (IDS != 0).long()
END = torch.tensor([4, 2])


def learned(count: int) -> Tensor:
    return -torch.arange(1.0, count + 1).expand(2, -1)[:, :, None]


def place(where: Place, count: int = 3, limit: int = 20, ids: Tensor = IDS, end: Tensor = END) -> Placed:
    return insert(ids[:, :, None].float(), (ids != 0).long(), end, learned(count), limit, where)


@pytest.mark.parametrize(
    ("where", "first", "second"),
    [
        ("end", [1, -1, -2, -3, 4, 5, 6, 9, 0], [1, -1, -2, -3, 7, 9, 0, 0, 0]),
        ("middle", [1, -1, 4, 5, 6, -2, -3, 9, 0], [1, -1, 7, -2, -3, 9, 0, 0, 0]),
        ("front", [1, 4, 5, 6, -1, -2, -3, 9, 0], [1, 7, -1, -2, -3, 9, 0, 0, 0]),
    ],
)
def test_where_the_words_stand(where: Place, first: list[int], second: list[int]) -> None:
    placed = place(where)
    assert placed.embeddings[:, :, 0].tolist() == [first, second]
    assert placed.mask.tolist() == [[1] * 8 + [0], [1] * 6 + [0] * 3]
    assert placed.end.tolist() == [7, 5]
    at = placed.embeddings[:, :, 0].gather(1, placed.positions)
    assert at.tolist() == [[-1, -2, -3]] * 2


@pytest.mark.parametrize(
    ("where", "first", "second"),
    [
        ("end", [1, -1, -2, 4, 5, 9], [1, -1, -2, 7, 9, 0]),
        ("middle", [1, -1, 4, 5, -2, 9], [1, -1, 7, -2, 9, 0]),
        ("front", [1, 4, 5, -1, -2, 9], [1, 7, -1, -2, 9, 0]),
    ],
)
def test_too_long_a_phrase_loses_its_middle(where: Place, first: list[int], second: list[int]) -> None:
    ids = torch.tensor([[1, 4, 5, 6, 9], [1, 7, 9, 0, 0]])
    placed = place(where, 2, 6, ids)
    assert placed.embeddings[:, :, 0].tolist() == [first, second]
    assert placed.mask.tolist() == [[1] * 6, [1] * 5 + [0]]
    assert placed.end.tolist() == [5, 4]


@pytest.mark.parametrize("where", ["end", "middle", "front"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_deeper_rows_overwrite_the_same_places(where: Place, count: int) -> None:
    placed = place(where, count)
    row = torch.full((2, count, 1), 100.0, requires_grad=True)
    found = replace(placed.embeddings, row, placed.positions)
    assert torch.equal(found[:, :, 0] == 100, placed.embeddings[:, :, 0] < 0)
    kept = placed.embeddings[:, :, 0] >= 0
    assert torch.equal(found[:, :, 0][kept], placed.embeddings[:, :, 0][kept])
    found.sum().backward()
    assert row.grad is not None
    assert torch.equal(row.grad, torch.ones_like(row))
