"""Weights in bytes: every kind of node answers nearly as before, from a third of the bytes."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.export.byte_weights import store_in_bytes
from engine.export.int8 import large_tables, number_nodes

RANDOM = np.random.default_rng(0)
KINDS = {
    "MatMul": ((4, 96), (96, 64), {}),
    "Gemm": ((4, 96), (96, 64), {}),
    "Gemm, turned": ((4, 96), (64, 96), {"transB": 1}),
    "Conv": ((2, 16, 8, 8), (32, 16, 3, 3), {"pads": [1, 1, 1, 1]}),
    "MatMul, odd": ((4, 97), (97, 64), {}),
    "Gather": ((3, 5), (200, 48), {}),
}


def graph_of(kind: str) -> tuple[onnx.ModelProto, np.ndarray]:
    given, weights, attributes = KINDS[kind]
    operator = kind.partition(",")[0]
    table = RANDOM.standard_normal(weights).astype(np.float32)
    outputs_last = operator == "MatMul" or kind == "Gemm"
    (table[..., 0] if outputs_last else table[0])[...] *= 20  # one channel that would cost the others their digits
    fed = RANDOM.standard_normal(given).astype(np.float32)
    if operator == "Gather":
        fed = RANDOM.integers(0, weights[0], given)
    names = ["table", "x"] if operator == "Gather" else ["x", "table"]
    element = TensorProto.INT64 if operator == "Gather" else TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node(operator, names, ["y"], **attributes)],
        "g",
        [helper.make_tensor_value_info("x", element, given)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N"] * {"Conv": 4, "Gather": 3}.get(operator, 2))],
        [numpy_helper.from_array(table, "table")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), fed


def run(model: onnx.ModelProto, fed: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": fed})[0]


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_nearly_as_before(kind: str) -> None:
    model, fed = graph_of(kind)
    before, size = run(model, fed), model.ByteSize()
    number_nodes(model)
    store_in_bytes(model, [node.name for node in model.graph.node])
    onnx.checker.check_model(model, full_check=True)
    assert {tensor.name for tensor in model.graph.initializer}.isdisjoint({"table"})
    after = run(model, fed)
    assert np.sqrt(np.mean((after - before) ** 2)) < 0.01 * np.sqrt(np.mean(before**2))
    assert not np.array_equal(before, after)  # something was rounded
    assert model.ByteSize() < 0.45 * size


def test_a_table_of_zeros_stays_one() -> None:
    model, fed = graph_of("MatMul")
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.zeros((96, 64), np.float32), "table"))
    number_nodes(model)
    store_in_bytes(model, ["n0"])
    assert not run(model, fed).any()


def test_small_tables_and_what_hangs_on_the_phrase_alone_are_left_out() -> None:
    tables = {"large": (128, 64), "small": (24, 96), "ofphrase": (128, 64)}
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "large"], ["a"]),
            helper.make_node("MatMul", ["narrow", "small"], ["b"]),
            helper.make_node("Relu", ["embedding"], ["words"]),
            helper.make_node("MatMul", ["words", "ofphrase"], ["c"]),
        ],
        "g",
        [
            helper.make_tensor_value_info("features", 1, [4, 128]),
            helper.make_tensor_value_info("narrow", 1, [4, 24]),
            helper.make_tensor_value_info("embedding", 1, [4, 128]),
        ],
        [helper.make_tensor_value_info(name, 1, None) for name in "abc"],
        [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in tables.items()],
    )
    model = helper.make_model(graph)
    number_nodes(model)
    assert large_tables(model, ("MatMul",)) == ["n0", "n3"]
    assert large_tables(model, ("MatMul",), of_phrase=False) == ["n0"]
