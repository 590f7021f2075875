"""The slices of a split at model size, out of the cache; what it lacks is decoded into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.events import Log
from engine.data.cache.filling import Filling
from engine.data.cache.key import dataset_key, settings_key
from engine.data.cache.pack import RowFacts
from engine.data.cache.room import slices_folder
from engine.data.cache.row import RowLayout
from engine.data.cache.rows import StoredRows
from engine.data.decoding import decoded, decoded_slices, needs_regions, opened
from engine.data.findings import CaseFinding, DatasetReport
from engine.volumes.preprocess import Preprocess


@dataclass(frozen=True)
class StoredSlices:
    """Rows with the case and slice that each is of, and what the cache knows of it. `filling` lets go of them."""

    rows: StoredRows
    chosen: Sequence[tuple[CaseFinding, int]]
    facts: Sequence[RowFacts]
    filling: Filling


def stored_slices(
    report: DatasetReport,
    split: str,
    preprocess: Preprocess,
    emit: Emit,
    cancel: CancelToken,
    *,
    job_id: str,
    cache: Path | None = None,
    most_in_memory: int | None = None,
) -> StoredSlices:
    """The slices of `split` that the report chose, in its order. What is raised: `SliceDataset.build`."""
    # Findings that no inspection made have no hash yet.
    findings = [
        finding if finding.content else replace(finding, content=opened(finding, report).content())
        for finding in report.of_split(split)
    ]
    chosen = [(finding, index) for finding in findings for index in finding.slices[split]]
    layout = RowLayout(preprocess.size, len(report.table))
    filling = Filling(
        cache or slices_folder(),
        settings_key(preprocess, report.config.plane, report.table),
        layout.stride,
        {
            "dataset": dataset_key(report.folder),
            "size": preprocess.size,
            "labels": len(report.table),
            "plane": report.config.plane,
        },
        lambda message: emit(Log(job_id, message, "warning")),
    )
    try:
        filling.find({(finding.content, index) for finding, index in chosen}, with_regions=needs_regions(report))
        lacking = _lacking(filling, findings, split)
        ticker = Ticker(emit, job_id, len(findings), "cases", f"preparing {split}")
        cancel.check()
        ticker.step(len(findings) - len(lacking))
        filling.prepare(sum(map(len, lacking.values())), most_in_memory)
        for slices in decoded(lacking, findings, report, preprocess):
            for one in slices:
                cancel.check()
                areas = tuple(np.count_nonzero(one.masks, axis=(1, 2)).tolist())
                facts = RowFacts(one.content, one.index, one.shape, areas, one.regions)
                filling.add(layout.packed(one.image, one.masks, one.void), facts)
            ticker.step()
        filling.finish()
    except BaseException:
        filling.give_up()
        raise
    places = [filling.places[finding.content, index] for finding, index in chosen]

    def mend(position: int) -> NDArray[np.uint8]:
        finding, index = chosen[position]
        (anew,) = decoded_slices(finding, [index], report, preprocess)
        return layout.packed(anew.image, anew.masks, anew.void)

    facts_of = [pack.facts[number] for pack, number in places]
    return StoredSlices(StoredRows(layout, places, mend), chosen, facts_of, filling)


def _lacking(filling: Filling, findings: Sequence[CaseFinding], split: str) -> dict[int, list[int]]:
    """Place among the findings → slices to decode; of copies of one case only the first."""
    lacking: dict[int, list[int]] = {}
    asked = set(filling.places)
    for place, finding in enumerate(findings):
        for index in finding.slices[split]:
            if (finding.content, index) not in asked:
                asked.add((finding.content, index))
                lacking.setdefault(place, []).append(index)
    return lacking
