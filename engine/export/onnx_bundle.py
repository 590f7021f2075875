"""The ONNX exporter: tuned model → bundle (design: three graphs, and a fourth for other programs)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import engine
from engine.bundle.manifest import (
    FIXED_GRAPH,
    IMAGE_GRAPH,
    MASK_GRAPH,
    TEXT_GRAPH,
    TOKENIZER,
    Manifest,
    Precision,
)
from engine.bundle.reader import Bundle
from engine.bundle.storage import MemoryStorage
from engine.bundle.tokens import BundleTokens
from engine.bundle.writer import check_target, with_manifest, write_bundle
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import RecipeError
from engine.contract.events import Log, Progress
from engine.export import EXPORTERS
from engine.export.base import Exporter, ExportParts
from engine.export.drawn import PHRASES
from engine.export.fixed_graph import compose_fixed
from engine.export.graphs import ImageGraph, MaskGraph, TextGraph, Wiring, constant_prompts, wiring_of
from engine.export.onnx_file import OPSET, Signature, to_onnx
from engine.export.parity import measure_parity
from engine.inference.session import BundleSession
from engine.strategies.base import STRATEGIES
from engine.strategies.tuned_model import TunedModel


@EXPORTERS.register("onnx")
class OnnxBundle(Exporter):
    """text.onnx, image.onnx, mask.onnx, and fixed.onnx where there are labels."""

    def write(
        self,
        tuned: TunedModel,
        parts: ExportParts,
        out: Path,
        emit: Emit,
        cancel: CancelToken,
        job_id: str,
        *,
        precision: Precision = "fp32",
        overwrite: bool = False,
    ) -> Path:
        return export_bundle(tuned, parts, out, emit, cancel, job_id, precision=precision, overwrite=overwrite)


def export_bundle(
    tuned: TunedModel,
    parts: ExportParts,
    out: Path,
    emit: Emit,
    cancel: CancelToken,
    job_id: str = "",
    *,
    precision: Precision = "fp32",
    overwrite: bool = False,
) -> Path:
    """Writes a bundle (a zip where `out` ends in .vlseg, else a folder) after comparing it with the tuned model.

    Takes tens of seconds; progress names the stages, `cancel` is read between them. The network is moved to the
    processor. Raises what `Exporter.write` raises; the labels must be those that have learned words, in their order.
    """
    if precision != "fp32":
        raise RecipeError(f"The precision {precision} is not available yet.", hint="Use fp32.", field="precision")
    check_target(out, overwrite=overwrite)
    tuned = tuned.cpu().eval()
    learned = tuned.learner.label_count()
    if learned and learned != len(parts.manifest.labels):
        raise ValueError(f"words were learned for {learned} labels, the bundle has {len(parts.manifest.labels)}")
    stages = _Stages(emit, cancel, job_id, 6 if parts.manifest.labels else 5)
    manifest = parts.manifest.model_copy(
        update={
            "text_depends_on_image": tuned.learner.needs_pooled,
            "text_depends_on_label": tuned.learner.text_per_label,
            "image_depends_on_label": tuned.learner.image_per_label,
            "learned_tokens": tuned.learner.learned_words(),
            "strategy": {"name": strategy_name(tuned), **tuned.config.model_dump(mode="json")},
            "precision": precision,
            "opset": OPSET,
            "producer": f"tunevlseg {engine.__version__}",
        }
    )
    files = _graphs(tuned, manifest, parts, stages)

    stages.next("Comparing the bundle with the tuned model")
    session = BundleSession(Bundle.of(MemoryStorage(out, with_manifest(manifest, files))))
    parity = measure_parity(
        tuned,
        session,
        parts.images,
        [(label.phrase, number) for number, label in enumerate(manifest.labels)]
        or [(phrase, None) for phrase in PHRASES],
        source=parts.images_from,
        precision=precision,
        emit=emit,
        cancel=cancel,
        job_id=job_id,
    )
    if not parity.verified:
        emit(
            Log(job_id, f"Not verified: the bundle's masks reach Dice {parity.dice} with the tuned model's.", "warning")
        )

    stages.next("Writing the bundle")
    write_bundle(manifest.model_copy(update={"parity": parity}), files, out, overwrite=overwrite)
    stages.end()
    return out


def strategy_name(tuned: TunedModel) -> str:
    """The name of the tuned model's strategy in the registry."""
    return next((name for name, found in STRATEGIES if found is type(tuned.config)), type(tuned.config).__name__)


class _Stages:
    """Progress by stage: the exporter says nothing while it works."""

    def __init__(self, emit: Emit, cancel: CancelToken, job_id: str, total: int) -> None:
        self._emit, self._cancel, self._job_id, self._total = emit, cancel, job_id, total
        self._begun = 0

    def next(self, stage: str) -> None:
        self._cancel.check()
        self._emit(Progress(self._job_id, self._begun, self._total, "steps", None, stage))
        self._begun += 1

    def end(self) -> None:
        self._emit(Progress(self._job_id, self._total, self._total, "steps", 0.0, "Exported"))


def _graphs(tuned: TunedModel, manifest: Manifest, parts: ExportParts, stages: _Stages) -> dict[str, bytes]:
    """Every file of the bundle but its manifest."""
    size = manifest.preprocess.size
    prompts, wiring = constant_prompts(tuned), wiring_of(tuned, size)
    text, image = TextGraph(tuned, prompts, wiring), ImageGraph(tuned, prompts, wiring)
    mask = MaskGraph(tuned, 0 if prompts.image is None else int(prompts.image.shape[-2]), wiring)
    tokens = BundleTokens(manifest, parts.tokenizer, "the tuned model")
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
    files = {TOKENIZER: parts.tokenizer}

    stages.next("Exporting the text graph")
    files[TEXT_GRAPH] = to_onnx(
        text,
        _some(into_text, wiring.text_inputs),
        Signature(_axes(into_text, wiring.text_inputs, "P"), _axes(from_text, wiring.text_outputs, "P")),
        producer=manifest.producer,
    )
    stages.next("Exporting the image graph")
    files[IMAGE_GRAPH] = to_onnx(
        image,
        _some(into_image, wiring.image_inputs),
        Signature(_axes(into_image, wiring.image_inputs, "B"), _axes(from_image, wiring.image_outputs, "B")),
        producer=manifest.producer,
    )
    stages.next("Exporting the mask graph")
    files[MASK_GRAPH] = to_onnx(
        mask,
        _some(pairs, wiring.mask_inputs),
        Signature(_axes(pairs, wiring.mask_inputs, "N"), {"logits": ("N", 1, size, size)}),
        producer=manifest.producer,
    )
    if manifest.labels:
        stages.next("Exporting the graph with fixed labels")
        files[FIXED_GRAPH] = compose_fixed(
            files[IMAGE_GRAPH],
            files[TEXT_GRAPH],
            files[MASK_GRAPH],
            _label_inputs(text, wiring, manifest, tokens),
            Signature(
                {"pixel_values": ("B", 3, size, size)},
                {"probabilities": ("B", len(manifest.labels), size, size)},
            ),
        )
    return files


LENGTHS = {"input_ids": "T", "attention_mask": "T", "tokens": "U", "tokens_mask": "U"}
"""The second axis of these is as long as the phrase, without and with learned words."""


def _some(values: Mapping[str, Tensor], names: Sequence[str]) -> tuple[Tensor, ...]:
    return tuple(values[name] for name in names)


def _axes(values: Mapping[str, Tensor], names: Sequence[str], batch: str) -> dict[str, tuple[str | int, ...]]:
    """The axes of each array: the batch, for words their number, else as they are."""
    axes: dict[str, tuple[str | int, ...]] = {}
    for name in names:
        rest: tuple[str | int, ...] = tuple(int(length) for length in values[name].shape[1:])
        axes[name] = (batch, LENGTHS[name], *rest[1:]) if name in LENGTHS else (batch, *rest)
    return axes


def _label_inputs(
    text: TextGraph, wiring: Wiring, manifest: Manifest, tokens: BundleTokens
) -> list[dict[str, NDArray[Any]]]:
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
