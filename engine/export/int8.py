"""Weights in eight bits, a scale for each output channel; activations are scaled as they come. For processors only.

Matrix products are what a transformer's time goes to and what eight bits speed up; embedding tables are most of a text
encoder's size. Convolutions stay: without known ranges ONNX Runtime's are slower than in float32 and cost far more
accuracy (`calibrated.py` knows the ranges). The quantiser is `onnxruntime.quantization`; its output uses standard
ONNX operators only.

How much may be rounded differs from model to model, so there are several plans, from the smallest file to the most
careful, and whoever exports keeps the first whose masks agree with the tuned model's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from engine.bundle.manifest import IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH
from engine.export.graph_file import load_graph, save_graph
from engine.export.onnx_file import clean

FEWEST_WEIGHTS = 4096
"""Smaller tables save nothing; among them are those that only resample a map, which rounding would blur."""


@dataclass(frozen=True)
class Plan:
    """Which graphs are rounded, and the share of the image's layers, at either end, that is not."""

    note: str
    graphs: tuple[str, ...]
    image_ends: float = 0.0


_OUTSIDE = "matrix products of the text graph and of the image graph but for the {} of its layers at either end"

PLANS = (
    Plan("matrix products of all graphs", (TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH)),
    Plan("matrix products of the text and image graphs", (TEXT_GRAPH, IMAGE_GRAPH)),
    Plan(_OUTSIDE.format("sixth"), (TEXT_GRAPH, IMAGE_GRAPH), image_ends=1 / 6),
    Plan(_OUTSIDE.format("third"), (TEXT_GRAPH, IMAGE_GRAPH), image_ends=1 / 3),
    Plan("matrix products of the middle third of the image graph's layers", (IMAGE_GRAPH,), image_ends=1 / 3),
)


def to_int8(source: Path, target: Path, plan: Plan, producer: str) -> int:
    """The graph `source` with weights rounded as `plan` says, as `target` (a file of the same name elsewhere).

    Returns how many tables of weights were rounded.
    """
    model = load_graph(source)
    number_nodes(model)
    chosen = roundable(model, ("MatMul", "Gemm", "Gather"))
    if source.name == IMAGE_GRAPH:
        chosen = middle(chosen, plan.image_ends)
    if source.name not in plan.graphs or not chosen:
        save_graph(model, target)
        return 0

    def quantise(named: Path, rounded: Path) -> None:
        quantize_dynamic(
            named,
            rounded,
            op_types_to_quantize=["MatMul", "Gather"],
            nodes_to_quantize=chosen,
            per_channel=True,
            weight_type=QuantType.QInt8,
            use_external_data_format=True,
        )

    through_files(model, target, quantise, producer)
    return len(chosen)


def through_files(model: onnx.ModelProto, target: Path, quantise: Callable[[Path, Path], None], producer: str) -> None:
    """The quantiser reads and writes files: beside `target`, and gone afterwards."""
    work = target.parent / f"{target.stem}.work"
    work.mkdir()
    named, rounded = work / target.name, work / f"rounded-{target.name}"
    save_graph(model, named)
    with _quiet():
        quantise(named, rounded)
    found = onnx.load_model(rounded)
    clean(found, producer)
    standard_only(found)
    save_graph(found, target)
    for left in work.iterdir():
        left.unlink()
    work.rmdir()


def number_nodes(model: onnx.ModelProto) -> None:
    """Nodes have no names; the quantiser tells them apart by names."""
    for number, node in enumerate(model.graph.node):
        node.name = f"n{number}"


def roundable(model: onnx.ModelProto, kinds: Sequence[str]) -> list[str]:
    """Names, in order, of the nodes of these kinds that multiply with (or look up in) a large table of weights.

    What depends on the phrase's embedding alone is left out: it runs once a phrase, so that nothing is gained, and
    everything that follows hangs on it.
    """
    sizes = {tensor.name: _count(tensor.dims) for tensor in model.graph.initializer}
    given = {value.name for value in model.graph.input}
    of_phrase = _following(model, {"embedding"} & given, {*sizes})
    names = []
    for node in model.graph.node:
        weights = node.input[0] if node.op_type == "Gather" else node.input[1] if len(node.input) > 1 else ""
        if node.op_type not in kinds or sizes.get(weights, 0) < FEWEST_WEIGHTS:
            continue
        if node.op_type != "Gather" and node.input[0] in of_phrase:
            continue
        # The quantiser first takes a Gemm apart, and calls its product so.
        names.append(f"{node.name}_MatMul" if node.op_type == "Gemm" else node.name)
    return names


def middle(names: list[str], ends: float) -> list[str]:
    """Without the given share of them at either end."""
    spared = round(len(names) * ends)
    return names[spared : len(names) - spared]


def _following(model: onnx.ModelProto, sources: set[str], constant: Iterable[str]) -> set[str]:
    """Values that depend on `sources` and constants only."""
    known, fixed = set(sources), {*constant, ""}
    for node in model.graph.node:
        if known.intersection(node.input) and all(name in known or name in fixed for name in node.input):
            known.update(node.output)
    return known


def standard_only(model: onnx.ModelProto) -> None:
    """Takes out what the quantiser declares and does not use."""
    used = {node.domain for node in model.graph.node}
    kept = [entry for entry in model.opset_import if entry.domain in used or not entry.domain]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    for node in model.graph.node:
        node.name = ""


def _count(dims: Sequence[int]) -> int:
    count = 1
    for length in dims:
        count *= length
    return count


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser recommends its own preparation, which has been done, on the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
