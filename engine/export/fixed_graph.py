"""fixed.onnx put together from the other three graphs: pixel values in, one probability map per label out.

Joining the files costs a moment, where tracing the network once more would cost as long as the rest of the export.
What does not depend on the label runs once; the weights of each graph appear once, whatever runs of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from engine.export.onnx_file import Signature, name_axes, rename

Arrays = Mapping[str, NDArray[Any]]


def compose_fixed(
    image: onnx.ModelProto,
    text: onnx.ModelProto | None,
    mask: onnx.ModelProto,
    labels: Sequence[Arrays],
    signature: Signature,
) -> onnx.ModelProto:
    """One path through the graphs for each of `labels`.

    A label holds what feeds the graphs besides the pixels, by name, each with a first axis of 1: what text.onnx gave
    for its phrase (then `text` is not needed), or, where that depends on the image, what text.onnx takes; and its
    `label_index` where it is asked for. The signature's only input is `pixel_values`, its only output the
    probabilities [B, labels, S, S].
    """
    graph = _Joined(signature)
    parts = {"image": graph.add(image, "image"), "mask": graph.add(mask, "mask")}
    if text is not None:
        parts["text"] = graph.add(text, "text")
    by_label = "label_index" in parts["image"].inputs
    shared = {} if by_label else graph.run(parts["image"], "image", {graph.pixels: graph.pixels})
    maps = []
    for number, label in enumerate(labels):
        own = f"label{number}"
        known = {graph.pixels: graph.pixels}
        known |= {name: graph.constant(value, f"{own}/{name}") for name, value in label.items()}
        known |= graph.run(parts["image"], f"{own}/image", known) if by_label else shared
        if any(name not in known for name in parts["mask"].inputs):
            known |= graph.run(parts["text"], f"{own}/text", known)
        (logits,) = graph.run(parts["mask"], f"{own}/mask", known).values()
        graph.node("Sigmoid", [logits], f"{own}/map")
        maps.append(f"{own}/map")
    return graph.finished(maps)


class _Part:
    """One of the graphs, its weights taken over under names of their own."""

    def __init__(self, graph: onnx.GraphProto, name: str) -> None:
        self.graph = graph
        self.name = name
        self.inputs = [value.name for value in graph.input]
        self.outputs = [value.name for value in graph.output]
        self.weights = {tensor.name for tensor in graph.initializer}


class _Joined:
    """The graph that grows."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        (self.pixels,) = signature.inputs
        (self.result,) = signature.outputs
        self.model = onnx.ModelProto()
        self._used: set[str] = set()

    def add(self, model: onnx.ModelProto, name: str) -> _Part:
        if not self.model.graph.name:
            # Version, names and the input's type are those of the first graph: the image's.
            self.model.ir_version = model.ir_version
            self.model.producer_name = model.producer_name
            self.model.graph.name = model.graph.name
            pixels = next(value for value in model.graph.input if value.name == self.pixels)
            self.model.graph.input.add().CopyFrom(pixels)
            self.node("Shape", [self.pixels], "fixed/batch", start=0, end=1)
        known = {entry.domain for entry in self.model.opset_import}
        self.model.opset_import.extend(entry for entry in model.opset_import if entry.domain not in known)
        return _Part(model.graph, name)

    def run(self, part: _Part, prefix: str, known: Mapping[str, str]) -> dict[str, str]:
        """Appends the part's nodes, fed with `known` values by name; returns its outputs' names here."""
        if part.name not in self._used:
            self._used.add(part.name)
            for tensor in part.graph.initializer:
                self.model.graph.initializer.add().CopyFrom(tensor)
                self.model.graph.initializer[-1].name = f"weights/{part.name}/{tensor.name}"
        inner = onnx.GraphProto()
        inner.node.extend(part.graph.node)
        rename(inner, self._renamer(part, prefix, known))
        self.model.graph.node.extend(inner.node)
        return {name: f"{prefix}/{name}" for name in part.outputs}

    @staticmethod
    def _renamer(part: _Part, prefix: str, known: Mapping[str, str]) -> Callable[[str], str]:
        given = {name: known[name] for name in part.inputs}

        def renamed(name: str) -> str:
            if name in given:
                return given[name]
            return f"weights/{part.name}/{name}" if name in part.weights else f"{prefix}/{name}"

        return renamed

    def constant(self, value: NDArray[Any], name: str) -> str:
        """A value [1, …] as often as there are images: [B, …]."""
        once = f"{name}/once"
        self.model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), once))
        rows = "fixed/batch"
        if value.ndim > 1:
            rest = numpy_helper.from_array(np.array(value.shape[1:], np.int64), f"{name}/rest")
            self.model.graph.initializer.append(rest)
            rows = f"{name}/shape"
            self.node("Concat", ["fixed/batch", rest.name], rows, axis=0)
        self.node("Expand", [once, rows], name)
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        self.model.graph.node.append(helper.make_node(kind, list(inputs), [output], **attributes))

    def finished(self, maps: Sequence[str]) -> onnx.ModelProto:
        self.node("Concat", maps, self.result, axis=1)
        shape = list(self.signature.outputs[self.result])
        self.model.graph.output.append(helper.make_tensor_value_info(self.result, onnx.TensorProto.FLOAT, shape))
        name_axes(self.model, self.signature)
        return self.model
