"""What the inspection says of leaks, copies, inverted masks, phrases and numbers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.data.findings import DatasetReport
from engine.data.fingerprint import fingerprint, near_duplicates
from engine.data.problem import Problem

Inspected = Callable[..., DatasetReport]


def _problems(report: DatasetReport, kind: str) -> list[Problem]:
    return [problem for problem in report.problems if problem.kind == kind]


def _scene(seed: int, size: tuple[int, int] = (96, 128)) -> Image.Image:
    """A smooth picture: blobs of light that differ by seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    return coarse.resize(size[::-1], Image.Resampling.BICUBIC)


def _changed(image: Image.Image, how: str, path: Path) -> Image.Image:
    if how == "smaller":
        return image.resize((image.width // 2, image.height // 2))
    if how == "brighter":
        return ImageEnhance.Brightness(image).enhance(1.2)
    if how == "cropped":
        return image.crop((1, 1, image.width - 1, image.height - 1))
    image.save(path.with_suffix(".jpg"), quality=40)
    return Image.open(path.with_suffix(".jpg"))


@pytest.mark.parametrize("how", ["smaller", "brighter", "cropped", "jpeg"])
def test_copies_are_found_and_others_are_not(how: str, tmp_path: Path) -> None:
    images = [_scene(seed) for seed in range(30)]
    prints = [fingerprint(np.asarray(image)) for image in images]
    assert near_duplicates(prints) == []
    copy = fingerprint(np.asarray(_changed(images[7], how, tmp_path / "x")))
    found = near_duplicates([*prints, copy])
    assert [(one, other) for one, other, _ in found] == [(7, 30)]
    assert found[0][2] > 0.9


def test_flat_images_have_no_fingerprint() -> None:
    flat = np.full((40, 40), 7, np.uint8)
    assert fingerprint(flat) is None
    assert near_duplicates([None, None]) == []
    assert fingerprint(np.random.default_rng(0).normal(0, 300, (40, 40)).astype(np.int16)) is not None


def test_near_duplicates_stay_in_one_split(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for number in range(12):
        make.save(tmp_path / f"images/c{number:02}.png", np.asarray(_scene(number)))
        make.save(tmp_path / f"masks/c{number:02}.png", make.disc(96, 128, seed=number))
    _scene(3).save(tmp_path / "images/zz.jpg", quality=50)
    make.save(tmp_path / "masks/zz.png", make.disc(96, 128, seed=3))
    for seed in range(6):
        report = inspected(tmp_path, seed=seed)
        split = {finding.case.case_id: finding.split for finding in report.cases}
        assert split["zz"] == split["c03"]
        (told,) = _problems(report, "near_duplicate")
        assert (told.severity, told.path) == ("note", "zz")
        assert "c03" in told.message


def test_near_duplicates_across_given_splits_are_a_leak(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for split, names in (("train", "abc"), ("val", "de")):
        for name in names:
            make.save(tmp_path / f"{split}/images/{name}.png", np.asarray(_scene(ord(name))))
            make.save(tmp_path / f"{split}/masks/{name}.png", make.disc(96, 128, seed=ord(name)))
    _scene(ord("b")).resize((100, 80)).save(tmp_path / "val/images/d.png")
    make.save(tmp_path / "val/masks/d.png", make.disc(80, 100, seed=4))
    (told,) = _problems(inspected(tmp_path), "near_duplicate")
    assert told.severity == "warning"
    assert "they are in train and val" in told.message
    assert "patient_table" in told.fix
    # Nobody's images are in two splits: only those of two patients look alike.
    assert not _problems(inspected(tmp_path), "leak")


def test_one_long_chain_does_not_become_one_patient(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    base = np.asarray(_scene(1)).astype(np.int16)
    for number in range(10):
        frame = np.clip(base + np.random.default_rng(number).integers(-4, 4, base.shape), 0, 255).astype(np.uint8)
        make.save(tmp_path / f"images/f{number}.png", frame)
        make.save(tmp_path / f"masks/f{number}.png", make.disc(96, 128, seed=number))
    report = inspected(tmp_path)
    assert report.slice_count("val") == 1
    assert any(problem.severity == "warning" for problem in _problems(report, "near_duplicate"))


def test_a_mask_under_two_names(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 6)
    shutil.copy(tmp_path / "masks/c1.png", tmp_path / "masks/c4.png")
    (told,) = _problems(inspected(tmp_path), "duplicate_mask")
    assert (told.path, told.severity) == ("c4", "warning")
    assert "c1" in told.message


def test_empty_masks_are_no_copies_of_each_other(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 5)
    for name in ("c1", "c2"):
        make.save(tmp_path / f"masks/{name}.png", np.zeros((48, 64), np.uint8))
    assert not _problems(inspected(tmp_path), "duplicate_mask")


@pytest.mark.parametrize(("inverted", "lines", "count"), [(1, 1, 1), (5, 1, 5)])
def test_inverted_masks(inverted: int, lines: int, count: int, tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 5)
    for number in range(inverted):
        path = tmp_path / f"masks/c{number}.png"
        make.save(path, 255 - np.asarray(Image.open(path)))
    told = _problems(inspected(tmp_path), "mask_inverted")
    assert len(told) == lines
    assert sum(problem.count for problem in told) == count
    assert told[0].severity == "warning"
    assert "invert" in told[0].fix


@pytest.mark.parametrize(
    ("labels", "settings", "kind"),
    [
        ([{"value": 1, "name": "a", "phrase": "label 1"}], {}, "phrase_missing"),
        ([{"value": 1, "name": "a", "phrase": "object"}], {}, "phrase_missing"),
        ([{"value": 1, "name": "a", "phrase": "No polyp."}], {}, "phrase_contradicts"),
        ([{"value": 1, "name": "left lung"}], {"flip_horizontal": True}, "phrase_side"),
        (
            [{"value": 1, "name": "a", "phrase": "A polyp."}, {"value": 2, "name": "b", "phrase": "a polyp"}],
            {},
            "phrase_twice",
        ),
    ],
)
def test_phrases(
    labels: list[dict[str, Any]], settings: dict[str, Any], kind: str, tmp_path: Path, make: Any, inspected: Inspected
) -> None:
    make.pairs(tmp_path, 4, value=1)
    (told,) = _problems(inspected(tmp_path, labels=labels, **settings), kind)
    assert told.fix
    assert told.severity == "warning"


def test_good_phrases_are_left_alone(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 4, value=1)
    report = inspected(tmp_path, labels=[{"value": 1, "name": "left lung", "phrase": "nodule of the left lung"}])
    assert not [problem for problem in report.problems if problem.kind.startswith("phrase")]


def test_numbers(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.volumes(tmp_path, 3))
    found = json.loads(json.dumps(report.to_dict()))
    numbers = found["statistics"]
    assert numbers["sizes"] == [{"shape_zyx": [20, 24, 32], "cases": 3}]
    assert numbers["spacing_zyx"] == {"lowest": [2.0, 1.0, 1.0], "highest": [2.0, 1.0, 1.0]}
    assert numbers["intensity"]["lowest"][0] == -1000
    share = 5 * 36 / (20 * 24 * 32)
    assert [row["median"] for row in numbers["areas"]] == pytest.approx([share, 4 * 64 / (20 * 24 * 32)])
    assert sum(numbers["areas"][0]["histogram"]) == 3
    assert found["cases"][0]["voxels"] == {"1": 180, "2": 256}
    assert found["cases"][0]["spacing_zyx"] == [2.0, 1.0, 1.0]


def test_shapes_that_differ_are_noted(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.pairs(tmp_path, 3)
    assert not _problems(inspected(tmp_path), "shapes_differ")
    make.save(tmp_path / "images/tall.png", make.picture(90, 30, seed=9))
    make.save(tmp_path / "masks/tall.png", make.disc(90, 30, seed=9))
    assert _problems(inspected(tmp_path), "shapes_differ")[0].severity == "note"


# Patients.


def _frames(folder: Path, make: Any) -> Path:
    for number in range(12):
        name = f"IMG{number:03}_case-{'ABCDEF'[number // 2]}_x"
        make.pair(folder / f"images/{name}.png", folder / f"masks/{name}.png", seed=number)
    return folder


def _together(report: DatasetReport) -> bool:
    homes: dict[str, set[str]] = {}
    for finding in report.cases:
        homes.setdefault(finding.case.case_id.split("_")[1], set()).add(finding.split)
    return all(len(splits) == 1 for splits in homes.values())


def test_a_pattern_finds_the_patient(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    _frames(tmp_path, make)
    assert not _together(inspected(tmp_path))
    report = inspected(tmp_path, split={"patient_pattern": r"case-([A-Z])_"})
    assert {finding.case.patient for finding in report.cases} == set("ABCDEF")
    assert _together(report)
    part = inspected(tmp_path, split={"patient_pattern": r"case-([A-C])_"})
    (told,) = _problems(part, "patient_unknown")
    assert told.count == 6


@pytest.mark.parametrize("key", ["{name}", "{name}.png", "images/{name}.png"])
def test_a_table_names_the_patient(key: str, tmp_path: Path, make: Any, inspected: Inspected) -> None:
    _frames(tmp_path, make)
    names = [path.stem for path in sorted((tmp_path / "images").iterdir())]
    rows = [f"{at};{key.format(name=name)};P{at // 2}" for at, name in enumerate(names)]
    (tmp_path / "who.csv").write_text("\n".join(["number;file;Patient ID", *rows]))
    report = inspected(tmp_path, split={"patient_table": "who.csv", "patient_column": "patient id"})
    assert {finding.case.patient for finding in report.cases} == {f"P{at}" for at in range(6)}
    assert _together(report)


def test_a_table_that_cannot_be_used(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    from engine.contract.errors import InputError, UnknownName

    _frames(tmp_path, make)
    with pytest.raises(InputError, match="cannot be read") as caught:
        inspected(tmp_path, split={"patient_table": "none.csv"})
    assert caught.value.field == "data.split.patient_table"
    (tmp_path / "who.csv").write_text("file,person\nx,1\n")
    with pytest.raises(UnknownName, match="no column 'patient'") as named:
        inspected(tmp_path, split={"patient_table": "who.csv"})
    assert "person" in named.value.hint


def test_dicom_patients_stay_together_and_are_not_named(tmp_path: Path, make: Any) -> None:
    pydicom = pytest.importorskip("pydicom")
    from engine.data.config import SplitConfig
    from engine.data.patients import with_patients
    from engine.data.readers.base import Case, MaskFile

    cases = []
    for number in range(6):
        header = pydicom.Dataset()
        header.PatientID = f"SECRET-{number // 2}"
        header.PatientName = "Doe^Jane"
        header.file_meta = pydicom.dataset.FileMetaDataset()
        header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        path = tmp_path / f"s{number}.dcm"
        header.save_as(path, enforce_file_format=False)
        cases.append(Case(f"s{number}", f"s{number}", path, (MaskFile(path),)))
    (tmp_path / "s5.dcm").write_bytes(b"damaged")
    found, problems = with_patients(cases, SplitConfig(), tmp_path)
    assert [case.patient for case in found] == ["s0", "s0", "s2", "s2", "s4", "s5"]
    assert problems == []
    assert "SECRET" not in str(found)
