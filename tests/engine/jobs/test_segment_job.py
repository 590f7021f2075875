"""The job behind `tunevlseg segment`: files in, masks on the same grid out, nothing overwritten, every problem told."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.bundle.presence import Presence
from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken
from engine.contract.errors import (
    Cancelled,
    InputError,
    NotABundle,
    OutOfRange,
    RecipeError,
    ScanUnreadable,
    UnknownName,
    WeightsMissing,
)
from engine.contract.events import Event, Log, SliceDone
from engine.contract.jobs import Replay, Segment
from engine.jobs import replay
from engine.jobs.receipts import receipt_of
from engine.jobs.segment import SegmentCache, run
from engine.jobs.segment_names import slug, unique
from tests.fakes.dicom_files import evenly, write_series
from tests.fakes.tiny_bundle import square_picture, write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "bundle" / "tiny.vlseg")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(square_picture()).save(path)
    return path


@pytest.fixture
def head(tmp_path: Path) -> Path:
    voxels = np.zeros((8, 16, 32), np.uint8)
    voxels[2:6, 4:12, 8:16] = 255
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((2.0, 1.0, 0.5))
    image.SetOrigin((5.0, 6.0, 7.0))
    path = tmp_path / "head.nii.gz"
    sitk.WriteImage(image, str(path))
    return path


def go(job: Segment, events: list[Event] | None = None, **more):
    return run(job, ([] if events is None else events).append, CancelToken(), "job", **more)


def job(scans, bundle, *prompts: str, out: Path | str = "", **more) -> Segment:
    scans = scans if isinstance(scans, list) else [scans]
    return Segment([str(scan) for scan in scans], str(bundle), list(prompts), str(out), **more)


def test_a_picture_to_a_file(picture: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    result = go(job(picture, bundle, "red", out=out))
    mask = np.asarray(Image.open(out))
    assert np.array_equal(mask == 255, square_picture()[..., 0] == 255)
    assert set(np.unique(mask)) == {0, 255}
    (entry,) = result["masks"]
    assert entry["found"]
    assert (entry["voxels"], entry["mask"], entry["prompt"]) == (16, str(out), "red")
    assert result["provider"].endswith("ExecutionProvider")
    json.dumps(result)


def test_a_volume_keeps_its_grid(head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    result = go(job(head, bundle, "bright", out=out, axis="coronal"))
    scan, mask = sitk.ReadImage(str(head)), sitk.ReadImage(str(out))
    assert scan.GetSize() == mask.GetSize()
    assert scan.GetSpacing() == mask.GetSpacing()
    assert scan.GetOrigin() == mask.GetOrigin()
    assert scan.GetDirection() == mask.GetDirection()
    found = sitk.GetArrayFromImage(mask)
    assert set(np.unique(found)) == {0, 1}
    assert found.sum() == result["masks"][0]["voxels"]
    assert result["masks"][0]["ml"] == pytest.approx(found.sum() / 1000)
    assert result["plane"] == "coronal"


def test_a_folder_gets_a_mask_a_label_and_one_with_all(picture: Path, bundle: Path, tmp_path: Path) -> None:
    result = go(job(picture, bundle, out=tmp_path / "masks"))  # no prompt: every label of the bundle
    names = sorted(path.name for path in (tmp_path / "masks").iterdir())
    masks = ["photo_labels.png", "photo_leaf.png", "photo_rose.png"]
    assert names == sorted(["photo_labels.json", *masks, *(f"{name}.receipt.json" for name in masks)])
    both = np.asarray(Image.open(tmp_path / "masks" / "photo_labels.png"))
    picture_values = square_picture()
    assert np.array_equal(both == 1, picture_values[..., 0] == 255)
    assert np.array_equal(both == 3, picture_values[..., 1] == 255)
    legend = json.loads((tmp_path / "masks" / "photo_labels.json").read_text())
    assert [(label["value"], label["name"]) for label in legend["labels"]] == [(1, "rose"), (3, "leaf")]
    assert legend["overlapping_voxels"] == result["combined"][0]["overlapping_voxels"] == 0


def test_overlaps_are_told_and_the_likelier_wins(picture: Path, bundle: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    result = go(job(picture, bundle, "red", "red green", out=tmp_path / "out.png", threshold=0.1), events)
    assert result["combined"][0]["overlapping_voxels"] > 0
    assert any("several phrases" in event.message for event in events if isinstance(event, Log))
    assert (tmp_path / "out.json").exists()


def test_probabilities_for_the_viewer(head: Path, bundle: Path, tmp_path: Path) -> None:
    result = go(job(head, bundle, "bright", save=False, probabilities=str(tmp_path / "p")))
    (entry,) = result["probabilities"]
    levels = np.load(entry["path"], mmap_mode="r")
    assert levels.dtype == np.uint8
    assert levels.shape == (8, 16, 32)
    assert np.count_nonzero(levels >= 128) == result["masks"][0]["voxels"]
    assert result["masks"][0]["mask"] is None


def test_nothing_is_overwritten_unasked(picture: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    out.write_bytes(b"precious")
    with pytest.raises(InputError, match="already exists") as caught:
        go(job(picture, bundle, "red", out=out))
    assert "--overwrite" in caught.value.hint
    assert out.read_bytes() == b"precious"
    go(job(picture, bundle, "red", out=out, overwrite=True))
    assert out.read_bytes() != b"precious"


def test_a_scan_is_never_replaced(picture: Path, bundle: Path) -> None:
    before = picture.read_bytes()
    with pytest.raises(InputError, match="the scan itself"):
        go(job(picture, bundle, "red", out=picture, overwrite=True))
    assert picture.read_bytes() == before


def test_not_found_is_told(picture: Path, bundle: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    result = go(job(picture, bundle, "kidney", out=tmp_path / "m.png"), events)
    assert result["masks"][0]["found"] is False
    assert any("was not found" in event.message for event in events if isinstance(event, Log))
    assert not np.asarray(Image.open(tmp_path / "m.png")).any()


def test_one_bad_scan_does_not_cost_the_others(picture: Path, bundle: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n truncated")
    result = go(job([bad, picture], bundle, "red", out=tmp_path / "masks"))
    assert [entry["scan"] for entry in result["failed"]] == [str(bad)]
    assert [entry["scan"] for entry in result["masks"]] == [str(picture)]
    with pytest.raises(ScanUnreadable):
        go(job(bad, bundle, "red", out=tmp_path / "other"))


def test_the_only_scan_is_refused_once(picture: Path, bundle: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n truncated")
    events: list[Event] = []
    with pytest.raises(ScanUnreadable):
        go(job(bad, bundle, "red", out=tmp_path / "masks"), events)
    assert not [event for event in events if isinstance(event, Log) and event.level == "error"]


def test_two_scans_of_one_name(picture: Path, bundle: Path, tmp_path: Path) -> None:
    second = tmp_path / "b" / "photo.png"
    second.parent.mkdir()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(second)
    go(job([picture, second], bundle, "red", out=tmp_path / "masks"))
    assert sorted(path.name for path in (tmp_path / "masks").glob("*.png")) == ["photo-2_red.png", "photo_red.png"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"scans": []}, InputError, "No scan"),
        ({"scans": ["/nowhere/x.png"]}, InputError, "does not exist"),
        ({"prompts": [" "]}, InputError, "empty"),
        ({"out": ""}, InputError, "Nowhere"),
        ({"axis": "diagonal"}, UnknownName, "diagonal"),
        ({"threshold": 1.5}, OutOfRange, "threshold"),
        ({"out": "/nowhere/mask.jpg"}, InputError, "not written as .jpg"),
        ({"out": __file__}, InputError, "is a file"),
        ({"bundle": "/nowhere/x.vlseg"}, NotABundle, "does not exist"),
        ({"bundle": "no-such-model"}, Exception, "no-such-model"),
    ],
)
def test_bad_questions(picture: Path, bundle: Path, tmp_path: Path, change, error, words: str) -> None:
    values = {"scans": [str(picture)], "bundle": str(bundle), "prompts": ["red"], "out": str(tmp_path / "m.png")}
    with pytest.raises(error, match=words) as caught:
        go(Segment(**{**values, **change}))
    assert caught.value.hint or isinstance(caught.value, OutOfRange)
    assert not (tmp_path / "m.png").exists()


def test_a_bundle_without_labels_must_be_told_what_to_look_for(picture: Path, tmp_path: Path) -> None:
    base = write_tiny_bundle(tmp_path / "base.vlseg", labels=False)
    with pytest.raises(InputError, match="what to look for") as caught:
        go(job(picture, base, out=tmp_path / "m.png"))
    assert "--prompt" in caught.value.hint


def test_a_notice_and_missing_parity_are_told(picture: Path, tmp_path: Path) -> None:
    from engine.bundle.manifest import Parity

    bundle = write_tiny_bundle(tmp_path / "b.vlseg", notice="has never seen medical images", parity=Parity())
    events: list[Event] = []
    go(job(picture, bundle, "red", out=tmp_path / "m.png"), events)
    told = [event.message for event in events if isinstance(event, Log) and event.level == "warning"]
    assert any("never seen medical images" in message for message in told)
    assert any("not verified" in message for message in told)


def test_cancel_leaves_nothing(picture: Path, bundle: Path, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        run(job(picture, bundle, "red", out=tmp_path / "masks"), lambda event: None, token, "job")
    assert not (tmp_path / "masks").exists()


def test_a_worker_reads_and_encodes_a_scan_once(
    head: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = SegmentCache()
    go(job(head, bundle, "bright", out=tmp_path / "a.nii.gz"), cache=cache)
    held = cache.encodings.nbytes
    assert held > 0

    def no(*_: object, **__: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("engine.inference.cache.read_scan", no)
    monkeypatch.setattr("engine.inference.session.BundleSession.encode_image", no)
    go(job(head, bundle, "red", out=tmp_path / "b.nii.gz"), cache=cache)
    assert cache.encodings.nbytes == held


def test_no_torch_is_needed(picture: Path, bundle: Path, tmp_path: Path) -> None:
    script = f"""
        import sys

        class Refuse:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("torch", "transformers", "onnx", "onnxscript", "optuna"):
                    raise ImportError("refused: " + name)

        sys.meta_path.insert(0, Refuse())
        from engine.contract.control import CancelToken
        from engine.contract.jobs import Segment
        from engine.jobs.segment import run

        job = Segment([{str(picture)!r}], {str(bundle)!r}, ["red"], {str(tmp_path / "m.png")!r})
        assert run(job, lambda event: None, CancelToken(), "job")["masks"][0]["found"]
        assert not set(sys.modules) & {{"torch", "transformers", "onnx", "optuna"}}
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "m.png").exists()


def test_names_of_files() -> None:
    assert slug("Left ventricular cavity.") == "left-ventricular-cavity"
    assert slug("Zäpfchen/../../etc") == "zapfchen-etc"
    assert slug("肝臓") == "mask"
    assert unique(["a", "A", "b", "a"]) == ["a", "A-2", "b", "a-3"]


def test_whose_learned_words_a_phrase_takes(picture: Path, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "own.vlseg", by_label=True)
    result = go(job(picture, bundle, "leaf blight", out=tmp_path / "near.png"))
    assert result["masks"][0]["label_used"] == "leaf"
    result = go(job(picture, bundle, "leaf blight", out=tmp_path / "picked.png", label="rose"))
    assert result["masks"][0]["label_used"] == "rose"
    with pytest.raises(UnknownName, match="no label 'liver'"):
        go(job(picture, bundle, "red", out=tmp_path / "none.png", label="liver"))


def test_labels_that_share_their_words_are_not_picked(picture: Path, bundle: Path, tmp_path: Path) -> None:
    assert go(job(picture, bundle, "red", out=tmp_path / "mask.png"))["masks"][0]["label_used"] is None
    with pytest.raises(InputError, match="no label to pick") as caught:
        go(job(picture, bundle, "red", out=tmp_path / "other.png", label="rose"))
    assert caught.value.field == "label"


@pytest.mark.parametrize(
    ("scan", "name", "words"),
    [("picture", "mask.nii.gz", "mask of a picture"), ("head", "mask.png", "mask of 8 slices")],
)
def test_a_name_that_cannot_hold_the_mask_is_told_before_any_work(
    scan: str, name: str, words: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    file = request.getfixturevalue(scan)
    # Not even the model is looked at: there is none of that name.
    with pytest.raises(InputError, match=words):
        go(job(file, tmp_path / "no bundle", "red", out=tmp_path / name))
    with pytest.raises((InputError, NotABundle, WeightsMissing)) as caught:
        go(job(file, tmp_path / "no bundle", "red", out=tmp_path / f"mask{''.join(file.suffixes)}"))
    assert words not in str(caught.value)
    assert not (tmp_path / name).exists()


def test_a_vote_a_cleaner_mask_and_their_replay(head: Path, bundle: Path, tmp_path: Path) -> None:
    plain = go(job(head, bundle, "bright", out=tmp_path / "plain.nii.gz"))["masks"][0]
    voted = go(
        job(head, bundle, "bright", out=tmp_path / "voted.nii.gz", axis="vote", smooth=1.0, largest=True, skip_air=True)
    )
    assert voted["plane"] == "vote"
    assert 0 < voted["masks"][0]["voxels"] != plain["voxels"]
    receipt = receipt_of(tmp_path / "voted.nii.gz")
    assert receipt is not None
    assert (receipt.plane, receipt.settings) == ("vote", {"smooth": 1.0, "largest": True, "skip_air": True})
    again = replay.run(
        Replay(str(tmp_path / "voted.nii.gz"), str(head), str(bundle)), lambda event: None, CancelToken(), "job"
    )
    assert again["equal"], again["reasons"]


@pytest.mark.parametrize(
    ("field", "value"), [("smooth", -1.0), ("smallest", float("nan")), ("smooth", 1e9), ("device", "abacus")]
)
def test_absurd_settings_are_told_before_any_work(head: Path, tmp_path: Path, field: str, value: float | str) -> None:
    with pytest.raises(RecipeError) as caught:
        go(job(head, tmp_path / "no bundle", "red", out=tmp_path / "m.nii.gz", **{field: value}))
    assert caught.value.field == field


def test_encodings_kept_on_disk_serve_another_process(
    head: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = go(job(head, bundle, "bright", out=tmp_path / "a.nii.gz", keep_encodings=True))["masks"][0]

    def no(*_: object, **__: object) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr("engine.inference.session.BundleSession.encode_image", no)
    again = go(job(head, bundle, "bright", out=tmp_path / "b.nii.gz", keep_encodings=True))["masks"][0]
    assert again["voxels"] == first["voxels"]
    with pytest.raises(AssertionError, match="encoded again"):
        go(job(head, bundle, "bright", out=tmp_path / "c.nii.gz"))


def test_half_an_answer_is_taken_away(head: Path, bundle: Path, tmp_path: Path) -> None:
    token, folder = CancelToken(), tmp_path / "answers"
    asked = job(head, bundle, "bright", "red", save=False, probabilities=str(folder), axis="sagittal")
    seen = []

    def stop(event: Event) -> None:
        if isinstance(event, SliceDone):
            seen.append(Path(event.path).is_file())
            token.cancel()

    with pytest.raises(Cancelled):
        run(asked, stop, token, "job")
    assert seen[0]
    assert list(folder.iterdir()) == []


def test_one_slice_is_for_a_look_and_never_saved(head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "look"
    made = go(job(head, bundle, "bright", axis="axial", save=False, probabilities=str(out), slices=[3, 3]))
    levels = np.load(made["probabilities"][0]["path"])
    assert levels.shape == (8, 16, 32)
    assert [bool(one.any()) for one in levels] == [False, False, False, True, False, False, False, False]
    with pytest.raises(InputError, match="look only"):
        go(job(head, bundle, "bright", out=tmp_path / "mask.nii.gz", slices=[3, 3]))
    assert not (tmp_path / "mask.nii.gz").exists()


def test_two_phrases_of_one_label_are_asked_once(picture: Path, bundle: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    name = Bundle.open(bundle).manifest.labels[0].name
    result = go(job(picture, bundle, name, f" {name.upper()}. ", "green", out=tmp_path / "m"), events)
    assert [entry["prompt"] for entry in result["masks"]] == [name, "green"]
    assert any("asked once" in event.message for event in events if isinstance(event, Log))
    legend = json.loads((tmp_path / "m" / "photo_labels.json").read_text())
    assert len({label["value"] for label in legend["labels"]}) == 2


def test_the_score_that_counts_as_found_can_be_chosen(head: Path, tmp_path: Path) -> None:
    strict = write_tiny_bundle(tmp_path / "strict.vlseg", presence=Presence(cut=0.999, shown=9, absent=9))
    events: list[Event] = []
    out = tmp_path / "hidden.nii.gz"
    (hidden,) = go(job(head, strict, "bright", out=out), events)["masks"]
    assert not hidden["found"]
    assert hidden["presence_calibrated"]
    assert any("--presence 0 shows" in event.message for event in events if isinstance(event, Log))
    with pytest.raises(InputError, match="another scan, bundle or question"):
        go(job(head, strict, "bright", out=out, presence=0.0))
    shown = tmp_path / "shown.nii.gz"
    (entry,) = go(job(head, strict, "bright", out=shown, presence=0.0))["masks"]
    assert entry["voxels"] > 0
    assert (entry["presence_cut"], entry["presence_calibrated"]) == (0.0, False)
    for mask in (out, shown):
        again = replay.run(Replay(str(mask), str(head), str(strict)), lambda event: None, CancelToken(), "job")
        assert again["equal"], again["reasons"]


def test_a_target_that_cannot_be_written_is_told_before_any_work(picture: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("no folder")
    events: list[Event] = []
    with pytest.raises(InputError, match="cannot be written"):
        go(job(picture, bundle, "red", out=tmp_path / "file.txt" / "masks"), events)
    assert not any(isinstance(event, SliceDone) for event in events)


def test_a_series_that_dicom_seg_cannot_refer_to_is_told_before_any_work(tmp_path: Path) -> None:
    for file in write_series(tmp_path / "ct", evenly(3), shape=(16, 16)):
        read = pydicom.dcmread(file)
        del read.StudyInstanceUID
        read.save_as(file)
    with pytest.raises(InputError, match="StudyInstanceUID"):
        go(job(tmp_path / "ct", tmp_path / "no bundle", "red", out=tmp_path / "m.dcm", identity="deidentify"))


def test_choices_for_dicom_seg_that_do_nothing_are_told(head: Path, bundle: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    go(job(head, bundle, "red", out=tmp_path / "m.nii.gz", fractional=True), events)
    assert any("DICOM SEG only" in event.message for event in events if isinstance(event, Log))


def test_the_summary_names_no_folder_of_a_series(head: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "DOE^JOHN").mkdir()
    broken = tmp_path / "DOE^JOHN" / "scan.nii.gz"
    broken.write_bytes(b"nothing")
    result = go(job([head, broken], bundle, "red", out=tmp_path / "m"))
    assert len(result["failed"]) == 1
    for file in result["summary"]:
        assert "DOE" not in Path(file).read_text()
