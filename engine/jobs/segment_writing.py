"""The answers to one scan → its files: masks, one with all labels, segments, measurements; each with its receipt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import OutOfRange
from engine.contract.events import Log
from engine.contract.jobs import Segment
from engine.contract.whole_file import write_text
from engine.inference.answer import Answer, Segmentation
from engine.jobs.receipts import Kind, Wanted, make_receipt, saved_as, settings_of
from engine.jobs.segment_flat import FIRST, LIKELIER, combine, label_values
from engine.jobs.segment_names import ScanNames, unique
from engine.jobs.segment_names import slug as slug_of
from engine.jobs.segment_tables import entry, write_tables
from engine.volumes.measure import measure
from engine.volumes.segments import COLOURS, NamedMask, Saving
from engine.volumes.terminology import Term, parse_term, term_of
from engine.volumes.volume import Volume
from engine.volumes.writing import check_segments, check_target, write_mask, write_segments

_HEX = "0123456789abcdefABCDEF"


@dataclass(frozen=True)
class Writer:
    """Writes what a job asks for; one for all of its scans. `terms` and `colours` are those that the user chose."""

    job: Segment
    bundle: Bundle
    prompts: tuple[str, ...]
    plane: str
    terms: dict[str, Term]
    colours: dict[str, str]

    @classmethod
    def of(cls, job: Segment, bundle: Bundle, prompts: Sequence[str], plane: str) -> Writer:
        """Raises OutOfRange for a code or colour that is none."""
        codes, colours = (
            {" ".join(name.split()): text for name, text in given.items()} for given in (job.codes, job.colours)
        )
        terms = {prompt: parse_term(text) for prompt, text in codes.items()}
        for field, given in (("codes", codes), ("colours", colours)):
            for prompt in given:
                if prompt not in prompts:
                    raise OutOfRange(
                        f"{field}: {prompt!r} is not asked.", hint=f"The phrases: {', '.join(prompts)}.", field=field
                    )
        for prompt, colour in colours.items():
            if len(colour) != 7 or colour[0] != "#" or any(letter not in _HEX for letter in colour[1:]):
                raise OutOfRange(
                    f"colours: {colour!r} of {prompt!r} is no colour.", hint="Give #rrggbb.", field="colours"
                )
        if job.identity not in ("", "keep", "deidentify"):
            raise OutOfRange(
                f"identity: {job.identity!r} is not known.", hint="Choose keep or deidentify.", field="identity"
            )
        return cls(job, bundle, tuple(prompts), plane, terms, colours)

    def check(self, plan: ScanNames, volume: Volume) -> None:
        """Raises InputError where a file of the plan cannot hold its masks; long before they are there."""
        for path in plan.masks:
            if path is not None:
                check_target(path, volume)
        if plan.combined is not None and plan.as_segments:
            check_segments(plan.combined, volume, self._saving(""))
        elif plan.combined is not None:
            check_target(plan.combined, volume)

    def wanted(self, path: Path, kind: Kind, index: int, volume: Volume, scan_sum: str) -> Wanted:
        """What a file must be to count as done; `index`: of which prompt, for kind "mask"."""
        job, manifest = self.job, self.bundle.manifest
        threshold = manifest.threshold if job.threshold is None else job.threshold
        values = label_values(manifest, self.prompts)
        masks = tuple((prompt, threshold, value) for prompt, value in zip(self.prompts, values, strict=True))
        return Wanted(
            self.bundle.sha256,
            scan_sum,
            volume.shape_zyx,
            self.plane,
            job.label,
            settings_of(job),
            FIRST if job.priority or job.overlap == FIRST else LIKELIER,
            tuple(job.priority),
            saved_as(job, path),
            masks if kind != "mask" else ((self.prompts[index], threshold, 1),),
        )

    def probability_files(self, plan: ScanNames) -> list[Path] | None:
        """Where the levels of each phrase go while they are made, in the order of the phrases; None: nowhere."""
        if not self.job.probabilities:
            return None
        slugs = unique([slug_of(prompt) for prompt in self.prompts])
        return [Path(self.job.probabilities) / f"{plan.stem}_{slug}.npy" for slug in slugs]

    def write(
        self,
        plan: ScanNames,
        found: Segmentation,
        volume: Volume,
        scan_sum: str,
        done: frozenset[Path],
        emit: Emit,
        cancel: CancelToken,
        job_id: str,
    ) -> dict[str, Any]:
        """All files of one scan that are not `done`; gives `masks`, `combined` and `probabilities` of the result.

        Reads `cancel` before each file.
        """
        result: dict[str, Any] = {"masks": [], "combined": [], "probabilities": []}

        def receipt(answers: Sequence[Answer], values: Sequence[int], kind: Kind, labels: Any = None) -> str:
            saved = saved_as(self.job, plan.combined) if kind == "segments" else ""
            made = make_receipt(
                self.job,
                self.bundle,
                volume,
                scan_sum,
                self.plane,
                found.provider,
                answers,
                values,
                kind,
                labels,
                saved,
            )
            return made.text()

        measured = [measure(answer.mask, volume) if self.job.measure else None for answer in found.answers]
        for answer, path, numbers in zip(found.answers, plan.masks, measured, strict=True):
            cancel.check()
            if path is not None and path not in done:
                # A picture of ones looks black in every viewer; 0 and 255 are read as one label again.
                labels = answer.mask.astype(np.uint8) * (255 if volume.is_picture else 1)
                write_mask(labels, path, volume, receipt([answer], [1], "mask"))
            shown = plan.combined if plan.as_segments else path
            result["masks"].append(entry(plan, answer, shown, numbers))
            _tell(plan, answer, emit, job_id)
        cancel.check()
        if plan.combined is not None:
            values = label_values(self.bundle.manifest, self.prompts)
            if plan.as_segments:
                if plan.combined not in done:
                    text = receipt(found.answers, values, "segments")
                    self._write_segments(plan, plan.combined, found.answers, values, volume, text, emit, job_id)
                result["combined"].append(_layers(plan, found.answers))
            else:
                result["combined"].append(self._write_flat(plan, found.answers, values, volume, receipt, done))
            _tell_overlap(plan, result["combined"][-1], emit, job_id)
        if plan.measurements is not None:
            write_tables(plan.measurements, plan.shown, result["masks"])
        if self.job.probabilities:
            result["probabilities"] = [
                {"scan": str(plan.scan), "prompt": answer.asked, "path": str(path)}
                for answer, path in zip(found.answers, self.probability_files(plan) or (), strict=True)
            ]
        return result

    def _write_flat(
        self,
        plan: ScanNames,
        answers: Sequence[Answer],
        values: Sequence[int],
        volume: Volume,
        receipt: Any,
        done: frozenset[Path],
    ) -> dict[str, Any]:
        assert plan.combined is not None
        assert plan.legend is not None
        labels, legend = combine(answers, values, self.job.overlap, self.job.priority)
        if plan.combined not in done:
            write_mask(labels, plan.combined, volume, receipt(answers, values, "labels", labels))
        write_text(plan.legend, json.dumps({"scan": plan.shown, **legend}, indent=2, ensure_ascii=False) + "\n")
        return {
            "scan": str(plan.scan),
            "mask": str(plan.combined),
            "legend": str(plan.legend),
            "overlapping_voxels": legend["overlapping_voxels"],
            "overlap": legend["overlap"]["rule"],
        }

    def _write_segments(
        self,
        plan: ScanNames,
        path: Path,
        answers: Sequence[Answer],
        values: Sequence[int],
        volume: Volume,
        receipt: str,
        emit: Emit,
        job_id: str,
    ) -> None:
        named = []
        for place, (answer, value) in enumerate(zip(answers, values, strict=True)):
            label = answer.label
            term = self.terms.get(answer.asked) or term_of(answer.phrase, label.snomed if label else None)
            colour = self.colours.get(answer.asked) or (label.colour if label else COLOURS[place % len(COLOURS)])
            named.append(NamedMask(answer.asked, value, answer.mask, colour, term, answer.levels))
            emit(Log(job_id, f"{plan.shown}: {answer.asked!r} is coded as {term.type}."))
        if path.suffix.lower() == ".dcm":
            self._tell_dicom(plan, volume, emit, job_id)
        write_segments(named, path, volume, self._saving(receipt, answers))

    def _tell_dicom(self, plan: ScanNames, volume: Volume, emit: Emit, job_id: str) -> None:
        if self.job.fractional:
            emit(
                Log(job_id, f"{plan.shown}: the probabilities are stored as the model gave them, before any cleaning.")
            )
        # pydicom takes a while to import: only where it is needed.
        from engine.volumes.dicom.seg_source import identity_in
        from engine.volumes.dicom.seg_writing import LONGEST_LABEL, label_of

        if self.job.identity == "keep":
            held = ", ".join(identity_in(volume)) or "none"
            emit(
                Log(job_id, f"{plan.shown}: the DICOM SEG carries patient and study of its series: {held}.", "warning")
            )
        else:
            emit(Log(job_id, f"{plan.shown}: the DICOM SEG has a pseudonym, no dates and other UIDs: it lies over a "
                             "series that was given the same UIDs, not over the original."))  # fmt: skip
        for prompt in self.prompts:
            if label_of(prompt) != prompt:
                emit(Log(job_id, f"A DICOM label has {LONGEST_LABEL} letters and no backslash: {prompt[:200]!r} is "
                                 f"called {label_of(prompt)!r}.", "warning"))  # fmt: skip

    def _saving(self, receipt: str, answers: Sequence[Answer] = ()) -> Saving:
        identity = self.job.identity
        return Saving(
            receipt=receipt,
            program=f"TuneVLSeg {self.bundle.name}",
            version=f"{engine.__version__} {self.bundle.sha256[:12]}",
            identity="keep" if identity == "keep" else "deidentify" if identity else "",
            fractional=self.job.fractional,
            about={answer.asked: f"Asked as {answer.phrase!r}, threshold {answer.threshold:g}." for answer in answers},
        )


def _layers(plan: ScanNames, answers: Sequence[Answer]) -> dict[str, Any]:
    """Segments overlap as they do: nothing is decided, and it is told how many voxels have several."""
    several = 0
    for planes in zip(*(answer.mask_planes() for answer in answers), strict=True):
        several += int(np.count_nonzero(np.sum(planes, axis=0, dtype=np.uint16) > 1))
    return {
        "scan": str(plan.scan),
        "mask": str(plan.combined),
        "legend": None,
        "overlapping_voxels": several,
        "overlap": "layers",
    }


def _tell_overlap(plan: ScanNames, combined: dict[str, Any], emit: Emit, job_id: str) -> None:
    overlap = combined["overlapping_voxels"]
    if not overlap:
        return
    kept = {
        LIKELIER: "the likelier one has them",
        FIRST: "the one that comes first has them",
        "layers": "the file keeps them for each",
    }[combined["overlap"]]
    emit(Log(job_id, f"{plan.shown}: {overlap:,} voxels belong to several phrases; {kept}."))


def _tell(plan: ScanNames, answer: Answer, emit: Emit, job_id: str) -> None:
    if answer.cut:
        emit(Log(job_id, f"The phrase {answer.phrase!r} is too long; not read: {answer.cut}.", "warning"))
    if not answer.found:
        emit(
            Log(
                job_id,
                f"{plan.shown}: {answer.asked!r} was not found ({_why_not(answer)}).",
                "warning",
            )
        )


def _why_not(answer: Answer) -> str:
    if answer.presence < answer.presence_cut:
        hidden = "" if answer.highest < answer.threshold else "; --presence 0 shows what there is"
        return f"presence score {answer.presence:.2f}, needed {answer.presence_cut:.2f}{hidden}"
    if answer.highest < answer.threshold:
        return f"highest probability {answer.highest:.2f}, threshold {answer.threshold:.2f}"
    return "nothing was left by the cleaning"
