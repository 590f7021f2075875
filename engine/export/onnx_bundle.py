"""The ONNX exporter: tuned model → bundles (design: three graphs, and a fourth for other programs)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import engine
from engine.bundle.manifest import TOKENIZER, Manifest, Parity, Precision
from engine.bundle.reader import Bundle
from engine.bundle.tokens import BundleTokens
from engine.bundle.verdict import verdict, weakest
from engine.bundle.writer import check_target, with_manifest, write_bundle
from engine.contract.control import CancelToken, Emit
from engine.contract.events import Log
from engine.export import EXPORTERS
from engine.export.aside import aside
from engine.export.base import Exporter, ExportParts
from engine.export.drawn import PHRASES
from engine.export.graph_file import LARGEST_FILE, graph_files
from engine.export.onnx_file import OPSET
from engine.export.parity import Expected, Question, ask_tuned, measure_parity
from engine.export.precisions import Candidate, candidates
from engine.export.stages import Stages
from engine.export.staging import staging
from engine.export.tracing import trace_graphs, write_fixed
from engine.inference.session import BundleSession
from engine.strategies.base import STRATEGIES
from engine.strategies.tuned_model import TunedModel

if TYPE_CHECKING:
    from engine.export.calibrated import Feed


@EXPORTERS.register("onnx")
class OnnxBundle(Exporter):
    """text.onnx, image.onnx, mask.onnx, and fixed.onnx where there are labels."""

    def write(
        self,
        tuned: TunedModel,
        parts: ExportParts,
        outs: Mapping[Precision, Path],
        emit: Emit,
        cancel: CancelToken,
        job_id: str,
        *,
        overwrite: bool = False,
    ) -> None:
        export_bundles(tuned, parts, outs, emit, cancel, job_id, overwrite=overwrite)


def export_bundles(
    tuned: TunedModel,
    parts: ExportParts,
    outs: Mapping[Precision, Path],
    emit: Emit,
    cancel: CancelToken,
    job_id: str = "",
    *,
    overwrite: bool = False,
    largest: int = LARGEST_FILE,
) -> None:
    """Writes a bundle for each precision (a zip where its path ends in .vlseg, else a folder) after comparing it with
    the tuned model, which is traced once.

    Takes tens of seconds; a cancel is heard within a tenth of one. Graphs of more than `largest` bytes keep their
    weights beside them. The network is moved to the processor. Raises what `Exporter.write` raises; the labels must be
    those that have learned words, in their order.
    """
    for out in outs.values():
        check_target(out, overwrite=overwrite)
    cancel.check()
    tuned = tuned.cpu().eval()
    learned = tuned.learner.label_count()
    if learned and learned != len(parts.manifest.labels):
        raise ValueError(f"words were learned for {learned} labels, the bundle has {len(parts.manifest.labels)}")
    with staging(next(iter(outs.values()))) as folder:
        _Export(tuned, parts, folder, Stages(emit, cancel, job_id, _plan(list(outs))), overwrite, largest).run(outs)


@dataclass
class _Export:
    tuned: TunedModel
    parts: ExportParts
    folder: Path
    stages: Stages
    overwrite: bool
    largest: int

    def run(self, outs: Mapping[Precision, Path]) -> None:
        self.manifest = self.parts.manifest.model_copy(update=_known_of(self.tuned))
        self.tokens = BundleTokens(self.manifest, self.parts.tokenizer, "the tuned model")
        self.questions: list[Question] = [
            (label.phrase, number) for number, label in enumerate(self.manifest.labels)
        ] or [(phrase, None) for phrase in PHRASES]
        self.plain = self.folder / "traced"
        self.plain.mkdir()
        self.traced = trace_graphs(
            self.tuned, self.manifest, self.tokens, self.plain, self.stages, largest=self.largest
        )
        self.stages.next()
        expected = [
            ask_tuned(self.tuned, self.tokens, images, self.questions, self.folder, self.stages)
            for images in self.parts.image_sets
        ]
        for precision, out in outs.items():
            self._one(precision, out, expected)
        self.stages.end()

    def _one(self, precision: Precision, out: Path, expected: Sequence[Expected]) -> None:
        self.stages.next()
        found: tuple[Candidate, Manifest] | None = None
        feeds = self._feeds() if precision == "int8" else None
        made = candidates(
            precision, self.plain, self.folder, self.stages, self.manifest.producer, feeds, largest=self.largest
        )
        for candidate in made:
            manifest = self.manifest.model_copy(update={"precision": precision, "precision_note": candidate.note})
            bundle = self._bundle(candidate.folder, manifest)
            reports = measure_parity(bundle, expected, self.questions, self.stages)
            manifest = manifest.model_copy(update={"parity": weakest(reports), "parity_reports": reports})
            if found is None or _agrees(manifest.parity) > _agrees(found[1].parity):
                if found is not None:
                    shutil.rmtree(found[0].folder)
                found = candidate, manifest
            else:
                shutil.rmtree(candidate.folder)
            if manifest.parity.verified:
                break
        assert found is not None
        candidate, manifest = found
        level = "info" if manifest.parity.verified else "warning"
        self.stages.emit(Log(self.stages.job_id, f"{out.name}: {verdict(manifest)}.", level))
        self.stages.next()
        cancel, files = self.stages.cancel, graph_files(candidate.folder)
        aside(
            lambda: write_bundle(
                manifest, {TOKENIZER: self.parts.tokenizer, **files}, out, overwrite=self.overwrite, cancel=cancel
            ),
            cancel,
            self.stages.tell,
        )
        shutil.rmtree(candidate.folder)

    def _bundle(self, folder: Path, manifest: Manifest) -> Bundle:
        """The graphs in `folder` as a bundle, before it is known how well they agree."""

        def complete() -> Bundle:
            if manifest.labels:
                write_fixed(self.traced, manifest, folder, largest=self.largest)
            return self._working_bundle(folder, manifest)

        return aside(complete, self.stages.cancel, self.stages.tell)

    def _working_bundle(self, folder: Path, manifest: Manifest) -> Bundle:
        for name, content in with_manifest(manifest, {TOKENIZER: self.parts.tokenizer, **graph_files(folder)}).items():
            if isinstance(content, bytes):
                (folder / name).write_bytes(content)
        return Bundle.open(folder)

    def _feeds(self) -> Callable[[], dict[str, list[Feed]]] | None:
        """What ranges of int8 are measured on, where they are to be measured."""
        images = self.parts.calibration
        if images is None:
            return None

        def measured() -> dict[str, list[Feed]]:
            from engine.export.calibrated import feeds_of

            session = BundleSession(self._working_bundle(self.plain, self.manifest), "cpu")
            return feeds_of(session, images, self.questions)

        return measured


def strategy_name(tuned: TunedModel) -> str:
    """The name of the tuned model's strategy in the registry."""
    return next((name for name, found in STRATEGIES if found is type(tuned.config)), type(tuned.config).__name__)


def _known_of(tuned: TunedModel) -> dict[str, object]:
    """What the manifest says of the model and of how the graphs are made."""
    return {
        "text_depends_on_image": tuned.learner.needs_pooled,
        "text_depends_on_label": tuned.learner.text_per_label,
        "image_depends_on_label": tuned.learner.image_per_label,
        "learned_tokens": tuned.learner.learned_words(),
        "strategy": {"name": strategy_name(tuned), **tuned.config.model_dump(mode="json")},
        "opset": OPSET,
        "producer": f"tunevlseg {engine.__version__}",
    }


_SHARES: dict[Precision, float] = {"fp32": 4.0, "fp16": 8.0, "int8": 10.0}


def _plan(precisions: Sequence[Precision]) -> list[tuple[str, float]]:
    """Stages with their usual shares."""
    traced = [("Tracing the text graph", 6.0), ("Tracing the image graph", 9.0), ("Tracing the mask graph", 6.0)]
    stages = [*traced, ("Asking the tuned model", 3.0)]
    for precision in precisions:
        stages.append((f"Making and comparing the {precision} graphs", _SHARES[precision]))
        stages.append((f"Writing the {precision} bundle", 1.0))
    return stages


def _agrees(parity: Parity) -> tuple[bool, float]:
    return parity.verified, parity.dice or 0.0
