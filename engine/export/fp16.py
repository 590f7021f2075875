"""Weights and arithmetic in half precision: half the size, and the speed of a graphics card's own number format.

The converter is ONNX Runtime's (`onnxruntime.transformers.float16`), which ships with what is installed anyway and is
kept in step with its kernels; onnxconverter-common, from which it comes, would be one package more. Inputs and outputs
stay float32, so whoever uses the graph sees no difference. What loses digits in half precision stays in float32: sums
over many values (softmax, normalisation), and functions whose argument is a position.
"""

from __future__ import annotations

import onnx
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

SENSITIVE = (
    "Softmax",
    "LayerNormalization",
    "BatchNormalization",
    "InstanceNormalization",
    "ReduceMean",
    "ReduceSum",
    "ReduceL2",
    "Pow",
    "Sqrt",
    "Exp",
    "Erf",
    "Sigmoid",
    "Sin",
    "Cos",
    "Resize",
)
"""Operators that stay in float32. Resize: its scales are float32 in any case, and a bicubic one sums 16 products."""

NOTE = "weights and arithmetic; softmax and normalisation stay in float32"


def to_fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with float16 weights; `model` is used up."""
    half: onnx.ModelProto = convert_float_to_float16(
        model, keep_io_types=True, op_block_list=[*DEFAULT_OP_BLOCK_LIST, *SENSITIVE], disable_shape_infer=False
    )
    del half.graph.value_info[:]  # the converter leaves some of them with their old type
    # The converter appends its casts at the end; a graph's nodes must stand in the order of their use.
    OnnxModel(half).topological_sort()
    for node in half.graph.node:
        node.name = ""
    return half
