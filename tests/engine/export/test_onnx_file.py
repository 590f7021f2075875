"""Any module → one ONNX file: checked, any batch, nothing unused, nothing about the machine that wrote it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from engine.bundle.onnx_header import read_header
from engine.export.onnx_file import OPSET, Signature, clean, to_onnx


class Small(nn.Module):
    """Attention and a branch that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
        self.never = nn.Linear(8, 1000)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.block(self.embed(ids)).mean(dim=1)


@pytest.fixture(scope="module")
def small() -> Small:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    return Small().eval()


@pytest.fixture(scope="module")
def exported(small: Small) -> bytes:
    model = to_onnx(
        small,
        (torch.ones(2, 5, dtype=torch.int64),),
        Signature({"ids": ("P", "T")}, {"embedding": ("P", 8)}),
        producer="tunevlseg test",
    )
    return model.SerializeToString()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 9), (2, 4)])
def test_any_length_of_a_named_axis(small: Small, exported: bytes, shape: tuple[int, int]) -> None:
    ids = np.arange(shape[0] * shape[1]).reshape(shape) % 11
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    (found,) = session.run(["embedding"], {"ids": ids})
    with torch.no_grad():
        expected = small(torch.from_numpy(ids)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_axes_have_their_names(exported: bytes) -> None:
    model = onnx.load_from_string(exported)
    assert [axis.dim_param for axis in model.graph.input[0].type.tensor_type.shape.dim] == ["P", "T"]
    output = model.graph.output[0].type.tensor_type.shape.dim
    assert (output[0].dim_param, output[1].dim_value) == ("P", 8)


def test_the_file_is_whole_and_states_its_opset(exported: bytes) -> None:
    onnx.checker.check_model(onnx.load_from_string(exported), full_check=True)
    header = read_header(exported)
    assert (header.opset, header.has_external_data) == (OPSET, False)


def test_nothing_about_this_machine(exported: bytes, repo_root: Path) -> None:
    for trace in (
        b"site-packages",
        b'File "',
        str(repo_root).encode(),
        sys.prefix.encode(),
        str(Path.home()).encode() + b"/",
        b".py",
        b"stack_trace",
    ):
        assert trace not in exported, trace
    assert len(getpass.getuser()) < 5 or getpass.getuser().encode() not in exported
    model = onnx.load_from_string(exported)
    assert not model.metadata_props
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)


def test_what_never_runs_stays_behind(exported: bytes) -> None:
    model = onnx.load_from_string(exported)
    used = {name for node in model.graph.node for name in node.input}
    assert {tensor.name for tensor in model.graph.initializer} <= used
    assert len(exported) < 1000 * 8 * 4  # the unused layer alone would be larger


def test_weights_stand_as_they_are_multiplied(exported: bytes) -> None:
    """Turned over once, when the file is written, not whenever it is loaded."""
    graph = onnx.load_from_string(exported).graph
    weights = {tensor.name for tensor in graph.initializer}
    assert not [node for node in graph.node if node.op_type == "Transpose" and node.input[0] in weights]


def test_clean_keeps_what_an_inner_graph_uses() -> None:
    inner = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["weight"], ["out"])],
        "inner",
        [],
        [onnx.helper.make_tensor_value_info("out", 1, [1])],
    )
    branch = onnx.helper.make_node("If", ["flag"], ["result"], then_branch=inner, else_branch=inner)
    weight = onnx.numpy_helper.from_array(np.ones(1, np.float32), "weight")
    spare = onnx.numpy_helper.from_array(np.ones(1, np.float32), "spare")
    graph = onnx.helper.make_graph(
        [branch],
        "g",
        [onnx.helper.make_tensor_value_info("flag", onnx.TensorProto.BOOL, [])],
        [onnx.helper.make_tensor_value_info("result", 1, [1])],
        [weight, spare],
    )
    model = onnx.helper.make_model(graph)
    clean(model, "x")
    assert [tensor.name for tensor in model.graph.initializer] == ["weight"]
