"""What a traced graph computes, with fewer and narrower operations: weights are worked out once, here.

Nothing is approximated: the numbers differ by the rounding of float32, as those of two libraries do.
"""

from __future__ import annotations

import numpy as np
import onnx

from engine.export.graph_view import GraphView, node


def merge_products(model: onnx.ModelProto) -> int:
    """Rewrites `model`; returns how many places were.

    - CLIP's activation x · sigmoid(a x) between two linear layers: `a` goes into the weights of the first and 1/a into
      those of the second. ONNX Runtime's kernel for a = 1 takes half as long.
    - A linear layer on a residual sum, (x + h W + b) R with a narrow R, becomes x R + h (W R) + b R: the last block of
      an image tower is only read through such a layer, and so never makes its own wide output.
    """
    view = GraphView(model.graph)
    count = sum([_sharpness(view, one) for one in list(view.nodes) if one.op_type == "Sigmoid"])
    count += sum([_narrow(view, one) for one in list(view.nodes) if one.op_type == "MatMul"])
    view.finish()
    return count


def _sharpness(view: GraphView, sigmoid: onnx.NodeProto) -> bool:
    sharpened = view.maker(sigmoid.input[0], "Mul")
    if sharpened is None:
        return False
    value, factor = sharpened.input
    sharpness = view.weights(factor, 0)
    first = view.linear(value)
    (last,) = view.takers(sigmoid.output[0]) if len(view.takers(sigmoid.output[0])) == 1 else (None,)
    if sharpness is None or first is None or last is None or last.op_type != "Mul" or len(view.takers(value)) != 2:
        return False
    after = view.takers(last.output[0])
    if {*last.input} != {value, sigmoid.output[0]} or len(after) != 1 or after[0].op_type != "MatMul":
        return False
    product, total = first
    weights, bias = view.weights(product.input[1], 2), view.weights(total.input[1], 1)
    narrowing = view.weights(after[0].input[1], 2)
    if weights is None or bias is None or narrowing is None or after[0].input[0] != last.output[0]:
        return False
    own = sigmoid.output[0]
    product.input[1] = view.constant(f"{own}/before", weights * sharpness)
    total.input[1] = view.constant(f"{own}/bias", bias * sharpness)
    after[0].input[1] = view.constant(f"{own}/after", narrowing / sharpness)
    sigmoid.input[0] = value
    view.replace([sharpened], [])
    return True


def _narrow(view: GraphView, reduce: onnx.NodeProto) -> bool:
    narrow = view.weights(reduce.input[1], 2)
    total = view.maker(reduce.input[0], "Add")
    if narrow is None or total is None or narrow.shape[1] >= narrow.shape[0]:
        return False
    for stream, branch in (total.input, reversed(total.input)):
        found = view.linear(branch) if view.maker(branch, "Add") is not None else None
        if found is None:
            continue
        product, biased = found
        weights, bias = view.weights(product.input[1], 2), view.weights(biased.input[1], 1)
        if weights is None or bias is None:
            continue
        own = reduce.output[0]
        wide = narrow.astype(np.float64)
        both = view.constant(f"{own}/weights", (weights.astype(np.float64) @ wide).astype(narrow.dtype))
        shift = view.constant(f"{own}/bias", (bias.astype(np.float64) @ wide).astype(narrow.dtype))
        view.replace(
            [product, biased, total, reduce],
            [
                node("MatMul", [product.input[0], both], f"{own}/product"),
                node("Add", [f"{own}/product", shift], f"{own}/branch"),
                node("MatMul", [stream, reduce.input[1]], f"{own}/stream"),
                node("Add", [f"{own}/stream", f"{own}/branch"], own),
            ],
        )
        return True
    return False
