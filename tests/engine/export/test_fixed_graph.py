"""fixed.onnx joined from an image and a mask graph gives what the two give one after the other."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from engine.export.fixed_graph import compose_fixed
from engine.export.onnx_file import Signature
from engine.inference.session import sigmoid
from tests.fakes.tiny_bundle import MEANING, SIZE, image_graph, mask_graph


def run(graph: bytes, **inputs: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, inputs)[0]


@pytest.mark.parametrize("labels", [1, 3])
@pytest.mark.parametrize("batch", [1, 4])
def test_every_label_has_its_map(labels: int, batch: int) -> None:
    embeddings = MEANING[5 : 5 + labels]
    shape = ("B", labels, SIZE, SIZE)
    fixed = compose_fixed(
        image_graph(),
        mask_graph(),
        embeddings,
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
            image_graph(),
            mask_graph(),
            MEANING[5 : 5 + labels],
            Signature({"pixel_values": ("B", 3, SIZE, SIZE)}, {"probabilities": ("B", labels, SIZE, SIZE)}),
        )
        sizes.append(len(onnx.load_from_string(fixed).graph.initializer))
    assert sizes[1] - sizes[0] == 2  # the phrases of the two further labels
