"""ONNX graphs on the disk: checked, in one file, or with their weights beside them where no one file can hold them."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx.external_data_helper import uses_external_data

from engine.bundle.manifest import WEIGHTS_BESIDE

LARGEST_FILE = 2_000_000_000
"""Bytes; a protocol buffer ends at 2³¹ - 1."""

_SMALL = 1024  # shapes and axes stay in the graph: whoever infers shapes must see them


def save_graph(model: onnx.ModelProto, path: Path, *, largest: int = LARGEST_FILE) -> None:
    """Writes `path` (text.onnx …), and `path`.data beside it where the weights exceed `largest` bytes.

    Raises onnx.checker.ValidationError for a graph that is not valid (a bug).
    """
    if _weights(model) <= largest:
        onnx.save_model(model, path)
    else:
        beside = WEIGHTS_BESIDE[path.name]
        (path.parent / beside).unlink(missing_ok=True)  # onnx would append to it
        onnx.save_model(
            model,
            path,
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location=beside,
            size_threshold=_SMALL,
        )
    # By its path: the check then covers weights that lie beside, and graphs that are too large to be handed over.
    onnx.checker.check_model(str(path), full_check=True)


def load_graph(path: Path) -> onnx.ModelProto:
    """The graph with its weights, wherever they lie."""
    model = onnx.load_model(path)
    for tensor in model.graph.initializer:
        assert not uses_external_data(tensor), tensor.name
    return model


def graph_files(folder: Path) -> dict[str, Path]:
    """Graphs in `folder`, and what lies beside them, by their names."""
    names = [name for pair in WEIGHTS_BESIDE.items() for name in pair]
    return {name: folder / name for name in names if (folder / name).is_file()}


def _weights(model: onnx.ModelProto) -> int:
    return sum(len(tensor.raw_data) for tensor in model.graph.initializer)
