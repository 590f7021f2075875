"""What inspecting a dataset finds: cases, labels, splits and problems, and the same as plain values for the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import DatasetIncomplete
from engine.data.config import DataConfig, LabelConfig
from engine.data.grey_levels import Intensity, preprocess_for
from engine.data.labels import LabelTable
from engine.data.problem import Problem
from engine.data.readers.base import Case
from engine.data.slices import relative_to
from engine.data.split import SPLITS
from engine.volumes.preprocess import Preprocess


@dataclass(frozen=True)
class CaseFinding:
    """A usable case. `slices` maps a split to the slices that it takes (a lone volume may serve several)."""

    case: Case
    shape_zyx: tuple[int, int, int]
    is_volume: bool
    stack_length: int
    counts: Mapping[int, int]  # label value → voxels, for the labels of the table
    slices: Mapping[str, tuple[int, ...]]
    labels_in: Mapping[str, frozenset[int]]  # split → values of the labels marked in its slices
    has_void: bool = False  # some voxels' truth is unknown
    spacing_zyx: tuple[float, float, float] | None = None  # millimetres; None for a picture
    values: tuple[float, float] = (0.0, 0.0)  # lowest and highest of the scan
    unit: str = ""  # cases with the same stay in one split: a patient's, and those that show the same
    chosen: int = 0  # slices that it gives to learn or validate from, in whatever split it is
    content: str = ""  # a hash of all that its slices are made of; "" where nobody has looked

    def present(self, table: LabelTable) -> NDArray[np.bool_]:
        """Which labels' truth the case tells, [L] in the order of the table."""
        known = self.case.known
        return np.array([known is None or value in known for value in table.values], dtype=np.bool_)

    @property
    def split(self) -> str:
        return ", ".join(split for split in SPLITS if self.slices.get(split))


@dataclass(frozen=True)
class DatasetReport:
    """Everything known about a dataset after every file was opened."""

    folder: Path
    config: DataConfig
    seed: int
    name: str
    layout: str
    layout_title: str
    details: str
    synthetic: bool
    table: LabelTable
    intensity: Intensity
    cases: tuple[CaseFinding, ...]
    problems: tuple[Problem, ...]
    splits_from: str = ""  # who gave the splits; "": ours, by seed
    statistics: Mapping[str, Any] = field(default_factory=dict)
    phrases_found: Mapping[int, str] = field(default_factory=dict)  # label value → phrase that came with the dataset

    @property
    def prompts(self) -> tuple[str, ...]:
        """Names of the prompts that cases bring, p0 first."""
        names = {name for item in self.cases for _, prompts in item.case.prompts for name, _ in prompts}
        return tuple(sorted(names, key=lambda name: int(name[1:])))

    @property
    def labels(self) -> tuple[LabelConfig, ...]:
        return self.table.labels

    @property
    def usable(self) -> bool:
        """Some case can be learnt from, and some label is marked in a mask."""
        return bool(self.cases) and any(any(finding.counts.values()) for finding in self.cases)

    @property
    def has_volumes(self) -> bool:
        return any(finding.is_volume for finding in self.cases)

    def of_split(self, split: str) -> tuple[CaseFinding, ...]:
        return tuple(finding for finding in self.cases if finding.slices.get(split))

    def slice_count(self, split: str) -> int:
        return sum(len(finding.slices.get(split, ())) for finding in self.cases)

    def require_usable(self) -> None:
        """Raises DatasetIncomplete, with the first problems, where nothing is usable."""
        if not self.usable:
            errors = [problem for problem in self.problems if problem.severity == "error"] or list(self.problems)
            shown = " ".join(
                f"{problem.path + ': ' if problem.path else ''}{problem.message}" for problem in errors[:3]
            )
            more = f" And {len(errors) - 3} more problems." if len(errors) > 3 else ""
            fix = errors[0].fix if errors else "Choose a folder with images/ and masks/."
            raise DatasetIncomplete(
                f"Nothing in {self.folder.name or self.folder} is usable. {shown}{more}", hint=fix, field="data.folder"
            )

    def require_split(self, *splits: str) -> None:
        """Raises DatasetIncomplete where one of `splits` has no slices."""
        self.require_usable()
        for split in splits:
            if not self.slice_count(split):
                raise DatasetIncomplete(
                    f"{self.folder.name} has no cases for {split}: {len(self.cases)} usable in all.",
                    hint="Add images with masks, or change data.split; `tunevlseg data inspect` lists problems.",
                    field="data.split",
                )

    def preprocess(self, base: Preprocess) -> Preprocess:
        """`base` (a model's size, mean, standard deviation, filter) with the grey levels that suit this dataset."""
        return preprocess_for(base, self.intensity)

    def to_dict(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "name": self.name,
            "layout": self.layout,
            "layout_title": self.layout_title,
            "details": self.details,
            "synthetic": self.synthetic,
            "usable": self.usable,
            "kind": self._kind(),
            "seed": self.seed,
            "splits_from": self.splits_from,
            "labels": [self._label_row(label) for label in self.labels],
            "label_kind": self.table.kind,
            "splits": {split: self._split_row(split) for split in SPLITS},
            "cases": [self._case_row(finding) for finding in self.cases],
            "problems": [problem.to_dict() for problem in self.problems],
            "statistics": dict(self.statistics),
            "grey_levels": _plain(self.intensity),
            "prompts": list(self.prompts),
            "problem_counts": dict(Counter(problem.severity for problem in self.problems)),
        }

    def _kind(self) -> str:
        kinds = {finding.is_volume for finding in self.cases}
        return "mixed" if len(kinds) == 2 else "volumes" if kinds == {True} else "pictures"

    def _label_row(self, label: LabelConfig) -> dict[str, Any]:
        found = [finding.counts.get(label.value, 0) for finding in self.cases]
        return {**label.model_dump(mode="json"), "cases": sum(count > 0 for count in found), "voxels": sum(found)}

    def _split_row(self, split: str) -> dict[str, int]:
        findings = self.of_split(split)
        return {
            "cases": len(findings),
            "patients": len({finding.case.patient for finding in findings}),
            "slices": self.slice_count(split),
        }

    def _case_row(self, finding: CaseFinding) -> dict[str, Any]:
        return {
            "case_id": finding.case.case_id,
            "patient": finding.case.patient,
            "unit": finding.unit,
            "image": relative_to(finding.case.image, self.folder),
            "masks": [relative_to(mask.path, self.folder) for mask in finding.case.masks],
            "split": finding.split,
            "shape_zyx": list(finding.shape_zyx),
            "slices": sum(len(indices) for indices in finding.slices.values()),
            "chosen": finding.chosen,
            "stack": finding.stack_length,
            "spacing_zyx": None if finding.spacing_zyx is None else list(finding.spacing_zyx),
            "intensity": list(finding.values),
            "voxels": {str(value): count for value, count in finding.counts.items()},
            "labels": [value for value, count in finding.counts.items() if count],
        }


def _plain(intensity: Intensity) -> dict[str, Any]:
    """With `limits` of the window (None: there is none), the values shown black and white."""
    window = intensity.get("window")
    limits = None if window is None else list(window.limits)
    return {**intensity, "window": None if window is None else window.model_dump(), "limits": limits}
