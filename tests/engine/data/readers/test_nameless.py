"""Datasets of DICOM series in folders that are called after their patients."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli.main import main
from engine.data.readers.dataset_yaml import FILE_NAME
from engine.volumes.reading import read_scan_here
from engine.volumes.writing import write_mask
from tests.fakes.dicom_files import SECRETS, SERIES_UID, evenly, write_series


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """images/Quagmire_…/*.dcm and masks/Quagmire_….nii.gz; the last folder names nobody."""
    root = tmp_path / "in"
    for number in range(4):
        name = f"Quagmire_Glennathan_{number}" if number < 3 else "neutral"
        folder = root / "images" / name
        write_series(folder, evenly(4), first=10 * number + 1, SeriesInstanceUID=f"{SERIES_UID}.{number + 1}7")
        scan = read_scan_here(folder)
        labels = np.zeros(scan.shape_zyx, np.uint8)
        labels[1:3, 1:4, 1 : 4 + number] = 1
        (root / "masks").mkdir(exist_ok=True)
        write_mask(labels, root / "masks" / f"{name}.nii.gz", scan)
    return root


def leaks_in(folder: Path) -> list[str]:
    found = []
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        content += gzip.decompress(content) if content[:2] == b"\x1f\x8b" else b""
        if any(secret.lower().encode() in (file.name.encode() + content).lower() for secret in SECRETS):
            found.append(str(file.relative_to(folder)))
    return found


def test_no_export_is_called_after_a_patient(named: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for words in (
        ["data", "inspect", str(named)],
        ["data", "split", str(named), "--out", str(out)],
        ["data", "convert", str(named), "--to", "nnunet", "--out", str(out / "nnunet")],
        ["data", "convert", str(named), "--to", "task_files", "--out", str(out / "tasks")],
    ):
        assert main(words) == 0, words
    told = capsys.readouterr()
    assert [secret for secret in SECRETS if secret.lower() in (told.out + told.err).lower()] == []
    assert leaks_in(out) == []
    assert any("neutral" in path.name for path in (out / "nnunet").rglob("*"))


def test_a_written_split_finds_the_cases_again(named: Path, inspected: Any) -> None:
    first = inspected(named)
    assert main(["data", "split", str(named), "--seed", "3"]) == 0
    assert (named / FILE_NAME).is_file()
    again = inspected(named)
    assert {item.case.case_id for item in again.cases} == {item.case.case_id for item in first.cases}
    assert again.splits_from
    assert not [problem for problem in again.problems if problem.severity == "error"]
