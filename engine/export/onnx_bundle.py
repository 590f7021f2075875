"""The ONNX exporter: tuned model → bundle (design: three graphs, and a fourth for other programs)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

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
from engine.contract.errors import IncompatiblePair, RecipeError
from engine.contract.events import Log, Progress
from engine.export import EXPORTERS
from engine.export.base import Exporter, ExportParts
from engine.export.drawn import PHRASES
from engine.export.fixed_graph import compose_fixed
from engine.export.graphs import ImageGraph, MaskGraph, TextGraph, fixed_prompts
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
    processor. Raises what `Exporter.write` raises, and IncompatiblePair for a strategy whose text depends on the image.
    """
    if precision != "fp32":
        raise RecipeError(f"The precision {precision} is not available yet.", hint="Use fp32.", field="precision")
    check_target(out, overwrite=overwrite)
    if tuned.learner.needs_pooled:
        raise IncompatiblePair(
            "Strategies whose text depends on the image cannot be exported yet.", hint="Choose another strategy."
        )
    tuned = tuned.cpu().eval()
    stages = _Stages(emit, cancel, job_id, 6 if parts.manifest.labels else 5)
    manifest = parts.manifest.model_copy(
        update={
            "text_depends_on_image": False,
            "image_depends_on_label": False,
            "learned_tokens": 0 if (text := fixed_prompts(tuned).text) is None else int(text.shape[-2]),
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
        [label.phrase for label in manifest.labels] or PHRASES,
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
    prompts = fixed_prompts(tuned)
    text, image = TextGraph(tuned, prompts), ImageGraph(tuned, prompts)
    mask = MaskGraph(tuned, 0 if prompts.image is None else int(prompts.image.shape[-2]))
    with torch.no_grad():
        # Two rows and more: a traced length of 1 could be taken for a constant.
        pixels = torch.zeros(2, 3, size, size)
        ids, seen = (
            torch.from_numpy(array).repeat(3, 1)
            for array in BundleTokens(manifest, parts.tokenizer, "the tuned model").encode(PHRASES[0])
        )
        features = image(pixels)
        embedding = text(ids, seen)[:2]
    taps, tokens, reduced = features.shape[1:]
    files = {TOKENIZER: parts.tokenizer}

    stages.next("Exporting the text graph")
    files[TEXT_GRAPH] = to_onnx(
        text,
        (ids, seen),
        Signature({"input_ids": ("P", "T"), "attention_mask": ("P", "T")}, {"embedding": ("P", embedding.shape[-1])}),
        producer=manifest.producer,
    )
    stages.next("Exporting the image graph")
    files[IMAGE_GRAPH] = to_onnx(
        image,
        (pixels,),
        Signature({"pixel_values": ("B", 3, size, size)}, {"features": ("B", taps, tokens, reduced)}),
        producer=manifest.producer,
    )
    stages.next("Exporting the mask graph")
    files[MASK_GRAPH] = to_onnx(
        mask,
        (features, embedding),
        Signature(
            {"features": ("N", taps, tokens, reduced), "embedding": ("N", embedding.shape[-1])},
            {"logits": ("N", 1, size, size)},
        ),
        producer=manifest.producer,
    )
    if manifest.labels:
        stages.next("Exporting the graph with fixed labels")
        files[FIXED_GRAPH] = compose_fixed(
            files[IMAGE_GRAPH],
            files[MASK_GRAPH],
            _label_embeddings(text, manifest, parts.tokenizer),
            Signature(
                {"pixel_values": ("B", 3, size, size)},
                {"probabilities": ("B", len(manifest.labels), size, size)},
            ),
        )
    return files


def _label_embeddings(text: TextGraph, manifest: Manifest, tokenizer: bytes) -> NDArray[np.float32]:
    """[labels, D]: every label's phrase at its own length, as a session encodes it."""
    tokens = BundleTokens(manifest, tokenizer, "the tuned model")
    rows = []
    with torch.no_grad():
        for label in manifest.labels:
            ids, mask = tokens.encode(label.phrase)
            rows.append(text(torch.from_numpy(ids), torch.from_numpy(mask)))
    return np.asarray(torch.cat(rows).numpy(), np.float32)
