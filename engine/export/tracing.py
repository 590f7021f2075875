"""Text, image and mask graph of a tuned model in float32, traced and written one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.bundle.manifest import FIXED_GRAPH, IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH, Manifest
from engine.bundle.tokens import BundleTokens
from engine.export.aside import aside
from engine.export.drawn import PHRASES
from engine.export.fixed_graph import compose_fixed
from engine.export.graph_file import load_graph, save_graph
from engine.export.graphs import ImageGraph, MaskGraph, TextGraph, Wiring, constant_prompts, wiring_of
from engine.export.merged_products import merge_products
from engine.export.onnx_file import Signature, to_onnx
from engine.export.stages import Stages
from engine.strategies.tuned_model import TunedModel

LENGTHS = {"input_ids": "T", "attention_mask": "T", "tokens": "U", "tokens_mask": "U"}
"""The second axis of these is as long as the phrase, without and with learned words."""

LabelInputs = list[dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Traced:
    """What else is known of the graphs: how labels feed fixed.onnx, and whether it holds text.onnx."""

    labels: LabelInputs
    text_in_fixed: bool


def trace_graphs(
    tuned: TunedModel, manifest: Manifest, tokens: BundleTokens, folder: Path, stages: Stages, *, largest: int
) -> Traced:
    """Writes text.onnx, image.onnx and mask.onnx into `folder`; takes three of the stages."""
    size = manifest.preprocess.size
    prompts, wiring = constant_prompts(tuned), wiring_of(tuned, size)
    text, image = TextGraph(tuned, prompts, wiring), ImageGraph(tuned, prompts, wiring)
    mask = MaskGraph(tuned, 0 if prompts.image is None else int(prompts.image.shape[-2]), wiring)
    with torch.no_grad():
        # Two rows and more: a traced length of 1 could be taken for a constant.
        into_image = {"pixel_values": torch.zeros(2, 3, size, size), "label_index": torch.zeros(2, dtype=torch.int64)}
        from_image = dict(zip(wiring.image_outputs, image(*_some(into_image, wiring.image_inputs)), strict=True))
        ids, seen = (torch.from_numpy(array).repeat(3, 1) for array in tokens.encode(PHRASES[0]))
        into_text = {"input_ids": ids, "attention_mask": seen, "label_index": torch.zeros(3, dtype=torch.int64)}
        if wiring.pooled:
            into_text["pooled"] = from_image["pooled"].repeat(2, 1)[:3]
        from_text = dict(zip(wiring.text_outputs, text(*_some(into_text, wiring.text_inputs)), strict=True))
    pairs = {name: value[:2] for name, value in {**from_image, **from_text}.items()}

    def trace(name: str, module: nn.Module, example: Sequence[Tensor], signature: Signature) -> None:
        def work() -> None:
            model = to_onnx(module, example, signature, producer=manifest.producer)
            merge_products(model)
            save_graph(model, folder / name, largest=largest)

        stages.next()
        aside(work, stages.cancel, stages.tell)

    trace(
        TEXT_GRAPH,
        text,
        _some(into_text, wiring.text_inputs),
        Signature(_axes(into_text, wiring.text_inputs, "P"), _axes(from_text, wiring.text_outputs, "P")),
    )
    trace(
        IMAGE_GRAPH,
        image,
        _some(into_image, wiring.image_inputs),
        Signature(_axes(into_image, wiring.image_inputs, "B"), _axes(from_image, wiring.image_outputs, "B")),
    )
    trace(
        MASK_GRAPH,
        mask,
        _some(pairs, wiring.mask_inputs),
        Signature(_axes(pairs, wiring.mask_inputs, "N"), {"logits": ("N", 1, size, size)}),
    )
    return Traced(_label_inputs(text, wiring, manifest, tokens), text_in_fixed=wiring.pooled)


def write_fixed(traced: Traced, manifest: Manifest, folder: Path, *, largest: int) -> None:
    """fixed.onnx, made of the other graphs in `folder`."""
    size = manifest.preprocess.size
    fixed = compose_fixed(
        load_graph(folder / IMAGE_GRAPH),
        load_graph(folder / TEXT_GRAPH) if traced.text_in_fixed else None,
        load_graph(folder / MASK_GRAPH),
        traced.labels,
        Signature(
            {"pixel_values": ("B", 3, size, size)},
            {"probabilities": ("B", len(manifest.labels), size, size)},
        ),
    )
    save_graph(fixed, folder / FIXED_GRAPH, largest=largest)


def _some(values: Mapping[str, Tensor], names: Sequence[str]) -> tuple[Tensor, ...]:
    return tuple(values[name] for name in names)


def _axes(values: Mapping[str, Tensor], names: Sequence[str], batch: str) -> dict[str, tuple[str | int, ...]]:
    """The axes of each array: the batch, for words their number, else as they are."""
    axes: dict[str, tuple[str | int, ...]] = {}
    for name in names:
        rest: tuple[str | int, ...] = tuple(int(length) for length in values[name].shape[1:])
        axes[name] = (batch, LENGTHS[name], *rest[1:]) if name in LENGTHS else (batch, *rest)
    return axes


def _label_inputs(text: TextGraph, wiring: Wiring, manifest: Manifest, tokens: BundleTokens) -> LabelInputs:
    """What feeds the graphs for each label: its phrase at its own length, encoded where no image is needed for that."""
    labels = []
    for number, label in enumerate(manifest.labels):
        ids, mask = tokens.encode(label.phrase)
        index = np.array([number], np.int64)
        given: dict[str, NDArray[Any]] = {"input_ids": ids, "attention_mask": mask, "label_index": index}
        if not wiring.pooled:
            with torch.no_grad():
                found = text(*(torch.from_numpy(given[name]) for name in wiring.text_inputs))
            given = {name: value.numpy() for name, value in zip(wiring.text_outputs, found, strict=True)}
            given["label_index"] = index
        wanted = wiring.image_inputs + (wiring.text_inputs if wiring.pooled else wiring.text_outputs)
        labels.append({name: value for name, value in given.items() if name in wanted})
    return labels
