"""Weights in eight bits, a scale for each output channel; activations are scaled as they come. For processors only.

Matrix products are what a transformer's time goes to and what eight bits speed up: both their sides are rounded, by
`onnxruntime.quantization`. Convolutions and embedding tables are stored in eight bits and used in float32
(`byte_weights.py`): without known ranges ONNX Runtime's convolutions are slower in eight bits and cost far more
accuracy (`calibrated.py` knows the ranges). All operators are standard ONNX.

How much may be rounded differs from model to model, so there are several plans, from the fastest to the most careful,
and whoever exports keeps the first whose masks agree with the tuned model's. All give files of the same size: where the
activations of a layer are not rounded its weights still are.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from engine.bundle.manifest import IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH
from engine.export.byte_weights import store_in_bytes, weights_of
from engine.export.graph_file import load_graph, save_graph
from engine.export.onnx_file import clean

FEWEST_WEIGHTS = 4096
"""Smaller tables save nothing; among them are those that only resample a map, which rounding would blur."""


@dataclass(frozen=True)
class Plan:
    """In which graphs activations are rounded, the share of the image's layers, at either end, where they are not, and
    whether convolutions are stored in eight bits."""

    note: str
    graphs: tuple[str, ...]
    image_ends: float = 0.0
    convolutions: bool = True


PLANS = (
    Plan("of all graphs", (TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH)),
    Plan("of the text and image graphs", (TEXT_GRAPH, IMAGE_GRAPH)),
    Plan("of the image graph", (IMAGE_GRAPH,)),
    Plan("of the image graph but for the sixth of its layers at either end", (IMAGE_GRAPH,), image_ends=1 / 6),
    Plan("of the middle third of the image graph's layers", (IMAGE_GRAPH,), image_ends=1 / 3),
    Plan("", ()),
    Plan("", (), convolutions=False),
)


def to_int8(source: Path, target: Path, plan: Plan, producer: str) -> int:
    """The graph `source` with weights rounded as `plan` says, as `target` (a file of the same name elsewhere).

    Returns how many tables of weights were rounded.
    """
    model = load_graph(source)
    number_nodes(model)
    products = rounded_products(model, source.name, plan, ("MatMul", "Gemm"))
    stored = stored_tables(model, plan, products)
    store_in_bytes(model, stored)

    def quantise(named: Path, rounded: Path) -> None:
        quantize_dynamic(
            named,
            rounded,
            op_types_to_quantize=["MatMul"],
            # The quantiser first takes a Gemm apart, and calls its product so.
            nodes_to_quantize=[*products, *(f"{name}_MatMul" for name in products)],
            per_channel=True,
            weight_type=QuantType.QInt8,
            use_external_data_format=True,
        )

    if products:
        through_files(model, target, quantise, producer)
    else:
        finish(model, target, producer)
    return len(products) + len(stored)


def stored_tables(model: onnx.ModelProto, plan: Plan, products: Collection[str]) -> list[str]:
    """Names of the nodes whose weights alone the plan rounds."""
    kinds = ("MatMul", "Gemm", "Gather", "Conv") if plan.convolutions else ("MatMul", "Gemm", "Gather")
    return [name for name in large_tables(model, kinds) if name not in products]


def rounded_products(model: onnx.ModelProto, name: str, plan: Plan, kinds: Sequence[str]) -> list[str]:
    """Names, in order, of the nodes of the graph `name` whose activations the plan rounds."""
    if name not in plan.graphs:
        return []
    found = large_tables(model, kinds, of_phrase=False)
    if name == IMAGE_GRAPH:
        spared = round(len(found) * plan.image_ends)
        found = found[spared : len(found) - spared]
    return found


def large_tables(model: onnx.ModelProto, kinds: Sequence[str], *, of_phrase: bool = True) -> list[str]:
    """Names, in order, of the nodes of these kinds that multiply with (or look up in) a large table of weights.

    Without those `of_phrase`: what depends on the phrase's embedding alone runs once a phrase, so that nothing is
    gained there, and everything that follows hangs on it.
    """
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in model.graph.initializer}
    given = {value.name for value in model.graph.input}
    phrase = set() if of_phrase else _following(model, {"embedding"} & given, {*sizes})
    return [
        node.name
        for node in model.graph.node
        if node.op_type in kinds and sizes.get(weights_of(node), 0) >= FEWEST_WEIGHTS and node.input[0] not in phrase
    ]


def through_files(model: onnx.ModelProto, target: Path, quantise: Callable[[Path, Path], None], producer: str) -> None:
    """The quantiser reads and writes files: beside `target`, and gone afterwards."""
    work = target.parent / f"{target.stem}.work"
    work.mkdir()
    named, rounded = work / target.name, work / f"rounded-{target.name}"
    save_graph(model, named)
    with _quiet():
        quantise(named, rounded)
    finish(onnx.load_model(rounded), target, producer)
    for left in work.iterdir():
        left.unlink()
    work.rmdir()


def finish(model: onnx.ModelProto, target: Path, producer: str) -> None:
    """Takes out what the quantiser notes and declares, and writes the graph."""
    clean(model, producer)
    used = {node.domain for node in model.graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used or not entry.domain]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    for node in model.graph.node:
        node.name = ""
    save_graph(model, target)


def number_nodes(model: onnx.ModelProto) -> None:
    """Nodes have no names; the quantiser tells them apart by names."""
    for number, node in enumerate(model.graph.node):
        node.name = f"n{number}"


def _following(model: onnx.ModelProto, sources: set[str], constant: Iterable[str]) -> set[str]:
    """Values that depend on `sources` and constants only."""
    known, fixed = set(sources), {*constant, ""}
    for node in model.graph.node:
        if known.intersection(node.input) and all(name in known or name in fixed for name in node.input):
            known.update(node.output)
    return known


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser recommends its own preparation, which has been done, on the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
