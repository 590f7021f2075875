"""How much memory there is, and how running out of it looks."""

from __future__ import annotations

import numpy as np
import psutil
import pytest
import torch

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
