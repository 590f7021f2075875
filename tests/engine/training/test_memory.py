"""How much memory there is, and how running out of it looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from engine.training import memory
from engine.training.feature_bank import choose_place
from engine.training.memory import available_bytes, is_out_of_memory

CPU = torch.device("cpu")


def test_real_refusals_are_recognised() -> None:
    """Real allocators, asked for what no machine has."""
    with pytest.raises(RuntimeError) as torch_said:
        torch.empty(1 << 55)
    with pytest.raises(MemoryError) as numpy_said:
        np.empty(1 << 58, np.uint8)
    assert is_out_of_memory(torch_said.value)
    assert is_out_of_memory(numpy_said.value)


def test_onednn_has_words_of_its_own() -> None:
    """Seen under a real limit; with more words after these it is another failure."""
    assert is_out_of_memory(RuntimeError("could not create a primitive"))
    assert not is_out_of_memory(RuntimeError("could not create a primitive descriptor for a convolution"))


@pytest.mark.parametrize("error", [RuntimeError("shapes cannot be multiplied"), ValueError("out of memory"), OSError()])
def test_other_errors_are_not(error: Exception) -> None:
    assert not is_out_of_memory(error)


def test_what_is_available_is_no_more_than_there_is() -> None:
    found = available_bytes(CPU)
    assert 0 < found <= psutil.virtual_memory().total


def test_a_limit_of_the_shell_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    held = psutil.Process().memory_info().vms
    monkeypatch.setattr(resource, "getrlimit", lambda which: (held + 500_000_000, -1))
    assert 400_000_000 < available_bytes(CPU) <= 600_000_000


def test_cached_files_of_a_container_count_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded slices are mapped: without this a container would look full after the first epoch."""
    (tmp_path / "memory.max").write_text("900000000\n")
    (tmp_path / "memory.current").write_text("890000000\n")
    (tmp_path / "memory.stat").write_text("anon 90000000\ninactive_file 700000000\nactive_file 100000000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert available_bytes(CPU) == 710_000_000
    (tmp_path / "memory.stat").unlink()
    assert available_bytes(CPU) == 10_000_000


def test_features_are_held_only_where_the_container_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("100000000")
    (tmp_path / "memory.current").write_text("90000000")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert choose_place("auto", 4_000_000, CPU, on_disk=True) == "memory"
    assert choose_place("auto", 6_000_000, CPU, on_disk=True) == "disk"
