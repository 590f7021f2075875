"""Many scans at once: what is a scan, what one problem costs, how a second call goes on, and how it is cancelled."""

from __future__ import annotations

import csv
import itertools
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError, OutOfRange, ScanUnreadable, UnknownName
from engine.contract.events import Event, Log, Progress, SliceDone
from engine.contract.jobs import Segment
from engine.jobs import segment
from engine.volumes.formats.seg_nrrd import SegNrrd
from engine.volumes.reading import read_mask
from engine.volumes.stored_receipts import receipt_beside
from tests.fakes.dicom_files import SERIES_UID, evenly, write_series
from tests.fakes.tiny_bundle import square_picture, write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "bundle" / "tiny.vlseg")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two volumes, a picture, a DICOM folder of two series, a damaged file, and what is no scan."""
    root = tmp_path / "study"
    (root / "deep").mkdir(parents=True)
    for name, seed in (("a.nii.gz", 1), ("deep/b.nrrd", 2)):
        voxels = np.random.default_rng(seed).integers(0, 256, (4, 16, 16)).astype(np.uint8)
        sitk.WriteImage(sitk.GetImageFromArray(voxels), str(root / name))
    Image.fromarray(square_picture()).save(root / "photo.png")
    write_series(root / "ct", evenly(3), shape=(16, 16))
    write_series(root / "ct", evenly(4), shape=(16, 16), first=60, SeriesInstanceUID=SERIES_UID + ".2")
    (root / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n truncated")
    (root / "notes.txt").write_text("no scan")
    return root


def go(job: Segment, events: list[Event] | None = None, token: CancelToken | None = None) -> dict[str, Any]:
    return segment.run(job, ([] if events is None else events).append, token or CancelToken(), "job")


def job(study: Path, bundle: Path, out: Path, *prompts: str, **more: Any) -> Segment:
    return Segment([str(study)], str(bundle), list(prompts or ["bright"]), str(out), **more)


def test_everything_in_a_folder_is_segmented_and_summed_up(study: Path, bundle: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    out = tmp_path / "masks"
    result = go(job(study, bundle, out, measure=True), events)
    assert len(result["masks"]) == 5
    assert [Path(entry["scan"]).name for entry in result["failed"]] == ["bad.png"]
    assert result["left_out"] == 1
    assert any("1 file is no scan" in event.message for event in events if isinstance(event, Log))
    for entry in result["masks"]:
        assert Path(entry["mask"]).exists()
        assert entry["measurements"]["voxels"] == entry["voxels"]
    rows = list(csv.DictReader((out / "segment-summary.csv").open()))
    assert sorted(row["state"] for row in rows) == ["done"] * 5 + ["failed"]
    assert {row["scan"] for row in rows} >= {"a.nii.gz", "b.nrrd", "photo.png", "bad.png"}
    assert all(row["mean"] for row in rows if row["scan"] == "a.nii.gz")
    known = json.loads((out / "segment-summary.json").read_text())
    assert known["notice"].startswith("For research use only")
    assert len(known["masks"]) == 6
    beside = list(csv.DictReader((out / "a_measurements.csv").open()))
    assert int(beside[0]["voxels"]) == next(e["voxels"] for e in result["masks"] if e["scan"].endswith("a.nii.gz"))
    steps = [event for event in events if isinstance(event, Progress) and event.unit == "scans"]
    assert [event.total for event in steps] == [6] * len(steps)
    assert steps[-1].done == 6
    assert all(first.done <= second.done for first, second in itertools.pairwise(steps))
    assert any(event.eta is not None for event in steps)


def test_a_second_call_does_what_is_missing(study: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "masks"
    asked = job(study, bundle, out, "bright", "red", measure=True)
    first = go(asked)
    gone = Path(first["masks"][0]["mask"])
    gone.unlink()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if "summary" not in path.name}
    before = {path: at for path, at in before.items() if not path.name.startswith(gone.name.split("_")[0])}
    second = go(asked)
    assert len(second["skipped"]) == 4
    assert gone.exists()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    # What was done before is told as if it had been done now.
    strip = [{k: v for k, v in entry.items() if k != "was_done"} for entry in second["masks"]]
    assert sorted(map(json.dumps, strip)) == sorted(map(json.dumps, first["masks"]))
    states = [row["state"] for row in csv.DictReader((out / "segment-summary.csv").open())]
    assert states.count("was done") == 8
    assert states.count("done") == 2


def test_masks_of_another_question_are_not_taken_for_done(study: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.nii.gz"
    scan = study / "a.nii.gz"
    go(job(scan, bundle, out, "bright"))
    before = out.read_bytes()
    assert go(job(scan, bundle, out, "bright"))["skipped"]
    other = write_tiny_bundle(tmp_path / "other.vlseg", name="other")
    for asked in (
        job(scan, bundle, out, "red"),
        job(scan, bundle, out, "bright", threshold=0.3),
        job(scan, bundle, out, "bright", axis="sagittal"),
        job(scan, other, out, "bright"),
        job(study / "deep" / "b.nrrd", bundle, out, "bright"),
    ):
        with pytest.raises(InputError, match="already exists") as caught:
            go(asked)
        assert "--overwrite" in caught.value.hint
    assert out.read_bytes() == before
    go(job(scan, bundle, out, "bright", threshold=0.3, overwrite=True))
    assert out.read_bytes() != before


def test_a_mask_that_was_edited_or_lost_its_receipt_is_not_done(study: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.nii.gz"
    asked = job(study / "a.nii.gz", bundle, out)
    go(asked)
    kept = receipt_beside(out).read_text()
    image = sitk.ReadImage(str(out))
    sitk.WriteImage(image * 0, str(out))
    with pytest.raises(InputError, match="changed since"):
        go(asked)
    receipt_beside(out).unlink()
    with pytest.raises(InputError, match="already exists"):
        go(asked)
    receipt_beside(out).write_text(kept)
    go(job(study / "a.nii.gz", bundle, out, overwrite=True))
    assert read_mask(out).voxels.any()


def test_a_cancel_leaves_whole_files_and_the_next_call_goes_on(study: Path, bundle: Path, tmp_path: Path) -> None:
    out, token = tmp_path / "masks", CancelToken()
    seen: list[Event] = []

    def emit(event: Event) -> None:
        seen.append(event)
        if sum(isinstance(known, SliceDone) for known in seen) == 2:  # within the second scan
            token.cancel()

    asked = job(study, bundle, out)
    with pytest.raises(Cancelled):
        segment.run(asked, emit, token, "job")
    assert not [path for path in out.iterdir() if path.name.startswith(".writing")]
    rows = list(csv.DictReader((out / "segment-summary.csv").open()))
    assert [row["state"] for row in rows].count("done") == 1
    assert [row["state"] for row in rows].count("not reached") >= 4
    done = go(asked)
    assert len(done["skipped"]) == 1
    assert len(done["masks"]) == 5


def test_all_series_of_a_folder(study: Path, bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ScanUnreadable, match="2 series") as caught:
        go(job(study / "ct", bundle, tmp_path / "m"))
    assert "--series all" in caught.value.hint
    result = go(job(study / "ct", bundle, tmp_path / "m", series="all"))
    assert sorted(read_mask(Path(entry["mask"])).shape_zyx[0] for entry in result["masks"]) == [3, 4]
    assert len({entry["mask"] for entry in result["masks"]}) == 2


def test_masks_in_the_folder_of_scans_are_no_scans_next_time(study: Path, bundle: Path) -> None:
    go(job(study, bundle, study))
    again = go(job(study, bundle, study))
    assert len(again["skipped"]) == 5
    assert len(again["masks"]) == 5


def test_one_format_for_all(study: Path, bundle: Path, tmp_path: Path) -> None:
    asked = job(study, bundle, tmp_path / "m", "bright", "red", format="seg.nrrd")
    result = go(asked)
    # The pictures have no place in the patient.
    assert sorted(Path(entry["scan"]).name for entry in result["failed"]) == ["bad.png", "photo.png"]
    for entry in result["combined"]:
        assert entry["mask"].endswith("_labels.seg.nrrd")
        assert [mask.name for mask in SegNrrd().read_segments(Path(entry["mask"])).masks] == ["bright", "red"]
    assert len(result["combined"]) == 4
    with pytest.raises(UnknownName, match=r"'\.jpg'"):
        go(job(study, bundle, tmp_path / "m", format=".jpg"))


def test_dicom_seg_for_the_series_of_a_folder(study: Path, bundle: Path, tmp_path: Path) -> None:
    asked = job(study / "ct", bundle, tmp_path / "m", "bright", "red", format=".dcm", series="all")
    with pytest.raises(InputError, match="carries the patient and study"):
        go(asked)
    assert not list(tmp_path.glob("m/*.dcm"))
    asked = job(
        study / "ct", bundle, tmp_path / "m", "bright", format=".dcm", series="all", identity="deidentify",
        codes={"bright": "99X:1:Bright thing"},
    )  # fmt: skip
    assert len(go(asked)["combined"]) == 2
    assert len(go(asked)["skipped"]) == 2


def test_who_has_a_voxel_of_several_phrases(bundle: Path, tmp_path: Path) -> None:
    Image.fromarray(square_picture()).save(tmp_path / "photo.png")

    def flat(name: str, **more: Any) -> tuple[np.ndarray, dict[str, Any]]:
        asked = job(tmp_path / "photo.png", bundle, tmp_path / name, "red", "red green", threshold=0.1, **more)
        go(asked)
        legend = json.loads((tmp_path / name).with_suffix(".json").read_text())
        return read_mask(tmp_path / name).voxels, legend

    first, legend = flat("first.png", overlap="first")
    assert legend["overlap"]["rule"] == "first"
    assert legend["overlap"]["priority"] == ["red", "red green"]
    overlapping = legend["overlapping_voxels"]
    assert overlapping > 0
    last, legend = flat("last.png", priority=["red green"])
    assert legend["overlap"]["priority"] == ["red green", "red"]
    assert legend["overlapping_voxels"] == overlapping
    red, both = (legend["labels"][i]["value"] for i in (0, 1))
    assert np.count_nonzero((first == red) & (last == both)) == overlapping
    _, legend = flat("likelier.png")
    assert legend["overlap"]["rule"] == "likelier"
    with pytest.raises(UnknownName, match="is to come first"):
        flat("x.png", priority=["blue"])
    with pytest.raises(UnknownName, match="no rule for overlaps"):
        flat("x.png", overlap="both")


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"codes": {"bright": "liver"}}, OutOfRange, "is not a code"),
        ({"codes": {"liver": "SCT:1:x"}}, OutOfRange, "is not asked"),
        ({"colours": {"bright": "red"}}, OutOfRange, "is no colour"),
        ({"identity": "some"}, OutOfRange, "identity"),
    ],
)
def test_bad_choices_are_told_before_any_work(
    more: dict, error: type[Exception], words: str, study: Path, bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        go(job(study, bundle, tmp_path / "m", **more))
    assert not (tmp_path / "m").exists()


def test_an_empty_folder_and_one_file_for_many(study: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no scan"):
        go(job(tmp_path / "empty", bundle, tmp_path / "m"))
    with pytest.raises(InputError, match="one file"):
        go(job(study, bundle, tmp_path / "m.nii.gz"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(study: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "shut"
    out.mkdir()
    out.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        go(job(study / "a.nii.gz", bundle, out))


def test_a_table_that_a_spreadsheet_would_run_is_harmless(bundle: Path, tmp_path: Path) -> None:
    Image.fromarray(square_picture()).save(tmp_path / "photo.png")
    go(job(tmp_path / "photo.png", bundle, tmp_path / "m", '=HYPERLINK("x")', measure=True))
    rows = list(csv.DictReader((tmp_path / "m" / "photo_measurements.csv").open()))
    assert rows[0]["prompt"] == '\'=HYPERLINK("x")'
