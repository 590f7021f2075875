"""Every layout can be written as every layout that has a writer, and comes back with the same truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.jobs import Convert
from engine.data.config import DataConfig
from engine.data.findings import CaseFinding, DatasetReport
from engine.data.report import inspect
from engine.data.slices import open_case
from engine.data.writers import WRITERS
from engine.jobs.convert import run
from tests.fakes.drawn_layouts import LAYOUTS as EXAMPLES


def _inspected(folder: Path, **settings: Any) -> DatasetReport:
    config = DataConfig.model_validate({"folder": str(folder), **settings})
    return inspect(config, 12345, lambda event: None, CancelToken())


def _truth(finding: CaseFinding, report: DatasetReport) -> list[tuple[str, int]]:
    """Phrases and marked voxels of labels that are there: what writing must keep."""
    found = zip(report.table.phrases, report.table.values, strict=True)
    return sorted((phrase, finding.counts[value]) for phrase, value in found if finding.counts[value])


def _name(case_id: str) -> str:
    return case_id.replace("/", "_").replace(" ", "_").replace("(", "_").replace(")", "").strip("_")


@pytest.mark.parametrize("to", WRITERS.names())
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_truth_comes_back(name: str, to: str, tmp_path: Path) -> None:
    EXAMPLES[name](tmp_path / "in")
    first = _inspected(tmp_path / "in")
    if to == "nnunet" and any(len(open_case(found.case, first.folder).layers) > 1 for found in first.cases):
        with pytest.raises(InputError, match="lie over each other"):
            run(Convert(str(tmp_path / "in"), to, str(tmp_path / "out")), lambda event: None, CancelToken(), "j")
        return
    done = run(Convert(str(tmp_path / "in"), to, str(tmp_path / "out")), lambda event: None, CancelToken(), "j")
    second = _inspected(tmp_path / "out")
    assert (second.layout, done["cases"]) == (to, len(first.cases))
    assert not [problem for problem in second.problems if problem.severity == "error"]
    if first.has_volumes and to == "task_files":
        expected = sum(first.slice_count(split) for split in ("train", "val", "test"))
        assert len(second.cases) == expected
        assert {case.case.patient for case in second.cases} == {case.case.patient for case in first.cases}
        return
    sums = [sorted(_truth(finding, report) for finding in report.cases) for report in (first, second)]
    assert sums[0] == sums[1]
    splits = [{_name(item.case.case_id): item.split for item in report.cases} for report in (first, second)]
    assert {key.replace("__", "_") for key in splits[0]} == {key.replace("__", "_") for key in splits[1]}
    assert sorted(splits[0].values()) == sorted(splits[1].values())


def test_there_is_a_reader_for_every_writer() -> None:
    from engine.data.readers import LAYOUTS

    assert set(WRITERS.names()) <= set(LAYOUTS.names())
