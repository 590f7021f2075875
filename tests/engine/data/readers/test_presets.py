"""Published datasets as their publishers distribute them: labels, phrases, splits, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.findings import CaseFinding, DatasetReport
from engine.data.readers import LAYOUTS
from engine.data.readers.cvc_clinicdb import FRAMES, sequence_of
from engine.data.slices import open_case
from tests.fakes import drawn_layouts as draw

Inspected = Callable[..., DatasetReport]
PHRASES = {
    "kvasir_seg": ["polyp"],
    "cvc_clinicdb": ["polyp"],
    "bkai_igh": ["polyp"],
    "isic2016": ["skin melanoma"],
    "dfuc2022": ["foot ulcer"],
    "fuseg": ["foot ulcer"],
    "camus": ["left ventricular cavity of the heart", "myocardium of the heart", "left atrium cavity of the heart"],
    "busi": ["benign tumour in the breast ultrasound image", "malignant tumour in the breast ultrasound image"],
    "drive": ["retinal blood vessels"],
    "brats": ["necrotic tumour core", "peritumoural oedema", "enhancing tumour"],
    "totalsegmentator": ["kidney left", "liver"],
}


def _of(report: DatasetReport, case_id: str) -> CaseFinding:
    return next(finding for finding in report.cases if finding.case.case_id == case_id)


@pytest.mark.parametrize("name", PHRASES)
def test_labels_and_phrases(name: str, tmp_path: Path, inspected: Inspected) -> None:
    draw.LAYOUTS[name](tmp_path)
    report = inspected(tmp_path)
    assert (report.layout, report.table.phrases) == (name, PHRASES[name])
    assert "as published" in report.details
    assert report.name


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("kvasir_seg", {None}),
        ("cvc_clinicdb", {None}),
        ("bkai_igh", {None}),
        ("isic2016", {"train", "test"}),
        ("fuseg", {"train", "val"}),
        ("camus", {None}),
        ("busi", {None}),
        ("chexlocalize", {None}),
        ("pascal_voc", {"train", "val"}),
        ("cityscapes", {"train", "val"}),
    ],
)
def test_splits_are_the_publishers_or_called_ours(
    name: str, given: set[str | None], tmp_path: Path, inspected: Inspected
) -> None:
    draw.LAYOUTS[name](tmp_path)
    report = inspected(tmp_path)
    assert {finding.case.split for finding in report.cases} == given
    assert ("ours" in report.details) == (given in ({None}, {"train", "test"}))


def test_lossy_masks_are_cut_at_one_half(tmp_path: Path, inspected: Inspected) -> None:
    ids = draw.kvasir_seg(tmp_path)
    report = inspected(tmp_path)
    for seed, case_id in enumerate(ids):
        truth = np.count_nonzero(draw.disc(seed))
        assert _of(report, case_id).counts[1] == pytest.approx(truth, rel=0.06)
    assert any(problem.kind == "mask_cut" for problem in report.problems)


def test_frames_stay_with_their_sequence(tmp_path: Path, inspected: Inspected) -> None:
    assert len({sequence_of(str(frame)) for frame in range(1, FRAMES + 1)}) == 29
    assert [sequence_of(name) for name in ("1", "25", "26", "591", "592", "612")] == [
        *("sequence 1", "sequence 1", "sequence 2", "sequence 28", "sequence 29", "sequence 29")
    ]
    assert sequence_of("613") == "613"
    draw.cvc_clinicdb(tmp_path)
    report = inspected(tmp_path)
    assert _of(report, "1").split == _of(report, "2").split


def test_colours_are_joined_or_told_apart(tmp_path: Path, inspected: Inspected) -> None:
    draw.bkai_igh(tmp_path)
    joined = inspected(tmp_path)
    assert _of(joined, "5fa1").counts == {1: pytest.approx(256 + 192, abs=12)}
    both = [{"value": 1, "name": "neoplastic polyp"}, {"value": 2, "name": "non-neoplastic polyp"}]
    apart = inspected(tmp_path, labels=both)
    assert _of(apart, "5fa1").counts == {1: pytest.approx(256, abs=8), 2: pytest.approx(192, abs=8)}
    assert _of(apart, "5fa3").counts[1] == 0


def test_a_grey_mask_where_colours_are_labels_is_refused(tmp_path: Path, inspected: Inspected) -> None:
    draw.bkai_igh(tmp_path)
    draw.save(tmp_path / "train_gt/train_gt/5fa1.jpeg", draw.disc(0))
    problem = next(problem for problem in inspected(tmp_path).problems if problem.severity == "error")
    assert problem.path == "train_gt/train_gt/5fa1.jpeg"
    assert "colours were expected" in problem.message


def test_masks_of_one_image_are_joined_and_normal_ones_are_empty(tmp_path: Path, inspected: Inspected) -> None:
    draw.busi(tmp_path)
    report = inspected(tmp_path)
    both = _of(report, "benign (2)")
    first = np.count_nonzero(draw.disc(2 + 60))
    assert len(both.case.masks) == 2
    assert both.counts == {1: first + 6 * 40, 2: 0}
    assert not any(_of(report, "normal (1)").counts.values())


def test_sequences_are_not_frames_and_frames_stay_with_their_patient(tmp_path: Path, inspected: Inspected) -> None:
    draw.camus(tmp_path)
    report = inspected(tmp_path)
    assert {finding.case.patient for finding in report.cases} == {"patient0001", "patient0002", "patient0003"}
    lists = tmp_path / "database_split"
    lists.mkdir()
    for name, patient in (("training", 2), ("validation", 1), ("testing", 3)):
        (lists / f"subgroup_{name}.txt").write_text(f"patient000{patient}\n")
    given = inspected(tmp_path)
    assert _of(given, "patient0003_2CH_ED").split == "test"
    assert _of(given, "patient0001_4CH_ED").split == "val"


def test_findings_without_a_marked_pixel_are_absent(tmp_path: Path, inspected: Inspected) -> None:
    draw.chexlocalize(tmp_path)
    report = inspected(tmp_path)
    assert len(report.labels) == 10
    found = _of(report, "patient64541_study1_view1_frontal")
    assert {value for value, count in found.counts.items() if count} == {1, 2}
    assert found.counts[1] == np.count_nonzero(draw.disc(1))
    assert report.labels[0].phrase == "Airspace Opacity in a chest Xray"
    assert found.case.patient == "patient64541"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"size": [40, 48], "counts": "garbage~~"}, "region that cannot be drawn"),
        ({"size": [41, 48], "counts": [1968]}, "made for 48 × 41"),
    ],
)
def test_damaged_run_lengths_are_told(row: object, said: str, tmp_path: Path, inspected: Inspected) -> None:
    import json

    draw.chexlocalize(tmp_path)
    path = tmp_path / "CheXlocalize/gt_segmentations_val.json"
    lists = json.loads(path.read_text())
    lists["patient64542_study1_view1_frontal"]["Edema"] = row
    path.write_text(json.dumps(lists))
    report = inspected(tmp_path)
    assert len(report.cases) == 2
    assert any(said in problem.message for problem in report.problems if problem.severity == "error")


def test_palette_indices_are_labels_and_the_border_is_void(tmp_path: Path, inspected: Inspected) -> None:
    ids = draw.pascal_voc(tmp_path)
    report = inspected(tmp_path)
    assert len(report.labels) == 20
    found = _of(report, "2007_000039")
    assert [value for value, count in found.counts.items() if count] == [20]
    assert found.has_void
    stored = np.asarray(Image.open(ids["2007_000039"]))
    opened = open_case(found.case, tmp_path)
    assert opened.void is not None
    assert np.array_equal(opened.void[0], stored == 255)
    assert not any(problem.kind == "values_unlisted" for problem in report.problems)


def test_ids_that_are_not_evaluated_are_void_and_cities_stay_together(tmp_path: Path, inspected: Inspected) -> None:
    draw.cityscapes(tmp_path)
    report = inspected(tmp_path)
    assert len(report.labels) == 19
    found = _of(report, "aachen_000000_000019")
    assert {report.table.names[report.table.values.index(v)] for v, count in found.counts.items() if count} == {
        "road",
        "car",
    }
    opened = open_case(found.case, tmp_path)
    assert opened.void is not None
    assert int(opened.void.sum()) == 5 * 48
    assert {finding.case.patient for finding in report.cases} == {"aachen", "bochum", "munster"}
    assert any(problem.kind == "no_truth" and problem.count == 1 for problem in report.problems)


def test_enhancing_tumour_is_3_or_4(tmp_path: Path, inspected: Inspected) -> None:
    ids = draw.brats(tmp_path)
    draw.volume(ids["BraTS20_Training_002"], draw.organs(1, 2, 3))
    report = inspected(tmp_path)
    assert _of(report, "BraTS20_Training_001").counts == _of(report, "BraTS20_Training_002").counts
    assert all("flair" in finding.case.image.name for finding in report.cases)


def test_organ_files_become_one_mask_and_only_those_asked_for_are_read(tmp_path: Path, inspected: Inspected) -> None:
    draw.totalsegmentator(tmp_path)
    report = inspected(tmp_path)
    found = _of(report, "s0001")
    assert min(found.counts.values()) > 0
    assert len(open_case(found.case, tmp_path).layers) == 1
    (tmp_path / "s0001/segmentations/kidney_left.nii.gz").write_bytes(b"damaged")
    assert len(inspected(tmp_path).cases) == 2
    liver = inspected(tmp_path, labels=[{"value": 2, "name": "liver"}])
    assert len(liver.cases) == 3


def test_lists_that_lack_an_image_or_a_mask(tmp_path: Path, inspected: Inspected) -> None:
    draw.isic2016(tmp_path)
    (tmp_path / "ISBI2016_ISIC_Part1_Training_Data/ISIC_0000001.jpg").unlink()
    report = inspected(tmp_path)
    problem = next(problem for problem in report.problems if problem.kind == "mask_without_image")
    assert problem.path.endswith("ISIC_0000001_Segmentation.png")
    assert "ISIC_0000001.jpg" in problem.fix


def test_more_patients_than_are_looked_at_to_recognise_them(tmp_path: Path) -> None:
    for number in range(400):
        home = tmp_path / f"BraTS20_Training_{number:03}"
        home.mkdir()
        for kind in ("flair", "t1", "seg"):
            (home / f"{home.name}_{kind}.nii.gz").touch()
    layout = LAYOUTS.get("brats")()
    assert layout.recognises(tmp_path) > 0
    assert len(layout.cases(tmp_path).cases) == 400
