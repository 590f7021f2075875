"""ONNX Runtime sessions: which device really runs, how many threads, and no noise on standard error."""

from __future__ import annotations

import os
from typing import Any, Literal

import onnxruntime

from engine.contract.errors import NoDevice, NotABundle

Device = Literal["auto", "cpu", "cuda"]

_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"
_ONLY_FATAL = 4  # asking for CUDA without a device prints errors and falls back; we ask the session what runs instead


def default_threads() -> int:
    """One core is left to the window and the rest of the machine."""
    return max(1, (os.cpu_count() or 2) - 1)


def open_session(graph: bytes, device: Device, threads: int, where: str) -> Any:
    """An `onnxruntime.InferenceSession`.

    `auto` takes CUDA where it really runs, else the CPU. Raises NoDevice where `cuda` was asked for and does not run,
    NotABundle for a graph that ONNX Runtime refuses (`where` names it).
    """
    wanted = _wanted_providers(device)
    try:
        session = onnxruntime.InferenceSession(graph, _options(threads), providers=wanted)
    except Exception as error:  # ONNX Runtime's exceptions share no base class
        raise NotABundle(
            f"{where} cannot be loaded by ONNX Runtime {onnxruntime.__version__}: {_first_line(error)}",
            hint="Export the bundle again, or update onnxruntime.",
        ) from error
    if device == "cuda" and session.get_providers()[0] != _CUDA:
        raise _no_cuda()
    return session


def _wanted_providers(device: Device) -> list[Any]:
    if device == "cpu" or _CUDA not in onnxruntime.get_available_providers():
        if device == "cuda":
            raise _no_cuda()
        return [_CPU]
    # The list names what the build could use, not what the machine has: whether CUDA runs is known afterwards.
    onnxruntime.preload_dlls()
    cuda = {"arena_extend_strategy": "kSameAsRequested", "cudnn_conv_algo_search": "HEURISTIC"}
    return [(_CUDA, cuda), _CPU]


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_FATAL
    # Threads that spin while waiting take a core from the window.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _no_cuda() -> NoDevice:
    return NoDevice(
        "ONNX Runtime cannot use CUDA on this machine.",
        hint="Choose the device cpu, or run `tunevlseg doctor` to see what is missing.",
        field="device",
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
