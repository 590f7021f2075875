"""fixed.onnx put together from the image and mask graphs: pixel values in, one probability map per label out.

Joining the two files costs a moment, where tracing the network once more would cost as long as the rest of the export.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from engine.export.onnx_file import Signature, name_axes, rename


def compose_fixed(image: bytes, mask: bytes, embeddings: NDArray[np.float32], signature: Signature) -> bytes:
    """`embeddings` [labels, D]; the mask graph appears once a label, its weights once.

    The signature's only input is that of the image graph, its only output the probabilities [B, labels, S, S].
    """
    model = onnx.load_from_string(image)
    head = onnx.load_from_string(mask).graph
    (pixels,) = signature.inputs
    (result,) = signature.outputs
    (features,) = (value.name for value in model.graph.output)
    inputs = {value.name for value in head.input}
    weights = {tensor.name for tensor in head.initializer}

    graph = model.graph
    rename(graph, lambda name: name if name == pixels else f"image/{name}")
    for tensor in head.initializer:
        graph.initializer.add().CopyFrom(tensor)
        graph.initializer[-1].name = f"mask/{tensor.name}"
    width = np.array([embeddings.shape[1]], np.int64)
    graph.initializer.append(numpy_helper.from_array(width, "fixed/width"))
    graph.node.extend(
        [
            helper.make_node("Shape", [pixels], ["fixed/batch"], start=0, end=1),
            helper.make_node("Concat", ["fixed/batch", "fixed/width"], ["fixed/rows"], axis=0),
        ]
    )
    maps = []
    for index, embedding in enumerate(embeddings):
        own = f"label{index}"
        row = numpy_helper.from_array(np.ascontiguousarray(embedding[None], np.float32), f"fixed/phrase{index}")
        graph.initializer.append(row)
        graph.node.append(
            helper.make_node("Expand", [f"fixed/phrase{index}", "fixed/rows"], [f"fixed/embedding{index}"])
        )
        given = {name: f"fixed/embedding{index}" if name == "embedding" else f"image/{features}" for name in inputs}
        part = onnx.GraphProto()
        part.node.extend(head.node)
        rename(part, _of_label(own, given, weights))
        graph.node.extend(part.node)
        graph.node.append(helper.make_node("Sigmoid", [f"{own}/logits"], [f"fixed/map{index}"]))
        maps.append(f"fixed/map{index}")
    graph.node.append(helper.make_node("Concat", maps, [result], axis=1))
    del graph.output[:]
    shape = list(signature.outputs[result])
    graph.output.append(helper.make_tensor_value_info(result, onnx.TensorProto.FLOAT, shape))
    name_axes(model, signature)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _of_label(own: str, given: dict[str, str], weights: set[str]) -> Callable[[str], str]:
    def renamed(name: str) -> str:
        if name in given:
            return given[name]
        return f"mask/{name}" if name in weights else f"{own}/{name}"

    return renamed
