"""Graphs run by IO binding: what one graph made stays on the device until another one takes it.

Without it ONNX Runtime copies every output to the processor's memory and back: for image features that is the larger
part of what a phrase costs on a graphics card. Numbers are the same either way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

CPU: Final = "cpu"

_BYTES: Final = {
    "tensor(float)": 4,
    "tensor(float16)": 2,
    "tensor(double)": 8,
    "tensor(int64)": 8,
    "tensor(int32)": 4,
    "tensor(int8)": 1,
    "tensor(uint8)": 1,
    "tensor(bool)": 1,
}


class PlacedArrays(Mapping[str, NDArray[Any]]):
    """Arrays by name that lie on a device; looking at one copies it to the processor's memory."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def placed(self, name: str) -> Any:
        """The `onnxruntime.OrtValue` itself, where it lies."""
        return self._values[name]

    @property
    def nbytes(self) -> int:
        """Of all of them, without a copy."""
        return sum(math.prod(value.shape()) * _BYTES[value.data_type()] for value in self._values.values())

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.asarray(self._values[name].numpy())

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def run_bound(
    session: Any, feed: Mapping[str, Any], outputs: Sequence[str], device: str, *, to_host: bool
) -> Mapping[str, NDArray[Any]]:
    """Runs a graph. `feed`: arrays, or OrtValues, which are taken where they lie.

    The outputs stay on `device` (PlacedArrays), or with `to_host` come as arrays. Raises what the session raises.
    """
    binding = session.io_binding()
    for name, value in feed.items():
        if isinstance(value, onnxruntime.OrtValue):
            binding.bind_ortvalue_input(name, value)
        else:
            binding.bind_cpu_input(name, np.ascontiguousarray(value))
    for name in outputs:
        binding.bind_output(name, CPU if to_host else device)
    binding.synchronize_inputs()
    session.run_with_iobinding(binding)
    binding.synchronize_outputs()
    made = dict(zip(outputs, binding.get_outputs(), strict=True))
    return {name: value.numpy() for name, value in made.items()} if to_host else PlacedArrays(made)
