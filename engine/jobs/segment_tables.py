"""What is told of the masks of a scan in rows: for the summary, and as CSV and JSON beside the masks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.contract.whole_file import write_text
from engine.inference.answer import Answer
from engine.jobs.segment_names import ScanNames
from engine.volumes.measure import COLUMNS, Measurement


def entry(plan: ScanNames, answer: Answer, path: Path | None, measured: Measurement | None) -> dict[str, Any]:
    """One mask in the job's result."""
    made: dict[str, Any] = {
        "scan": str(plan.scan),
        "prompt": answer.asked,
        "phrase": answer.phrase,
        "label": answer.label.value if answer.label else None,
        "label_used": answer.label_used,
        "mask": None if path is None else str(path),
        "voxels": answer.voxels,
        "ml": answer.volume_ml,
        "found": answer.found,
        "highest": round(answer.highest, 4),
        "presence": answer.presence,  # not rounded: beside a cut it must say what the mask says
        "presence_cut": answer.presence_cut,
        "presence_calibrated": answer.calibrated,
    }
    return made if measured is None else {**made, "measurements": measured.to_dict()}


def write_tables(stem: Path, scan: str, masks: Sequence[dict[str, Any]]) -> None:
    """`stem`.csv, a row a phrase, and `stem`.json; raises DiskFull, InputError."""
    rows = [{"scan": scan, "prompt": mask["prompt"], **_columns(mask["measurements"])} for mask in masks]
    write_text(stem.with_name(stem.name + ".csv"), as_csv(("scan", "prompt", *COLUMNS), rows))
    listed = [{"prompt": mask["prompt"], **mask["measurements"]} for mask in masks]
    text = json.dumps({"scan": scan, "measurements": listed}, indent=2, ensure_ascii=False)
    write_text(stem.with_name(stem.name + ".json"), text + "\n")


def _columns(measured: dict[str, Any]) -> dict[str, Any]:
    return Measurement(**measured).columns()


def as_csv(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Text that spreadsheets read; a text that one of them would take for a formula gets an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(row.get(name)) for name in columns})
    return buffer.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
