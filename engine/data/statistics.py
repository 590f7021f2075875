"""What a dataset is like, in numbers: sizes, spacings, intensities, areas of labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.data.findings import CaseFinding
from engine.data.labels import LabelTable
from engine.data.problem import Problem
from engine.data.split import SPLITS

_MOST_SIZES = 12
_EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Shares of an image, the limits of the histogram of areas: structures differ by orders of magnitude."""


SIZE_EDGES = tuple(10 ** (step / 4) for step in range(-20, 1))
"""Finer limits, four a decade from 0.00001 to 1, for a picture of the sizes in each split."""


def area(finding: CaseFinding, value: int) -> float:
    """A label's share of all voxels of a case."""
    voxels = float(np.prod(finding.shape_zyx))
    return finding.counts.get(value, 0) / voxels if voxels else 0.0


def statistics(findings: Sequence[CaseFinding], table: LabelTable) -> dict[str, Any]:
    """Plain values; of areas only those of cases that show the label. Shapes and spacings are z, y, x."""
    sizes = Counter(finding.shape_zyx for finding in findings)
    spacings = [finding.spacing_zyx for finding in findings if finding.spacing_zyx is not None]
    return {
        "sizes": [{"shape_zyx": list(shape), "cases": count} for shape, count in sizes.most_common(_MOST_SIZES)],
        "different_sizes": len(sizes),
        "spacing_zyx": _range(np.array(spacings)) if spacings else None,
        "intensity": _range(np.array([finding.values for finding in findings])) if findings else None,
        "area_edges": list(_EDGES),
        "size_edges": list(SIZE_EDGES),
        "areas": [_areas(findings, value, name) for value, name in zip(table.values, table.names, strict=True)],
    }


def _range(values: Any) -> dict[str, list[float]]:
    return {"lowest": values.min(axis=0).tolist(), "highest": values.max(axis=0).tolist()}


def _areas(findings: Sequence[CaseFinding], value: int, name: str) -> dict[str, Any]:
    known = [finding for finding in findings if finding.case.known is None or value in finding.case.known]
    shares = np.array([share for finding in known if (share := area(finding, value)) > 0])
    sizes = {split: _sizes(known, value, split) for split in SPLITS}
    row: dict[str, Any] = {"value": value, "name": name, "cases": len(shares), "known": len(known)}
    if not len(shares):
        none = {"lowest": None, "median": None, "highest": None}
        return {**row, **none, "histogram": [0] * (len(_EDGES) - 1), "sizes": sizes}
    counts, _ = np.histogram(shares, bins=_EDGES)
    return {
        **row,
        "lowest": float(shares.min()),
        "median": float(np.median(shares)),
        "highest": float(shares.max()),
        "histogram": counts.tolist(),
        "sizes": sizes,
    }


def _sizes(findings: Sequence[CaseFinding], value: int, split: str) -> list[int]:
    """Cases of a split by their share of a label, within SIZE_EDGES; smaller ones count as the smallest."""
    shares = [area(finding, value) for finding in findings if finding.slices.get(split)]
    counts, _ = np.histogram(np.maximum([share for share in shares if share > 0], SIZE_EDGES[0]), bins=SIZE_EDGES)
    return [int(count) for count in counts]


def told_sizes(findings: Sequence[CaseFinding]) -> list[Problem]:
    """A note where images differ in shape so much that squeezing them into one square treats them differently."""
    ratios = {finding.shape_zyx[2] / max(1, finding.shape_zyx[1]) for finding in findings if not finding.is_volume}
    if len(ratios) < 2 or max(ratios) < 1.5 * min(ratios):
        return []
    wide, tall = max(ratios), min(ratios)
    return [
        Problem(
            kind="shapes_differ",
            severity="note",
            message=f"Images differ in shape (width ÷ height from {tall:.2f} to {wide:.2f}); all are squeezed into the "
            "model's square.",
            fix="Nothing to do; crop them alike if a structure's shape matters.",
        )
    ]
