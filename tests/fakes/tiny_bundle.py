"""A bundle made by hand of a dozen operators, that really follows colour words.

A pixel belongs to "red" where its red is strong and so on; "bright" is the mean of all three; any other word finds
nothing. Pictures of 16 × 16 pixels go through unchanged but for 4 × 4 blocks, so that masks can be told in advance.
With `by_label`, the label "rose" adds red to every phrase and "leaf" adds green, as learned words of their own would.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.bundle.manifest import (
    FIXED_GRAPH,
    IMAGE_GRAPH,
    MASK_GRAPH,
    TEXT_GRAPH,
    TOKENIZER,
    BaseModelInfo,
    BundleLabel,
    Manifest,
    Parity,
)
from engine.bundle.writer import write_bundle
from engine.volumes.preprocess import Preprocess

SIZE, BLOCK = 16, 4
WORDS = ["<pad>", "<start>", "<end>", "<unknown>", ".", "red", "green", "blue", "bright"]
MEANING = np.zeros((len(WORDS), 3), np.float32)
MEANING[5:8] = np.eye(3)
MEANING[8] = 1 / 3


def tokenizer_json() -> bytes:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unknown>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    return tokenizer.to_str().encode()


def _model(nodes, inputs, outputs, constants) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def text_graph(*, by_label: bool = False) -> bytes:
    label = [
        helper.make_node("Gather", ["meant", "label_index"], ["own"]),
        helper.make_node("Add", ["said", "own"], ["embedding"]),
    ]
    return _model(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["words"]),
            helper.make_node("Cast", ["attention_mask"], ["kept"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["kept", "last"], ["kept3"]),
            helper.make_node("Mul", ["words", "kept3"], ["counted"]),
            helper.make_node("ReduceSum", ["counted", "one"], ["said" if by_label else "embedding"], keepdims=0),
            *(label if by_label else []),
        ],
        [
            ("input_ids", TensorProto.INT64, ["P", "T"]),
            ("attention_mask", TensorProto.INT64, ["P", "T"]),
            *([("label_index", TensorProto.INT64, ["P"])] if by_label else []),
        ],
        [("embedding", ["P", 3])],
        {"table": MEANING, "last": np.array([2]), "one": np.array([1])} | ({"meant": MEANING[5:7]} if by_label else {}),
    )


def image_graph(*, by_label: bool = False) -> bytes:
    """With `by_label` it takes a label's index, which changes nothing."""
    label = [
        helper.make_node("Unsqueeze", ["label_index", "inner"], ["each"]),
        helper.make_node("Cast", ["each"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["number", "nothing"], ["zeros"]),
        helper.make_node("Add", ["plain", "zeros"], ["features"]),
    ]
    constants = {"inner": np.array([1, 2, 3]), "nothing": np.float32(0)} if by_label else {}
    tokens = (SIZE // BLOCK) ** 2
    return _model(
        [
            helper.make_node(
                "AveragePool", ["pixel_values"], ["small"], kernel_shape=[BLOCK, BLOCK], strides=[BLOCK, BLOCK]
            ),
            helper.make_node("Reshape", ["small", "flat"], ["rows"]),
            helper.make_node("Transpose", ["rows"], ["plain" if by_label else "features"], perm=[0, 1, 3, 2]),
            *(label if by_label else []),
        ],
        [
            ("pixel_values", TensorProto.FLOAT, ["B", 3, SIZE, SIZE]),
            *([("label_index", TensorProto.INT64, ["B"])] if by_label else []),
        ],
        [("features", ["B", 1, tokens, 3])],
        {"flat": np.array([0, 1, 3, tokens]), **constants},
    )


def _mask_nodes() -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    side = SIZE // BLOCK
    nodes = [
        helper.make_node("Unsqueeze", ["embedding", "axes"], ["weights"]),
        helper.make_node("Mul", ["features", "weights"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "last"], ["dot"], keepdims=0),
        helper.make_node("Mul", ["dot", "gain"], ["strong"]),
        helper.make_node("Sub", ["strong", "doubt"], ["map"]),
        helper.make_node("Reshape", ["map", "square"], ["coarse"]),
        helper.make_node("Resize", ["coarse", "", "scales"], ["logits"], mode="nearest"),
    ]
    constants = {
        "axes": np.array([1, 2]),
        "last": np.array([3]),
        "gain": np.float32(8),
        "doubt": np.float32(2),
        "square": np.array([0, 1, side, side]),
        "scales": np.array([1, 1, BLOCK, BLOCK], np.float32),
    }
    return nodes, constants


def mask_graph() -> bytes:
    nodes, constants = _mask_nodes()
    return _model(
        nodes,
        [
            ("features", TensorProto.FLOAT, ["N", 1, (SIZE // BLOCK) ** 2, 3]),
            ("embedding", TensorProto.FLOAT, ["N", 3]),
        ],
        [("logits", ["N", 1, SIZE, SIZE])],
        constants,
    )


def fixed_graph() -> bytes:
    """Not the real thing: a stand-in of the right shape."""
    return _model(
        [
            helper.make_node("ReduceMean", ["pixel_values", "one"], ["grey"], keepdims=1),
            helper.make_node("Sigmoid", ["grey"], ["probabilities"]),
        ],
        [("pixel_values", TensorProto.FLOAT, ["B", 3, SIZE, SIZE])],
        [("probabilities", ["B", 1, SIZE, SIZE])],
        {"one": np.array([1])},
    )


def tiny_preprocess() -> Preprocess:
    return Preprocess(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), intensity="as_is", resample="bilinear")


def tiny_files(*, labels: bool = True, by_label: bool = False) -> dict[str, bytes]:
    files = {
        TOKENIZER: tokenizer_json(),
        TEXT_GRAPH: text_graph(by_label=by_label),
        IMAGE_GRAPH: image_graph(by_label=by_label),
        MASK_GRAPH: mask_graph(),
    }
    return {**files, FIXED_GRAPH: fixed_graph()} if labels else files


def tiny_manifest(*, labels: bool = True, **changes: object) -> Manifest:
    values = {
        "name": "tiny",
        "labels": [
            BundleLabel(value=1, name="rose", phrase="red", colour="#ff0000"),
            BundleLabel(value=3, name="leaf", phrase="green", colour="#00ff00"),
        ]
        if labels
        else [],
        "preprocess": tiny_preprocess(),
        "model": BaseModelInfo(name="clipseg", id="tiny", sha256="0" * 64),
        "parity": Parity(verified=True, dice=1.0, max_probability_difference=0.0, images=1, source="drawn"),
        "max_length": 8,
        "opset": 18,
        **changes,
    }
    return Manifest(**values)


def write_tiny_bundle(out: Path, *, labels: bool = True, by_label: bool = False, **changes: object) -> Path:
    """A folder, or a zip where `out` ends in .vlseg."""
    if by_label:
        changes = {"text_depends_on_label": True, "image_depends_on_label": True, **changes}
    files = tiny_files(labels=labels, by_label=by_label)
    return write_bundle(tiny_manifest(labels=labels, **changes), files, out, overwrite=True)


def square_picture(side: int = SIZE) -> np.ndarray:
    """uint8 [side, side, 3]; of 16 parts: red in rows 4-8, columns 8-12; green in rows 8-16, columns 0-4."""
    step = side // SIZE
    picture = np.zeros((side, side, 3), np.uint8)
    picture[4 * step : 8 * step, 8 * step : 12 * step, 0] = 255
    picture[8 * step : 16 * step, 0 : 4 * step, 1] = 255
    return picture
