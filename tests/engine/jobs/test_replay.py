"""A mask is made again from its receipt; whatever was changed meanwhile is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.contract.errors import EngineError, InputError, WrongVersion
from engine.contract.events import Event, Log
from engine.contract.jobs import Replay, Segment
from engine.jobs import replay, segment
from engine.jobs.receipts import receipt_of
from engine.volumes.reading import read_scan
from engine.volumes.stored_receipts import receipt_beside, stored_receipt
from engine.volumes.writing import write_mask
from tests.fakes.dicom_files import SECRETS, evenly, write_series
from tests.fakes.tiny_bundle import square_picture, write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "bundle" / "tiny.vlseg")


@pytest.fixture
def head(tmp_path: Path) -> Path:
    voxels = np.random.default_rng(0).integers(0, 256, (6, 16, 20)).astype(np.uint8)
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((2.0, 1.0, 0.5))
    sitk.WriteImage(image, str(tmp_path / "head.nii.gz"))
    return tmp_path / "head.nii.gz"


def ask(scan: Path, bundle: Path, out: Path, *prompts: str, **more: Any) -> dict[str, Any]:
    job = Segment([str(scan)], str(bundle), list(prompts or ["bright"]), str(out), **more)
    return segment.run(job, lambda event: None, CancelToken(), "job")


def again(mask: Path, events: list[Event] | None = None, **more: Any) -> dict[str, Any]:
    emit = ([] if events is None else events).append
    return replay.run(Replay(str(mask), **{name: str(value) for name, value in more.items()}), emit, CancelToken(), "j")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha", ".mhd", ".seg.nrrd"])
@pytest.mark.parametrize("prompts", [("bright",), ("bright", "red")])
def test_every_format_replays(suffix: str, prompts: tuple[str, ...], head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "m" / f"head_mask{suffix}"
    ask(head, bundle, out, *prompts, threshold=0.4, axis="coronal")
    found = again(out, scan=head, bundle=bundle)
    assert found["equal"], found["reasons"]
    assert [entry["differing_voxels"] for entry in found["masks"]] == [0] * len(prompts)
    assert found["masks"][0]["voxels"] > 0
    json.dumps(found)


def test_pictures_replay(bundle: Path, tmp_path: Path) -> None:
    Image.fromarray(square_picture()).save(tmp_path / "photo.png")
    ask(tmp_path / "photo.png", bundle, tmp_path / "photo_red.png", "red")
    assert again(tmp_path / "photo_red.png", bundle=bundle)["equal"]


@pytest.mark.parametrize("fractional", [False, True])
def test_dicom_seg_replays_and_names_nobody(fractional: bool, bundle: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "in" / "ct", evenly(5), shape=(16, 16))
    out = tmp_path / "in" / "mask.dcm"
    more = {"identity": "deidentify", "fractional": fractional, "threshold": 0.4, "smallest": 0.05}
    ask(tmp_path / "in" / "ct", bundle, out, "bright", "red", **more)
    assert again(out, bundle=bundle)["equal"]
    text = stored_receipt(out)
    assert text is not None
    assert not any(secret.lower() in text.lower() for secret in SECRETS)


def test_the_scan_and_the_bundle_are_found(head: Path, bundle: Path, tmp_path: Path) -> None:
    """Beside the mask, by content: other names do not matter, and a scan that only looks alike is passed over."""
    out = tmp_path / "head_bright.nii.gz"
    ask(head, bundle, out)
    shutil.copy(bundle, tmp_path / "renamed.vlseg")
    other = sitk.GetImageFromArray(np.zeros((6, 16, 20), np.uint8))
    sitk.WriteImage(other, str(tmp_path / "head_b.nii.gz"))
    head.rename(tmp_path / "zzz.nii.gz")
    assert again(out)["equal"]


def test_another_bundle_and_another_scan_are_told(head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out, threshold=0.4)
    twin = write_tiny_bundle(tmp_path / "twin.vlseg", name="twin")
    found = again(out, scan=head, bundle=twin)
    assert not found["equal"]
    assert found["masks"][0]["differing_voxels"] == 0
    assert any("another one than tiny" in reason for reason in found["reasons"])

    image = sitk.ReadImage(str(head))
    changed = sitk.GetArrayFromImage(image)
    changed[2:4] = 0
    made = sitk.GetImageFromArray(changed)
    made.CopyInformation(image)
    sitk.WriteImage(made, str(tmp_path / "changed.nii.gz"))
    found = again(out, scan=tmp_path / "changed.nii.gz", bundle=bundle)
    assert not found["equal"]
    assert found["masks"][0]["dice"] < 1
    assert any("scan is not the one" in reason for reason in found["reasons"])


def test_a_mask_that_was_edited_is_told(head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out)
    kept = receipt_beside(out).read_text()
    image = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    image[0, 0, :3] ^= 1
    write_mask(image, out, read_scan(head))
    receipt_beside(out).write_text(kept)
    found = again(out, scan=head, bundle=bundle)
    assert not found["equal"]
    assert found["masks"][0]["differing_voxels"] == 3
    assert any("changed after it was made" in reason for reason in found["reasons"])


def change(file: Path, was: str, now: str) -> None:
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, now))


@pytest.mark.parametrize(
    ("was", "now", "error", "words"),
    [
        ('"threshold": 0.4', '"threshold": 0.3', InputError, "changed after it was written"),
        ('"prompt": "bright"', '"prompt": "../../etc/passwd"', InputError, "changed after it was written"),
        ('"receipt": 1', '"receipt": 2', WrongVersion, "newer program"),
        ('{"receipt"', '["receipt"', InputError, "damaged"),
    ],
)
def test_a_receipt_that_was_tampered_with_is_refused(
    was: str, now: str, error: type[EngineError], words: str, head: Path, bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out, threshold=0.4)
    change(receipt_beside(out), was, now)
    with pytest.raises(error, match=words) as caught:
        again(out, scan=head, bundle=bundle)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"bundle": {"name": "../../secret", "sha256": "0" * 64}}, "not found"),  # a name is no path
        ({"bundle": {"name": "x", "sha256": "../../secret"}}, "damaged"),
        ({"plane": "../../x"}, "not known"),
        ({"masks": []}, "damaged"),
        ({"scan": {"sha256": "0" * 64, "shape_zyx": [6, 16, 20], "path": "/etc/passwd"}}, "damaged"),
    ],
)
def test_a_forged_receipt_opens_nothing(values: dict, words: str, head: Path, bundle: Path, tmp_path: Path) -> None:
    """Even where its own sha256 is right: nothing in a receipt is ever used as a path."""
    from engine.jobs.receipts import _sum

    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out)
    known = json.loads(receipt_beside(out).read_text())
    known.pop("sha256")
    body = json.dumps({**known, **values})
    receipt_beside(out).write_text(json.dumps({**json.loads(body), "sha256": _sum(body)}))
    with pytest.raises(EngineError, match=words):
        again(out, scan=head)


def test_without_a_receipt_there_is_nothing_to_replay(head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out)
    receipt_beside(out).unlink()
    with pytest.raises(InputError, match="has no receipt") as caught:
        again(out, scan=head, bundle=bundle)
    assert "m.nii.gz.receipt.json" in caught.value.hint
    with pytest.raises(InputError, match="does not exist"):
        again(tmp_path / "none.nii.gz")
    with pytest.raises(InputError, match="kind that no mask has"):
        again(bundle)


def test_a_scan_that_is_gone_is_asked_for(head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "m.nii.gz"
    ask(head, bundle, out)
    with pytest.raises(InputError, match=r"not in .*or it was changed") as caught:
        again(out, bundle=bundle)
    assert "--scan" in caught.value.hint
    assert caught.value.field == "scan"


def test_other_versions_are_told(head: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out)
    monkeypatch.setattr(replay, "present_versions", lambda: {"numpy": "99.0"})
    events: list[Event] = []
    assert again(out, events, scan=head, bundle=bundle)["equal"]
    told = [event.message for event in events if isinstance(event, Log) and event.level == "warning"]
    assert any("numpy" in message and "now 99.0" in message for message in told)


def test_a_receipt_holds_no_path_and_no_time(head: Path, bundle: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "m.nrrd", tmp_path / "b" / "m.nrrd"
    for out in (first, second):
        ask(head, bundle, out)
    assert first.read_bytes() == second.read_bytes()
    text = stored_receipt(first)
    assert text is not None
    assert "head" not in text
    assert "/" not in text.replace("and/or", "")
    receipt = receipt_of(first)
    assert receipt is not None
    assert receipt.bundle.name == "tiny"


def test_the_command_and_its_exit_codes(
    head: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out)
    shutil.copy(bundle, tmp_path / "tiny.vlseg")
    assert main(["replay", str(out)]) == 0
    assert "Equal" in capsys.readouterr().out
    assert main(["replay", str(out), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert lines[-1]["result"]["equal"] is True
    twin = write_tiny_bundle(tmp_path / "other" / "twin.vlseg", name="twin")
    assert main(["replay", str(out), "--bundle", str(twin)]) == 2
    assert main(["replay", str(tmp_path / "none.nii.gz")]) == 2


def test_one_volume_of_a_file_that_holds_several(bundle: Path, tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    volumes = [sitk.GetImageFromArray(draw.integers(0, 256, (4, 16, 16)).astype(np.uint8)) for _ in range(3)]
    sitk.WriteImage(sitk.JoinSeries(volumes), str(tmp_path / "film.nii.gz"))
    result = ask(tmp_path / "film.nii.gz", bundle, tmp_path / "masks", series="all", threshold=0.4)
    masks = [Path(entry["mask"]) for entry in result["masks"]]
    assert len(set(masks)) == 3
    for mask in masks:
        assert again(mask, scan=tmp_path / "film.nii.gz", bundle=bundle)["equal"]
    assert again(masks[1], scan=tmp_path, bundle=bundle)["equal"]


def test_a_choice_of_dicom_seg_does_not_spoil_another_format(head: Path, bundle: Path, tmp_path: Path) -> None:
    """.seg.nrrd holds masks whatever is asked of DICOM SEG; its receipt says what it holds."""
    out = tmp_path / "m.seg.nrrd"
    more = {"fractional": True, "identity": "keep", "threshold": 0.4, "largest": True, "fill_holes": True}
    ask(head, bundle, out, "bright", "red", **more)
    assert again(out, scan=head, bundle=bundle)["equal"]
    assert ask(head, bundle, out, "bright", "red", **more)["skipped"]


def test_a_presence_that_is_no_number_is_refused(head: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.nii.gz"
    ask(head, bundle, out)
    receipt = receipt_of(out)
    assert receipt is not None
    forged = receipt.model_copy(update={"settings": {"presence": "all"}})
    receipt_beside(out).write_text(forged.text())
    with pytest.raises(InputError, match="not known"):
        again(out, scan=head, bundle=bundle)
