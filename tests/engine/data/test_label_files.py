"""Tables of labels from ITK-SNAP and 3D Slicer, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.errors import InputError
from engine.data.label_files import LabelRow, looks_like_labels, read_labels, write_labels

ROWS = (
    LabelRow(1, "left kidney", "#E69F00", "64033007"),
    LabelRow(3, "spleen", "#56B4E9", "78961009"),
    LabelRow(200, "a cyst", "#009E73"),
)
SNAP = """################################################
# ITK-SnAP Label Description File
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Label 1"
    2     0  255    0     0.50  1  1    "Deep_R"
"""
CTBL = "# Color table file abc.ctbl\n# 3 values\n0 Background 0 0 0 0\n1 left_kidney 185 102 83 255\n2 spleen 1 2 3\n"
CSV = (
    "LabelValue,Name,Color_R,Color_G,Color_B,Color_A,Category_CodingScheme,Category_CodeValue,Category_CodeMeaning,"
    "Type_CodingScheme,Type_CodeValue,Type_CodeMeaning\n"
    "5,spleen,157,108,162,255,SCT,123037004,Anatomical Structure,SCT,78961009,Spleen\n"
    "6,,1,2,3,255,SCT,123037004,Anatomical Structure,SCT,64033008,Kidney\n"
)


@pytest.mark.parametrize("suffix", [".csv", ".ctbl", ".txt", ".label"])
def test_what_is_written_comes_back(suffix: str, tmp_path: Path) -> None:
    path = write_labels(ROWS, tmp_path / f"table{suffix}")
    found = read_labels(path)
    coded = suffix == ".csv"
    assert found == tuple(row if coded else LabelRow(row.value, row.name, row.colour) for row in ROWS)
    assert looks_like_labels(path)


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("snap.txt", SNAP, [(1, "Label 1", "#FF0000", ""), (2, "Deep_R", "#00FF00", "")]),
        ("slicer.ctbl", CTBL, [(1, "left kidney", "#B96653", ""), (2, "spleen", "#010203", "")]),
        # A code with a wrong check digit is not taken over.
        ("slicer.csv", CSV, [(5, "spleen", "#9D6CA2", "78961009"), (6, "Kidney", "#010203", "")]),
    ],
)
def test_files_as_those_programs_write_them(name: str, text: str, rows: list[tuple], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert read_labels(path) == tuple(LabelRow(*row) for row in rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("patients.csv", b"image,patient\na.png,1\n"),
        ("notes.txt", b"1 of the scans is missing\n"),
        ("twice.ctbl", b"1 a 1 1 1 1\n1 b 2 2 2 2\n"),
        ("bytes.txt", b"\xff\xfe\x00\x01"),
        ("empty.csv", b""),
        ("odd.csv", b'LabelValue,Name,Color_R\n"1,x'),
    ],
)
def test_other_files_are_refused(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match="no table of labels"):
        read_labels(path)
    assert not looks_like_labels(path)


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which program"):
        write_labels(ROWS, tmp_path / "table.xlsx")
