"""The two linear layers of a transformer's block as convolutions of one pixel: what ONNX Runtime does best on a CPU.

Its convolutions keep values in blocks of 16 channels and add the bias, and a ReLU, while a value is in a register;
after a matrix product both read and write the wide values once more. Between the two layers, where values are widest,
nothing is laid out anew. Only for float32: eight bits round matrix products, and graphics cards have no use for it.
"""

from __future__ import annotations

import numpy as np
import onnx

from engine.export.graph_view import GraphView, node

_BLOCK = 16
"""Channels that are kept together; layers of other widths stay products."""


def widen_by_convolution(model: onnx.ModelProto) -> int:
    """Rewrites every pair of layers with at least twice the width between them; returns how many there were.

    The activation between them is a ReLU or x · sigmoid(x). Numbers differ by the rounding of float32.
    """
    view = GraphView(model.graph)
    count = sum([_pair(view, one) for one in list(view.nodes) if one.op_type == "MatMul"])
    view.finish()
    return count


def _pair(view: GraphView, widen: onnx.NodeProto) -> bool:
    biased = view.takers(widen.output[0])
    if len(biased) != 1 or view.linear(biased[0].output[0]) is None:
        return False
    activation = _activation(view, biased[0].output[0])
    if activation is None:
        return False
    (active,) = activation[-1].output
    narrowed = view.takers(active)
    if len(narrowed) != 1 or narrowed[0].op_type != "MatMul" or narrowed[0].input[0] != active:
        return False
    total = view.takers(narrowed[0].output[0])
    if len(total) != 1 or view.linear(total[0].output[0]) is None:
        return False
    first, second = view.weights(widen.input[1], 2), view.weights(narrowed[0].input[1], 2)
    if first is None or second is None:
        return False
    narrow, wide = first.shape
    if wide < 2 * narrow or any(width % _BLOCK for width in (*first.shape, *second.shape)):
        return False
    given, own = widen.input[0], total[0].output[0]
    rows = view.constant(f"{own}/rows", np.array([1, 1, -1, narrow], np.int64))
    width = view.constant(f"{own}/width", np.array([second.shape[1]], np.int64))
    before = view.constant(f"{own}/first", first.T[:, :, None, None])
    after = view.constant(f"{own}/second", second.T[:, :, None, None])
    view.replace(
        [widen, biased[0], *activation, narrowed[0], total[0]],
        [
            node("Reshape", [given, rows], f"{own}/pixels"),
            node("Transpose", [f"{own}/pixels"], f"{own}/channels", perm=[0, 3, 1, 2]),
            node("Conv", [f"{own}/channels", before, biased[0].input[1]], biased[0].output[0], kernel_shape=[1, 1]),
            *activation,
            node("Conv", [active, after, total[0].input[1]], f"{own}/narrow", kernel_shape=[1, 1]),
            node("Transpose", [f"{own}/narrow"], f"{own}/turned", perm=[0, 2, 3, 1]),
            node("Shape", [given], f"{own}/leading", start=0, end=-1),
            node("Concat", [f"{own}/leading", width], f"{own}/shape", axis=0),
            node("Reshape", [f"{own}/turned", f"{own}/shape"], own),
        ],
    )
    return True


def _activation(view: GraphView, value: str) -> list[onnx.NodeProto] | None:
    """ReLU or x · sigmoid(x) of the value, which nothing else takes."""
    takers = view.takers(value)
    if len(takers) == 1 and takers[0].op_type == "Relu":
        return takers
    sigmoid = next((one for one in takers if one.op_type == "Sigmoid"), None)
    product = next((one for one in takers if one.op_type == "Mul"), None)
    if len(takers) != 2 or sigmoid is None or product is None:
        return None
    if {*product.input} != {value, sigmoid.output[0]} or view.takers(sigmoid.output[0]) != [product]:
        return None
    return [sigmoid, product]
