"""What became of each scan of a job, whoever segmented it, in the order of the scans: the job's result, the summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.contract.errors import EngineError
from engine.contract.jobs import Segment
from engine.inference.axis import Axis
from engine.jobs.segment_names import ScanNames
from engine.jobs.segment_summary import write_summary
from engine.jobs.segment_writing import Writer

LISTS: Final = ("masks", "combined", "probabilities", "failed", "skipped")


@dataclass
class ScanOutcome:
    """One scan: what goes into each of the result's lists, rows of the summary; `worked` False: it took no time worth
    an estimate. Plain values, so that it can come from another process."""

    made: dict[str, list[Any]]
    rows: list[dict[str, Any]]
    worked: bool = True


@dataclass
class Account:
    """The scans of a job, as far as they are done; one that could not be segmented does not cost the others."""

    job: Segment
    writer: Writer
    plane: Axis
    plans: Sequence[ScanNames]
    summary: list[str] = field(default_factory=list)
    _outcomes: dict[int, ScanOutcome] = field(default_factory=dict)
    _problems: dict[int, EngineError] = field(default_factory=dict)

    def add(self, place: int, outcome: ScanOutcome, problem: EngineError | None = None) -> None:
        """`place` among the plans; `problem`: why the scan failed."""
        self._outcomes[place] = outcome
        if problem is not None:
            self._problems[place] = problem

    @property
    def reached(self) -> int:
        """How many scans are over."""
        return len(self._outcomes)

    def result(self) -> dict[str, Any]:
        """The job's lists, and `summary` (its files)."""
        found: dict[str, Any] = {name: [] for name in LISTS}
        for _, outcome in sorted(self._outcomes.items()):
            for name, entries in outcome.made.items():
                found[name] += entries
        return {**found, "summary": self.summary}

    def raise_if_all_failed(self) -> None:
        """Raises the first scan's problem where every scan has one."""
        if self._problems and len(self._problems) == len(self.plans):
            raise self._problems[min(self._problems)]

    def summarise(self) -> None:
        """Writes the summary of all scans, also those that were not reached. Raises DiskFull, InputError."""
        rows: list[dict[str, Any]] = []
        for place, plan in enumerate(self.plans):
            known = self._outcomes.get(place)
            rows += known.rows if known is not None else [{**named(plan), "state": "not reached"}]
        bundle = self.writer.bundle
        facts = {
            "notice": "For research use only. Not a medical device; not for diagnosis or treatment.",
            "bundle": {"name": bundle.name, "sha256": bundle.sha256},
            "plane": self.plane,
            "prompts": list(self.writer.prompts),
        }
        self.summary = write_summary(Path(self.job.out), rows, facts)


def failed_outcome(plan: ScanNames, error: EngineError) -> ScanOutcome:
    """A scan that could not be segmented."""
    failed = {"scan": str(plan.scan), "message": error.message, "hint": error.hint}
    # The folder of a DICOM series may be called after the patient.
    told = str(error).replace(str(plan.scan), plan.shown)
    return ScanOutcome({"failed": [failed]}, [{**named(plan), "state": "failed", "message": told}], worked=False)


def named(plan: ScanNames) -> dict[str, Any]:
    """How the summary calls a scan."""
    return {"scan": plan.shown, "series": plan.series}
