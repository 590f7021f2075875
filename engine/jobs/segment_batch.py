"""The scans of one question, one after the other: what is done already, what fails, what is summed up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, InputError, OutOfMemory
from engine.contract.events import Log
from engine.contract.jobs import Segment
from engine.inference.axis import Axis
from engine.inference.cache import SegmentCache, scan_key
from engine.inference.encoding_files import EncodingFiles, encodings_folder
from engine.inference.level_store import LevelStore
from engine.inference.refine import Refinement
from engine.inference.segment import segment
from engine.inference.session import BundleSession
from engine.jobs.receipts import AskedMask, Kind, content_of, is_done, receipt_of
from engine.jobs.segment_names import ScanNames, already_there, refuse_existing
from engine.jobs.segment_summary import BatchProgress, write_summary
from engine.jobs.segment_writing import Writer
from engine.volumes.volume import Volume


class Batch:
    """The scans of a job one after the other; one that cannot be segmented does not cost the others."""

    def __init__(
        self,
        job: Segment,
        writer: Writer,
        session: BundleSession,
        cache: SegmentCache,
        plane: Axis,
        refinement: Refinement,
        cancel: CancelToken,
        job_id: str,
        progress: BatchProgress,
    ) -> None:
        self.job, self.writer, self.session, self.cache = job, writer, session, cache
        self.plane, self.cancel, self.job_id, self.progress = plane, cancel, job_id, progress
        self.refinement = refinement
        self.result: dict[str, Any] = {
            name: [] for name in ("masks", "combined", "probabilities", "failed", "skipped", "summary")
        }
        self.rows: list[dict[str, Any]] = []

    def go(self, plans: Sequence[ScanNames], emit: Emit, *, several: bool) -> None:
        """Raises what the scan raises where it is the only one, or all of them did."""
        problems: list[EngineError] = []
        reached = 0
        try:
            for plan in plans:
                self.cancel.check()
                try:
                    worked = self._one(plan)
                except Cancelled:
                    raise
                except (InputError, OutOfMemory) as error:
                    if len(plans) == 1:
                        raise
                    problems.append(error)
                    self._failed(plan, error, emit)
                    worked = False
                reached += 1
                self.progress.finished(worked=worked)
        finally:
            # Also after a cancel: what is done is whole, and the next call goes on from there.
            if several and self.job.save and (self.rows or reached):
                self._summarise(plans[reached:])
        if problems and len(problems) == len(plans):
            raise problems[0]

    def _one(self, plan: ScanNames) -> bool:
        """Segments one scan and writes its files; False where they were there."""
        emit, job = self.progress, self.job
        if job.save and not job.overwrite:
            refuse_existing(plan)
        volume = self.cache.scan(plan.scan, plan.series)
        self.writer.check(plan, volume)
        scan_sum = content_of(volume) if job.save else ""
        done = self._done(plan, volume, scan_sum) if job.save and not job.overwrite else frozenset()
        if done and len(done) == len(plan.mask_files) and all(path.exists() for path in plan.tables):
            self._was_done(plan, volume)
            emit(Log(self.job_id, f"{plan.shown}: done before, as the receipts of its masks say."))
            return False
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
        for name, entries in made.items():
            self.result[name] += entries
        self.rows += [{**mask, **_named(plan), "state": "done"} for mask in made["masks"]]
        return True

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

    def _was_done(self, plan: ScanNames, volume: Volume) -> None:
        """What the receipts and the table of measurements of an earlier call say goes into the result."""
        known: dict[str, tuple[AskedMask, Path]] = {}
        for path in plan.mask_files:
            receipt = receipt_of(path)
            for asked in receipt.masks if receipt is not None else ():
                known.setdefault(asked.prompt, (asked, path))
        measured = _measured(plan)
        voxel_ml = None if volume.geometry is None else volume.geometry.voxel_ml
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
            self.result["masks"].append(entry)
            self.rows.append({**entry, **_named(plan), "state": "was done"})
        self.result["skipped"].append({"scan": str(plan.scan), "masks": [str(path) for path in plan.mask_files]})

    def _failed(self, plan: ScanNames, error: EngineError, emit: Emit) -> None:
        failed = {"scan": str(plan.scan), "message": error.message, "hint": error.hint}
        self.result["failed"].append(failed)
        # The folder of a DICOM series may be called after the patient.
        told = str(error).replace(str(plan.scan), plan.shown)
        self.rows.append({**_named(plan), "state": "failed", "message": told})
        emit(Log(self.job_id, str(error), "error"))

    def _summarise(self, left: Sequence[ScanNames]) -> None:
        rows = self.rows + [{**_named(plan), "state": "not reached"} for plan in left]
        bundle = self.writer.bundle
        facts = {
            "notice": "For research use only. Not a medical device; not for diagnosis or treatment.",
            "bundle": {"name": bundle.name, "sha256": bundle.sha256},
            "plane": self.plane,
            "prompts": list(self.writer.prompts),
        }
        self.result["summary"] = write_summary(Path(self.job.out), rows, facts)


def _named(plan: ScanNames) -> dict[str, Any]:
    return {"scan": plan.shown, "series": plan.series}


def _measured(plan: ScanNames) -> dict[str, Any]:
    """The measurements that an earlier call wrote, by phrase; none where the file is not as it was."""
    if plan.measurements is None:
        return {}
    try:
        known = json.loads(plan.measurements.with_name(plan.measurements.name + ".json").read_text(encoding="utf-8"))
        return {entry.pop("prompt"): entry for entry in known["measurements"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
