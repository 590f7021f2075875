"""fixed.onnx joined from an image and a mask graph gives what the two give one after the other."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.export.fixed_graph import compose_fixed
from engine.export.onnx_file import Signature
from engine.inference.session import sigmoid
from tests.fakes.tiny_bundle import MEANING, SIZE, image_graph, mask_graph, text_graph


def run(graph: bytes | onnx.ModelProto, **inputs: np.ndarray) -> np.ndarray:
    if isinstance(graph, onnx.ModelProto):
        onnx.checker.check_model(graph, full_check=True)
        graph = graph.SerializeToString()
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, inputs)[0]


model = onnx.load_from_string


@pytest.mark.parametrize("labels", [1, 3])
@pytest.mark.parametrize("batch", [1, 4])
def test_every_label_has_its_map(labels: int, batch: int) -> None:
    embeddings = MEANING[5 : 5 + labels]
    shape = ("B", labels, SIZE, SIZE)
    fixed = compose_fixed(
        model(image_graph()),
        None,
        model(mask_graph()),
        [{"embedding": embedding[None]} for embedding in embeddings],
        Signature({"pixel_values": ("B", 3, SIZE, SIZE)}, {"probabilities": shape}),
    )
    pixels = np.random.default_rng(0).standard_normal((batch, 3, SIZE, SIZE)).astype(np.float32)
    found = run(fixed, pixel_values=pixels)
    assert found.shape == (batch, labels, SIZE, SIZE)
    features = run(image_graph(), pixel_values=pixels)
    for index, embedding in enumerate(embeddings):
        rows = np.repeat(embedding[None], batch, axis=0)
        expected = sigmoid(run(mask_graph(), features=features, embedding=rows)[:, 0])
        np.testing.assert_allclose(found[:, index], expected, atol=1e-6)


def test_weights_of_the_mask_graph_appear_once() -> None:
    sizes = []
    for labels in (1, 3):
        fixed = compose_fixed(
            model(image_graph()),
            model(text_graph()),
            model(mask_graph()),
            [{"embedding": embedding[None]} for embedding in MEANING[5 : 5 + labels]],
            Signature({"pixel_values": ("B", 3, SIZE, SIZE)}, {"probabilities": ("B", labels, SIZE, SIZE)}),
        )
        sizes.append(len(fixed.graph.initializer))
    assert sizes[1] - sizes[0] == 4  # the phrases of the two further labels, and their widths


def test_a_label_may_have_its_own_text_and_image() -> None:
    """Where labels come in everywhere: each path takes its own index, image features and words."""
    fixed = compose_fixed(
        model(label_graph(image_graph(), "features")),
        model(label_graph(text_graph(), "embedding")),
        model(mask_graph()),
        [
            {
                "input_ids": np.array([[1, word, 2]]),
                "attention_mask": np.array([[0, 1, 0]]),
                "label_index": np.array([number]),
            }
            for number, word in enumerate((5, 6))
        ],
        Signature({"pixel_values": ("B", 3, SIZE, SIZE)}, {"probabilities": ("B", 2, SIZE, SIZE)}),
    )
    pixels = np.random.default_rng(0).standard_normal((3, 3, SIZE, SIZE)).astype(np.float32)
    found = run(fixed, pixel_values=pixels)
    features = run(image_graph(), pixel_values=pixels)
    for number in (0, 1):
        rows = np.repeat(MEANING[5 + number][None] + number, 3, axis=0)
        logits = run(mask_graph(), features=features + number, embedding=rows)
        np.testing.assert_allclose(found[:, number], sigmoid(logits[:, 0]), atol=1e-6)


def label_graph(data: bytes, output: str) -> bytes:
    """The graph with the label's index added to its output."""
    model = onnx.load_from_string(data)
    graph = model.graph
    rank = len(graph.output[0].type.tensor_type.shape.dim)
    for node in graph.node:
        node.output[:] = ["plain" if name == output else name for name in node.output]
    graph.input.append(helper.make_tensor_value_info("label_index", TensorProto.INT64, ["B"]))
    graph.initializer.append(numpy_helper.from_array(np.array(list(range(1, rank))), "axes_of_label"))
    graph.node.extend(
        [
            helper.make_node("Cast", ["label_index"], ["number"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["number", "axes_of_label"], ["each"]),
            helper.make_node("Add", ["plain", "each"], [output]),
        ]
    )
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()
