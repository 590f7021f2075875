"""Tables of labels of other programs: ITK-SNAP's label descriptions, 3D Slicer's colour tables (.ctbl, .csv).

Only values, names, colours and SNOMED CT codes travel; none of them holds phrases. Sources: the header that ITK-SNAP
writes into its files; 3D Slicer's developer guide, "Colors". Standard library only: the window reads them itself.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.config.sctid import wrong_with
from engine.contract.errors import InputError
from engine.contract.whole_file import write_text

NAMES = "Tables of labels (*.csv *.ctbl *.txt *.label);;3D Slicer (*.csv *.ctbl);;ITK-SNAP (*.txt *.label)"
"""For a file dialog."""
_MOST_BYTES = 5_000_000
_LARGEST = 65535
_SNAP_ROW = re.compile(r'^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+([\d.]+)\s+([01])\s+([01])\s+"(.*)"\s*$')
_SLICER_ROW = re.compile(r"^\s*(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+(\d+))?\s*$")
_SNAP_HEAD = """################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    IDX:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
"""
_PARTS = ("Category", "Type", "TypeModifier", "Region", "RegionModifier")
_CODED = tuple(f"{part}_{what}" for part in _PARTS for what in ("CodingScheme", "CodeValue", "CodeMeaning"))
_COLUMNS = ("LabelValue", "Name", "Color_R", "Color_G", "Color_B", "Color_A", *_CODED)
_CATEGORY = ("SCT", "123037004", "Body structure")
"""The concept above all structures, sound or not: Slicer asks for a category wherever there is a code."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """`colour` #RRGGBB or "", `snomed` a code or ""."""

    value: int
    name: str
    colour: str = ""
    snomed: str = ""


def read_labels(path: Path) -> tuple[LabelRow, ...]:
    """In the order of the file, background (0) left away.

    Raises InputError for a file that cannot be read, is no such table, or names a value twice.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _no_table(path, "it is far too large")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _no_table(path, "it cannot be read as text") from error
    rows = _of_csv(text, path) if path.suffix.lower() == ".csv" else _of_lines(text)
    found = tuple(row for row in rows if 0 < row.value <= _LARGEST)
    if not found:
        raise _no_table(path, "no row has a value, a name and a colour")
    values = [row.value for row in found]
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise _no_table(path, f"it names the value {twice} twice")
    return found


def looks_like_labels(path: Path) -> bool:
    """Whether a file is a table of labels, by its contents; a spreadsheet of anything else is none."""
    if path.suffix.lower() not in (".csv", ".ctbl", ".txt", ".label"):
        return False
    try:
        return bool(read_labels(path))
    except InputError:
        return False


def write_labels(rows: Sequence[LabelRow], path: Path) -> Path:
    """In the form that the suffix stands for. Raises InputError for another suffix, DiskFull."""
    writers: dict[str, Callable[[Sequence[LabelRow]], str]] = {
        ".csv": _as_csv,
        ".ctbl": _as_slicer,
        ".txt": _as_snap,
        ".label": _as_snap,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise InputError(
            f"{path.name} does not say for which program it is meant.",
            hint="End its name in .csv or .ctbl (3D Slicer), or in .txt or .label (ITK-SNAP).",
        )
    return write_text(path, writer(rows))


def _no_table(path: Path, why: str) -> InputError:
    return InputError(
        f"{path.name} is no table of labels: {why}.",
        hint="Tables of ITK-SNAP (label descriptions) and of 3D Slicer (.ctbl, .csv) are read.",
    )


def _of_lines(text: str) -> list[LabelRow]:
    rows = []
    for line in text.splitlines():
        snap, slicer = _SNAP_ROW.match(line), _SLICER_ROW.match(line)
        if snap:
            rows.append(LabelRow(int(snap[1]), _tidy(snap[8]), _colour(snap[2], snap[3], snap[4])))
        elif slicer:
            # Slicer writes underscores for blanks: which is which, the file does not tell.
            name = _tidy(slicer[2].replace("_", " "))
            rows.append(LabelRow(int(slicer[1]), name, _colour(slicer[3], slicer[4], slicer[5])))
    return rows


def _of_csv(text: str, path: Path) -> list[LabelRow]:
    try:
        table = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise _no_table(path, str(error)) from error
    rows = []
    for at, row in enumerate(table, 1):
        cells = {str(key): (value or "").strip() for key, value in row.items() if isinstance(value, str | None)}
        value, name = cells.get("LabelValue", str(at)), cells.get("Name") or cells.get("Type_CodeMeaning", "")
        if "Color_R" not in cells or not value.isascii() or not value.isdigit() or not name:
            continue
        code = cells.get("Type_CodeValue", "") if cells.get("Type_CodingScheme") == "SCT" else ""
        colour = _colour(cells["Color_R"], cells.get("Color_G", ""), cells.get("Color_B", ""))
        rows.append(LabelRow(int(value), _tidy(name), colour, code if code and not wrong_with(code) else ""))
    return rows


def _colour(*parts: str) -> str:
    if not all(part.isascii() and part.isdigit() and int(part) <= 255 for part in parts):
        return ""
    return "#" + "".join(f"{int(part):02X}" for part in parts)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _as_snap(rows: Sequence[LabelRow]) -> str:
    lines = [(0, (0, 0, 0), 0, "Clear Label")]
    lines += [(row.value, _rgb(row.colour), 1, row.name.replace('"', "'")) for row in rows]
    return _SNAP_HEAD + "".join(
        f'{value:5d}{r:6d}{g:5d}{b:5d}{shown:9d}{shown:3d}{shown:3d}    "{name}"\n'
        for value, (r, g, b), shown, name in lines
    )


def _as_slicer(rows: Sequence[LabelRow]) -> str:
    lines = ["# Color table file labels", f"# {len(rows) + 1} values", "0 Background 0 0 0 0"]
    for row in rows:
        r, g, b = _rgb(row.colour)
        lines.append(f"{row.value} {'_'.join(row.name.split())} {r} {g} {b} 255")
    return "\n".join(lines) + "\n"


def _as_csv(rows: Sequence[LabelRow]) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for row in rows:
        r, g, b = _rgb(row.colour)
        # Slicer's reader takes no quotation marks within a value.
        name = row.name.replace('"', "'")
        values = {"LabelValue": row.value, "Name": name, "Color_R": r, "Color_G": g, "Color_B": b, "Color_A": 255}
        if row.snomed:
            category = dict(zip(_CODED[:3], _CATEGORY, strict=True))
            values |= {**category, "Type_CodingScheme": "SCT", "Type_CodeValue": row.snomed, "Type_CodeMeaning": name}
        table.writerow(values)
    return out.getvalue()
