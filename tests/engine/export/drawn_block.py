"""A residual block as the tracer writes it: the second half of a transformer's, read through a narrow layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WIDTH, WIDE, NARROW = 16, 64, 4
SHARPNESS = 1.702


def block(activation: str = "quick_gelu", *, swapped: bool = False, more: tuple[str, ...] = ()) -> onnx.ModelProto:
    """x [B, T, 16] → reduced [B, T, 4] and tail [B, T, 16]; `more` values come out, too.

    `tail` is the block's branch without the residual; `swapped` turns every sum and product of two round.
    """
    random = np.random.default_rng(3)
    weights = {
        "fc1": random.standard_normal((WIDTH, WIDE)) / 4,
        "fc1.bias": random.standard_normal(WIDE),
        "sharpness": np.array(SHARPNESS),
        "fc2": random.standard_normal((WIDE, WIDTH)) / 8,
        "fc2.bias": random.standard_normal(WIDTH),
        "reduce": random.standard_normal((WIDTH, NARROW)) / 4,
    }
    nodes = [
        helper.make_node("MatMul", ["x", "fc1"], ["widened"]),
        helper.make_node("Add", ["widened", "fc1.bias"], ["wide"]),
    ]
    if activation == "relu":
        nodes.append(helper.make_node("Relu", ["wide"], ["active"]))
    else:
        sharp = "wide"
        if activation == "quick_gelu":
            nodes.append(helper.make_node("Mul", ["wide", "sharpness"], ["sharp"]))
            sharp = "sharp"
        nodes.append(helper.make_node("Sigmoid", [sharp], ["gate"]))
        nodes.append(helper.make_node("Mul", ["gate", "wide"] if swapped else ["wide", "gate"], ["active"]))
    nodes += [
        helper.make_node("MatMul", ["active", "fc2"], ["narrowed"]),
        helper.make_node("Add", ["narrowed", "fc2.bias"], ["branch"]),
        helper.make_node("Add", ["branch", "x"] if swapped else ["x", "branch"], ["total"]),
        helper.make_node("MatMul", ["total", "reduce"], ["reduced"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", "T", WIDTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", "T", "C"]) for name in ("reduced", *more)],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: onnx.ModelProto, shape: tuple[int, int]) -> list[NDArray[Any]]:
    """Every output for a drawn x of [B, T]; the model is checked first."""
    onnx.checker.check_model(model, full_check=True)
    fed = np.random.default_rng(4).standard_normal((*shape, WIDTH)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {"x": fed}))


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]
