"""ONNX Runtime sessions: which device really runs, how many threads, and no noise on standard error."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any, Literal, get_args

import onnxruntime

from engine.contract.errors import NoDevice, NotABundle, UnknownName
from engine.runs.cores import work_threads

Device = Literal["auto", "cpu", "cuda", "tensorrt", "directml", "coreml"]

_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"
PROVIDERS: dict[str, str] = {
    "cpu": _CPU,
    "cuda": _CUDA,
    "tensorrt": "TensorrtExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""What ONNX Runtime calls the devices."""

_AUTO = ("cuda", "directml", "cpu")
"""What `auto` tries, the fastest first. TensorRT builds an engine for minutes before it answers, and CoreML leaves much
of a transformer to the processor: both run when they are asked for."""

_TITLES = {"cpu": "the processor", "cuda": "CUDA", "tensorrt": "TensorRT", "directml": "DirectML", "coreml": "CoreML"}
_ONLY_FATAL = 4  # asking for CUDA without a device prints errors and falls back; we ask the session what runs instead


def default_threads() -> int:
    """One core is left to the window and the rest of the machine."""
    return work_threads()


def open_session(
    graph: bytes, device: Device, threads: int, where: str, weights: Mapping[str, bytes] | None = None
) -> Any:
    """An `onnxruntime.InferenceSession`; `weights` are those that the graph keeps beside itself, by their file's name.

    `auto` takes the fastest device that really runs. Raises NoDevice where another one was asked for and does not run,
    NotABundle for a graph that ONNX Runtime refuses (`where` names it).
    """
    wanted = _wanted_providers(device)
    options = _options(threads)
    if weights:
        contents = list(weights.values())
        options.add_external_initializers_from_files_in_memory(list(weights), contents, [len(one) for one in contents])
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=wanted)
    except Exception as error:  # ONNX Runtime's exceptions share no base class
        raise NotABundle(
            f"{where} cannot be loaded by ONNX Runtime {onnxruntime.__version__}: {_first_line(error)}",
            hint="Export the bundle again, or update onnxruntime.",
        ) from error
    if device != "auto" and session.get_providers()[0] != PROVIDERS[device]:
        raise _not_usable(device)
    return session


def binding_device(session: Any) -> str | None:
    """Where a session's outputs may stay for the next graph (engine.inference.bound); None: they come as arrays.

    Only CUDA has memory of its own that ONNX Runtime lets us name and that was worth it; a build that knows CUDA on a
    machine without a card runs on the processor, and there arrays are as good.
    """
    return "cuda" if session.get_providers()[0] == _CUDA else None


def known_device(name: str) -> Device:
    """Raises UnknownName."""
    for device in get_args(Device):
        if device == name:
            return device  # type: ignore[no-any-return]
    raise UnknownName(f"There is no device {name!r}.", hint=f"Known: {', '.join(get_args(Device))}.", field="device")


def device_of(provider: str) -> str:
    """The device behind a provider's name, such as cuda; the name itself where we have none for it."""
    return next((device for device, name in PROVIDERS.items() if name == provider), provider)


def fallback_note(device: Device, provider: str) -> str | None:
    """What to tell where `auto` would have taken a faster device that this build knows, and which did not start.

    The builds for CUDA know CUDA on every machine, so only those with an NVIDIA card are told.
    """
    if device != "auto" or provider != _CPU:
        return None
    known = onnxruntime.get_available_providers()
    missed = next((name for name in _AUTO if name != "cpu" and PROVIDERS[name] in known), None)
    if missed is None or (missed == "cuda" and shutil.which("nvidia-smi") is None):
        return None
    return f"{_TITLES[missed]} does not start here, so the processor is used. `tunevlseg doctor` says what is missing."


def _wanted_providers(device: Device) -> list[Any]:
    known = onnxruntime.get_available_providers()
    if device != "auto" and PROVIDERS[device] not in known:
        raise _not_usable(device)
    wanted = [name for name in _AUTO if PROVIDERS[name] in known] if device == "auto" else [device]
    # The list names what the build could use, not what the machine has: what runs is known afterwards.
    if {"cuda", "tensorrt"} & set(wanted):
        onnxruntime.preload_dlls()
    cuda = {"arena_extend_strategy": "kSameAsRequested", "cudnn_conv_algo_search": "HEURISTIC"}
    chosen: list[Any] = [(_CUDA, cuda) if name == "cuda" else PROVIDERS[name] for name in wanted]
    if device == "tensorrt" and _CUDA in known:
        chosen.append((_CUDA, cuda))  # for what TensorRT leaves out
    return chosen if _CPU in chosen else [*chosen, _CPU]


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_FATAL
    # Threads that spin while waiting take a core from the window.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _not_usable(device: str) -> NoDevice:
    return NoDevice(
        f"ONNX Runtime cannot use {_TITLES[device]} on this machine.",
        hint="Choose the device auto or cpu, or run `tunevlseg doctor` to see what is missing.",
        field="device",
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
