"""Weights stored in eight bits and used in float32: the file shrinks to a third, the arithmetic stays as it was.

Every 32 weights or so of an output channel have a scale of their own (an embedding table: every row), so that a weight
moves by 1/254 of the largest of its neighbours at most; a whole channel is too much for one scale. The graph says
Cast · Mul · Reshape, which every runtime knows, and ONNX Runtime works out once, when it loads the file: segmenting
costs the same as in float32.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

_BLOCK = 32


def weights_of(node: onnx.NodeProto) -> str:
    """The name of the table that a matrix product, convolution or look-up takes."""
    if node.op_type == "Gather":
        return str(node.input[0])
    return str(node.input[1]) if len(node.input) > 1 else ""


def store_in_bytes(model: onnx.ModelProto, names: Collection[str]) -> None:
    """Changes the graph: the weights of the nodes called `names` (MatMul, Gemm, Conv, Gather) become bytes."""
    graph = model.graph
    tables = {tensor.name: tensor for tensor in graph.initializer}
    restored: dict[tuple[str, bool], str] = {}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        weights = weights_of(node)
        if node.name not in names or weights not in tables:
            nodes.append(node)
        elif node.op_type == "Gather":
            nodes.extend(_looked_up(graph, node, tables[weights]))
        else:
            down = _inner_axis_first(node)
            if (weights, down) not in restored:
                restored[weights, down] = _restored(graph, nodes, tables[weights], down)
            node.input[1] = restored[weights, down]
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _inner_axis_first(node: onnx.NodeProto) -> bool:
    """Whether the weights are (inputs, outputs), as a product takes them, or (outputs, inputs…)."""
    if node.op_type == "Gemm":
        return not any(item.name == "transB" and item.i for item in node.attribute)
    return node.op_type == "MatMul"


def _restored(graph: onnx.GraphProto, nodes: list[onnx.NodeProto], tensor: onnx.TensorProto, down: bool) -> str:
    """Adds the bytes, their scales and the nodes that make float32 of them; returns the name of what they make."""
    values: NDArray[Any] = numpy_helper.to_array(tensor)
    inner = values.shape[-2] if down else math.prod(values.shape[1:])
    block = max(length for length in range(1, _BLOCK + 1) if inner % length == 0)
    if block < _BLOCK // 4:
        block = inner  # an odd number of inputs: one scale for all
    if down:
        blocks = values.reshape(*values.shape[:-2], inner // block, block, values.shape[-1])
    else:
        blocks = values.reshape(values.shape[0], inner // block, block)
    rounded, scale = _rounded(blocks, axis=-2 if down else -1)
    out = f"{tensor.name}/restored{int(down)}"
    whole, numbers, scaled = f"{out}/shape", f"{out}/numbers", f"{out}/scaled"
    graph.initializer.extend(
        [
            numpy_helper.from_array(rounded, f"{out}/bytes"),
            numpy_helper.from_array(scale, f"{out}/scale"),
            numpy_helper.from_array(np.array(values.shape, np.int64), whole),
        ]
    )
    nodes.extend(
        [
            helper.make_node("Cast", [f"{out}/bytes"], [numbers], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", [numbers, f"{out}/scale"], [scaled]),
            helper.make_node("Reshape", [scaled, whole], [out]),
        ]
    )
    return out


def _rounded(values: NDArray[Any], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Bytes, and scales along `axis` that give the values back."""
    scale = (np.abs(values).max(axis=axis, keepdims=True) / 127).astype(np.float32)
    scale[scale == 0] = 1
    return np.rint(values / scale).astype(np.int8), scale


def _looked_up(graph: onnx.GraphProto, node: onnx.NodeProto, tensor: onnx.TensorProto) -> list[onnx.NodeProto]:
    """Only the rows that are looked up are turned into numbers."""
    values: NDArray[Any] = numpy_helper.to_array(tensor)
    rounded, scale = _rounded(values.reshape(values.shape[0], -1), axis=-1)
    ids, out = node.input[1], node.output[0]
    table, scales = f"{out}/bytes", f"{out}/scale"
    rows, numbers, factors = (f"{out}/{what}" for what in ("rows", "numbers", "factors"))
    graph.initializer.append(numpy_helper.from_array(rounded.reshape(values.shape), table))
    graph.initializer.append(numpy_helper.from_array(scale.reshape(-1, *[1] * (values.ndim - 1)), scales))
    return [
        helper.make_node("Gather", [table, ids], [rows], axis=0),
        helper.make_node("Cast", [rows], [numbers], to=onnx.TensorProto.FLOAT),
        helper.make_node("Gather", [scales, ids], [factors], axis=0),
        helper.make_node("Mul", [numbers, factors], [out]),
    ]
