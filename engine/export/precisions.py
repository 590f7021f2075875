"""The graphs of one precision, made from the traced ones; where several ways lead there, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.bundle.manifest import IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH, Precision
from engine.contract.errors import RecipeError
from engine.export.aside import aside
from engine.export.fp16 import NOTE, to_fp16
from engine.export.graph_file import LARGEST_FILE, load_graph, save_graph
from engine.export.int8 import PLANS, Plan, to_int8
from engine.export.stages import Stages
from engine.export.wide_layers import widen_by_convolution

if TYPE_CHECKING:
    from engine.export.calibrated import Feed

_NAMES = (TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH)

Feeds = Callable[[], "dict[str, list[Feed]]"]
"""Runs the graphs in float32 and says what each was given."""


@dataclass(frozen=True)
class Candidate:
    """Graphs in `folder` (without fixed.onnx) and what to say of them."""

    folder: Path
    note: str


def candidates(
    precision: Precision,
    plain: Path,
    work: Path,
    stages: Stages,
    producer: str,
    feeds: Feeds | None = None,
    *,
    largest: int = LARGEST_FILE,
) -> Iterator[Candidate]:
    """From the smallest files to the most careful ones; each lies in a folder of its own within `work`.

    `plain` holds the graphs in float32, as all precisions start from. `feeds` gives, for int8, what ranges are to be
    measured on. Graphs in float32 of more than `largest` bytes keep their weights beside them. Raises RecipeError where
    int8 finds nothing to round.
    """
    if precision == "fp32":
        folder = _new(work / "fp32")
        for name in _NAMES:
            aside(partial(_single, plain / name, folder / name, largest), stages.cancel, stages.tell)
        yield Candidate(folder, "")
    elif precision == "fp16":
        folder = _new(work / "fp16")
        for name in _NAMES:
            aside(partial(_half, plain / name, folder / name), stages.cancel, stages.tell)
        yield Candidate(folder, NOTE)
    elif feeds is None:
        for number, plan in enumerate(PLANS):
            folder = _new(work / f"int8-{number}")
            rounded = 0
            for name in _NAMES:
                step = partial(to_int8, plain / name, folder / name, plan, producer)
                rounded += aside(step, stages.cancel, stages.tell)
            yield _rounded(folder, rounded, plan, "matrix products", "as they come")
    else:
        yield from _calibrated(plain, work, stages, producer, feeds)


def _calibrated(plain: Path, work: Path, stages: Stages, producer: str, feeds: Feeds) -> Iterator[Candidate]:
    from engine.export.calibrated import to_calibrated

    known = aside(feeds, stages.cancel, stages.tell)
    for number, plan in enumerate(PLANS):
        folder = _new(work / f"calibrated-{number}")
        rounded = 0
        for name in _NAMES:
            step = partial(to_calibrated, plain / name, folder / name, plan, known.get(name, []), producer)
            rounded += aside(step, stages.cancel, stages.tell)
        ranges = f"measured on {len(known[IMAGE_GRAPH])} inputs"
        yield _rounded(folder, rounded, plan, "matrix products and convolutions", ranges)


def _rounded(folder: Path, count: int, plan: Plan, kinds: str, ranges: str) -> Candidate:
    if not count:
        raise RecipeError(
            "This model holds no table of weights that is large enough to gain from int8.",
            hint="Export it as fp32 or fp16.",
            field="precision",
        )
    if plan.graphs:
        note = f"{count} tables of weights; activations in the {kinds} {plan.note}, ranges {ranges}"
    else:
        note = f"{count} tables of weights; arithmetic in float32, so no faster"
    return Candidate(folder, note)


def _half(source: Path, target: Path) -> None:
    save_graph(to_fp16(load_graph(source)), target)


def _single(source: Path, target: Path, largest: int) -> None:
    model = load_graph(source)
    if source.name != TEXT_GRAPH:  # a phrase is too short to gain
        widen_by_convolution(model)
    save_graph(model, target, largest=largest)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
