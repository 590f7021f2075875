"""The scans of one question, one after the other: what is done already, what fails, what is summed up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, InputError, OutOfMemory
from engine.contract.events import Log
from engine.inference.cache import SegmentCache, scan_key
from engine.inference.encoding_files import EncodingFiles, encodings_folder
from engine.inference.level_store import LevelStore
from engine.inference.segment import segment
from engine.inference.session import BundleSession
from engine.jobs.receipts import AskedMask, Kind, content_of, is_done, receipt_of
from engine.jobs.segment_account import Account, ScanOutcome, failed_outcome, named
from engine.jobs.segment_names import ScanNames, already_there, refuse_existing
from engine.jobs.segment_question import Question
from engine.jobs.segment_summary import BatchProgress
from engine.volumes.volume import Volume


class Batch:
    """The scans of a job one after the other; one that cannot be segmented does not cost the others."""

    def __init__(
        self,
        question: Question,
        session: BundleSession,
        cache: SegmentCache,
        cancel: CancelToken,
        job_id: str,
        progress: BatchProgress,
    ) -> None:
        self.job, self.writer, self.plane = question.job, question.writer, question.plane
        self.refinement = question.refinement
        self.session, self.cache = session, cache
        self.cancel, self.job_id, self.progress = cancel, job_id, progress

    def go(self, account: Account, emit: Emit, *, several: bool) -> None:
        """Raises what the scan raises where it is the only one, or all of them did."""
        plans = account.plans
        try:
            for place, plan in enumerate(plans):
                self.cancel.check()
                if len(plans) == 1:
                    account.add(place, self.one(plan))
                else:
                    account.add(place, *self.tried(plan, emit))
        finally:
            # Also after a cancel: what is done is whole, and the next call goes on from there.
            if several and self.job.save and account.reached:
                account.summarise()
        account.raise_if_all_failed()

    def tried(self, plan: ScanNames, emit: Emit) -> tuple[ScanOutcome, EngineError | None]:
        """One scan of several: what is wrong with it is told, and does not cost the others."""
        try:
            outcome, problem = self.one(plan), None
        except (InputError, OutOfMemory) as error:
            emit(Log(self.job_id, str(error), "error"))
            outcome, problem = failed_outcome(plan, error), error
        self.progress.finished(worked=outcome.worked)
        return outcome, problem

    def one(self, plan: ScanNames) -> ScanOutcome:
        """Segments one scan and writes its files, as far as they are not there."""
        emit, job = self.progress, self.job
        if job.save and not job.overwrite:
            refuse_existing(plan)
        volume = self.cache.scan(plan.scan, plan.series)
        self.writer.check(plan, volume)
        scan_sum = content_of(volume) if job.save else ""
        done = self._done(plan, volume, scan_sum) if job.save and not job.overwrite else frozenset()
        if done and len(done) == len(plan.mask_files) and all(path.exists() for path in plan.tables):
            emit(Log(self.job_id, f"{plan.shown}: done before, as the receipts of its masks say."))
            return self._was_done(plan, volume)
        self.cancel.check()
        for note in volume.notes:
            emit(Log(self.job_id, f"{plan.shown}: {note}"))
        key = (self.session.bundle.sha256, self.session.device, *scan_key(plan.scan, plan.series))
        levels = LevelStore(self.writer.probability_files(plan))
        try:
            found = segment(
                volume,
                self.session,
                self.writer.prompts,
                self.plane,
                job.threshold,
                emit,
                self.cancel,
                self.job_id,
                store=self.cache.encodings,
                key=key,
                label=job.label,
                skip_air=job.skip_air,
                levels=levels,
                encodings=EncodingFiles(encodings_folder()) if job.keep_encodings else None,
                refinement=self.refinement,
                only=(job.slices[0], job.slices[1]) if job.slices else None,
                presence=job.presence,
            )
        except BaseException:
            levels.drop()
            raise
        if found.note:
            emit(Log(self.job_id, f"{plan.shown}: {found.note}"))
        if found.air:
            emit(Log(self.job_id, f"{plan.shown}: {found.air} of {found.slices} slices show air only: not asked."))
        made = self.writer.write(plan, found, volume, scan_sum, done, emit, self.cancel, self.job_id)
        return ScanOutcome(made, [{**mask, **named(plan), "state": "done"} for mask in made["masks"]])

    def _done(self, plan: ScanNames, volume: Volume, scan_sum: str) -> frozenset[Path]:
        """Files of the plan that are there as they would be written; raises InputError for others that are there."""
        done: set[Path] = set()
        for index, path in enumerate(plan.masks):
            if path is not None and path.exists():
                self._keep(path, "mask", index, volume, scan_sum, done)
        if plan.combined is not None and plan.combined.exists():
            kind: Kind = "segments" if plan.as_segments else "labels"
            self._keep(plan.combined, kind, 0, volume, scan_sum, done)
        if not done:
            for path in plan.tables:
                if path.exists():
                    raise already_there(path)
        return frozenset(done)

    def _keep(self, path: Path, kind: Kind, index: int, volume: Volume, scan_sum: str, done: set[Path]) -> None:
        self.cancel.check()
        if not is_done(path, self.writer.wanted(path, kind, index, volume, scan_sum), volume):
            raise InputError(
                f"{path} already exists, and its receipt says that it is of another scan, bundle or question, "
                "or it was changed since.",
                hint="Choose another name, or add --overwrite.",
                field="out",
            )
        done.add(path)

    def _was_done(self, plan: ScanNames, volume: Volume) -> ScanOutcome:
        """What the receipts and the table of measurements of an earlier call say goes into the result."""
        known: dict[str, tuple[AskedMask, Path]] = {}
        for path in plan.mask_files:
            receipt = receipt_of(path)
            for asked in receipt.masks if receipt is not None else ():
                known.setdefault(asked.prompt, (asked, path))
        measured = _measured(plan)
        voxel_ml = None if volume.geometry is None else volume.geometry.voxel_ml
        masks = []
        for asked, path in known.values():
            entry = {
                "scan": str(plan.scan),
                "prompt": asked.prompt,
                "phrase": asked.phrase,
                "label": asked.label,
                "label_used": asked.label_used,
                "mask": str(path),
                "voxels": asked.voxels,
                "ml": None if voxel_ml is None else asked.voxels * voxel_ml,
                "found": asked.voxels > 0,
                "highest": asked.highest,
                "presence": asked.presence,
                "presence_cut": asked.presence_cut,
                "presence_calibrated": asked.presence_calibrated,
                "was_done": True,
                **({"measurements": measured[asked.prompt]} if asked.prompt in measured else {}),
            }
            masks.append(entry)
        skipped = {"scan": str(plan.scan), "masks": [str(path) for path in plan.mask_files]}
        rows = [{**entry, **named(plan), "state": "was done"} for entry in masks]
        return ScanOutcome({"masks": masks, "skipped": [skipped]}, rows, worked=False)


def _measured(plan: ScanNames) -> dict[str, Any]:
    """The measurements that an earlier call wrote, by phrase; none where the file is not as it was."""
    if plan.measurements is None:
        return {}
    try:
        known = json.loads(plan.measurements.with_name(plan.measurements.name + ".json").read_text(encoding="utf-8"))
        return {entry.pop("prompt"): entry for entry in known["measurements"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
