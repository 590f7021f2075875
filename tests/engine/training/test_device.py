"""Where tuning runs, and what is said when it cannot."""

from __future__ import annotations

import pytest
import torch

from engine.contract.errors import NoDevice, OutOfMemory
from engine.runs.cores import work_threads
from engine.training.device import choose_device, memory_told, set_threads


def test_a_device_that_is_not_there() -> None:
    missing = [name for name in ("cuda", "mps") if not getattr(torch, name).is_available()]
    if not missing:
        pytest.skip("this machine has every device")
    with pytest.raises(NoDevice, match="not available") as caught:
        choose_device(missing[0])
    assert caught.value.field == "training.device"
    assert "doctor" in caught.value.hint


def test_auto_takes_what_is_there() -> None:
    assert choose_device("cpu").type == "cpu"
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_device("auto").type == expected


def test_threads() -> None:
    before = torch.get_num_threads()
    try:
        assert set_threads(2) == torch.get_num_threads() == 2
        assert set_threads(0) == work_threads()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")],
)
def test_full_memory_names_what_to_lower(error: Exception) -> None:
    with pytest.raises(OutOfMemory) as caught, memory_told("training.batch_size"):
        raise error
    assert caught.value.field == "training.batch_size"


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape") as caught, memory_told("training.batch_size"):
        raise RuntimeError("shape mismatch")
    assert not isinstance(caught.value, OutOfMemory)
