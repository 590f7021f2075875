"""Checkpoints: what is written comes back, and damage is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.contract.errors import InputError
from engine.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    load_learner,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)


def written(folder: Path) -> Checkpoint:
    checkpoint = Checkpoint({"a": torch.rand(2, 3)}, {"0.exp_avg": torch.rand(2)}, {"epoch": 4, "best": None})
    save_checkpoint(folder, checkpoint)
    return checkpoint


def test_there_and_back(tmp_path: Path) -> None:
    before = written(tmp_path)
    after = load_checkpoint(tmp_path)
    assert after.epoch == 4
    assert after.state == before.state
    assert torch.equal(after.learner["a"], before.learner["a"])
    assert torch.equal(after.optimiser["0.exp_avg"], before.optimiser["0.exp_avg"])
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json"}


@pytest.mark.parametrize("name", ["learner.safetensors", "optimiser.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_damage_is_told(tmp_path: Path, name: str, damage: str) -> None:
    written(tmp_path)
    file = tmp_path / name
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:9])
    with pytest.raises(InputError, match="damaged"):
        load_checkpoint(tmp_path)


def test_a_missing_learner(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_learner(tmp_path / "best.safetensors")


def test_a_loaded_optimiser_takes_the_same_next_step() -> None:
    torch.manual_seed(0)
    first, second = (torch.nn.Parameter(torch.ones(5)) for _ in range(2))
    one, other = (torch.optim.AdamW([parameter], lr=0.1) for parameter in (first, second))
    for _ in range(3):
        first.grad = torch.rand(5)
        one.step()
    load_optimiser(other, optimiser_tensors(one))
    with torch.no_grad():
        second.copy_(first)
    first.grad = second.grad = torch.rand(5)
    one.step()
    other.step()
    assert torch.equal(first, second)
