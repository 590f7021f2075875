"""Eight bits with ranges measured on the user's own images: convolutions are rounded too, nothing is scaled later.

The text graph keeps ranges that come as they are: a few phrases say nothing of those that will be typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from engine.bundle.manifest import IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH
from engine.export.byte_weights import store_in_bytes
from engine.export.graph_file import load_graph
from engine.export.int8 import Plan, finish, number_nodes, rounded_products, stored_tables, through_files, to_int8
from engine.inference.session import BundleSession

MOST_IMAGES = 24

Feed = Mapping[str, NDArray[Any]]


def to_calibrated(source: Path, target: Path, plan: Plan, feeds: Sequence[Feed], producer: str) -> int:
    """The graph `source` with weights and activations rounded as `plan` says; `feeds` set the ranges.

    Returns how many tables of weights were rounded.
    """
    if source.name == TEXT_GRAPH:
        return to_int8(source, target, plan, producer)
    model = load_graph(source)
    number_nodes(model)
    chosen = rounded_products(model, source.name, plan, ("MatMul", "Gemm", "Conv"))
    stored = stored_tables(model, plan, chosen)
    store_in_bytes(model, stored)

    def quantise(named: Path, rounded: Path) -> None:
        quantize_static(
            named,
            rounded,
            _Feeds(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["MatMul", "Gemm", "Conv"],
            nodes_to_quantize=chosen,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            use_external_data_format=True,
            # Only the lowest and highest value of each layer are kept, so that many images cost no memory.
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"MatMulConstBOnly": True},
        )

    if chosen:
        through_files(model, target, quantise, producer)
    else:
        finish(model, target, producer)
    return len(chosen) + len(stored)


def feeds_of(
    session: BundleSession, images: NDArray[np.float32], questions: Sequence[tuple[str, int | None]]
) -> dict[str, list[Feed]]:
    """What image.onnx and mask.onnx are given when `questions` (phrase, place of its label) are asked of `images`."""
    into_image: list[Feed] = []
    into_mask: list[Feed] = []
    for image in images[:MOST_IMAGES]:
        encoded = None
        for phrase, place in questions:
            text = session.encode_text(phrase, label_index=place)
            label = session.image_label(text)
            if label is not None or encoded is None:
                feed: dict[str, NDArray[Any]] = {"pixel_values": image[None]}
                if label is not None:
                    feed["label_index"] = np.array([label], np.int64)
                into_image.append(feed)
                encoded = session.encode_image(image[None], label_index=label)
            into_mask.append(session.mask_inputs(encoded, text))
    return {IMAGE_GRAPH: into_image, MASK_GRAPH: into_mask}


class _Feeds(CalibrationDataReader):  # type: ignore[misc]
    """One feed after the other, as the quantiser asks for them."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds: Iterator[Feed] = iter(feeds)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        feed = next(self._feeds, None)
        return None if feed is None else dict(feed)
