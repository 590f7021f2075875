"""A mask that was edited by hand is written as it is, and says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.contract.errors import GridMismatch, InputError
from engine.contract.jobs import Replay, SaveMask, Segment
from engine.jobs import replay, save_mask, segment
from engine.jobs.receipts import receipt_of
from engine.volumes.formats import FORMATS
from engine.volumes.reading import read_mask, read_scan
from engine.volumes.stored_receipts import stored_receipt
from tests.fakes.dicom_files import SECRETS, evenly, write_series
from tests.fakes.tiny_bundle import write_tiny_bundle

SHAPE = (6, 16, 20)


@pytest.fixture
def head(tmp_path: Path) -> Path:
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8))
    image.SetSpacing((2.0, 1.0, 0.5))
    sitk.WriteImage(image, str(tmp_path / "head.nii.gz"))
    return tmp_path / "head.nii.gz"


def drawn(folder: Path, seed: int, shape: tuple[int, ...] = SHAPE) -> tuple[str, np.ndarray]:
    mask = np.random.default_rng(seed).random(shape) > 0.6
    path = folder / f"mask-{seed}.npy"
    np.save(path, mask.astype(np.uint8) * np.uint8(255))
    return str(path), mask


def save(scan: Path, masks: list[str], out: Path, *prompts: str, **more: Any) -> dict[str, Any]:
    prompts = prompts or ("liver",)
    job = SaveMask(str(scan), masks, list(prompts), str(out), **{"edited": list(prompts), **more})
    return save_mask.run(job, lambda event: None, CancelToken(), "job")


def again(mask: Path, scan: Path) -> dict[str, Any]:
    return replay.run(Replay(str(mask), str(scan)), lambda event: None, CancelToken(), "job")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_one_mask_in_every_format_has_its_voxels_and_its_receipt(suffix: str, head: Path, tmp_path: Path) -> None:
    path, mask = drawn(tmp_path, 1)
    out = tmp_path / f"out{suffix}"
    result = save(head, [path], out)
    assert np.array_equal(read_mask(out).voxels, mask)
    assert result["masks"] == [
        {"prompt": "liver", "voxels": int(mask.sum()), "ml": pytest.approx(mask.sum() * 0.001), "edited": True}
    ]
    receipt = receipt_of(out)
    assert receipt is not None
    assert receipt.edited == ["liver"]
    found = again(out, head)
    assert found["edited"] == ["liver"]
    assert found["unchanged"]
    assert not found["equal"]
    json.dumps(found)


def test_several_masks_in_one_array_have_a_legend_and_the_earlier_has_the_overlap(head: Path, tmp_path: Path) -> None:
    (one, first), (two, second) = drawn(tmp_path, 1), drawn(tmp_path, 2)
    result = save(head, [one, two], tmp_path / "out.nrrd", "liver", "tumour", edited=["tumour"])
    stored = read_mask(tmp_path / "out.nrrd").voxels
    assert np.array_equal(stored, np.where(first, 1, np.where(second, 2, 0)))
    legend = json.loads(Path(result["legend"]).read_text())
    assert [row["edited"] for row in legend["labels"]] == [False, True]
    assert legend["overlapping_voxels"] == int((first & second).sum()) == result["overlapping_voxels"]
    assert again(tmp_path / "out.nrrd", head)["unchanged"]


def test_segments_keep_their_overlap_names_and_colours(head: Path, tmp_path: Path) -> None:
    (one, first), (two, second) = drawn(tmp_path, 1), drawn(tmp_path, 2)
    out = tmp_path / "out.seg.nrrd"
    save(head, [one, two], out, "liver", "tumour", colours={"liver": "#112233"})
    stored = FORMATS.get("seg_nrrd")().read_segments(out)  # type: ignore[attr-defined]
    assert [segment.name for segment in stored.masks] == ["liver", "tumour"]
    assert stored.masks[0].colour == "#112233"
    for segment_, mask in zip(stored.masks, (first, second), strict=True):
        assert np.array_equal(segment_.voxels, mask)
    assert again(out, head)["unchanged"]


def test_a_picture_is_saved_as_png_that_can_be_seen(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((16, 20, 3), np.uint8)).save(tmp_path / "photo.png")
    path, mask = drawn(tmp_path, 3, (1, 16, 20))
    save(tmp_path / "photo.png", [path], tmp_path / "photo_liver.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "photo_liver.png")), mask[0] * 255)
    assert again(tmp_path / "photo_liver.png", tmp_path / "photo.png")["unchanged"]


def test_dicom_seg_needs_the_question_of_identity_and_says_that_a_hand_was_in_it(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", evenly(5), shape=(16, 16))
    scan = read_scan(tmp_path / "ct")
    (one, _), (two, _) = drawn(tmp_path, 1, scan.shape_zyx), drawn(tmp_path, 2, scan.shape_zyx)
    out = tmp_path / "out.dcm"
    with pytest.raises(InputError, match=r"(?i)patient"):
        save(tmp_path / "ct", [one, two], out, "liver", "tumour")
    assert not out.exists()
    save(tmp_path / "ct", [one, two], out, "liver", "tumour", identity="deidentify", edited=["tumour"])
    kinds = [item.SegmentAlgorithmType for item in pydicom.dcmread(out).SegmentSequence]
    assert kinds == ["AUTOMATIC", "SEMIAUTOMATIC"]
    assert again(out, tmp_path / "ct")["unchanged"]
    text = stored_receipt(out)
    assert text is not None
    assert not any(secret.lower() in text.lower() for secret in SECRETS)


def test_a_change_after_saving_is_told(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = drawn(tmp_path, 1)
    out = tmp_path / "out.nrrd"
    save(head, [path], out)
    image = sitk.ReadImage(str(out))
    image[0, 0, 0] = 1 - image[0, 0, 0]
    sitk.WriteImage(image, str(out))
    found = again(out, head)
    assert not found["unchanged"]
    assert "changed since" in found["reasons"][0]
    assert main(["replay", str(out), "--scan", str(head)]) == 2
    assert "Edited by hand" in "".join(capsys.readouterr())


def test_what_cannot_be_saved_is_refused_and_nothing_is_written(head: Path, tmp_path: Path) -> None:
    path, _ = drawn(tmp_path, 1)
    other, _ = drawn(tmp_path, 2, (6, 16, 21))
    out = tmp_path / "out.nii.gz"
    with pytest.raises(GridMismatch):
        save(head, [other], out)
    with pytest.raises(InputError, match="no longer there"):
        save(head, [str(tmp_path / "gone.npy")], out)
    with pytest.raises(InputError, match="same name"):
        save(head, [path, path], out, "liver", "liver")
    with pytest.raises(InputError, match="There is no mask"):
        save(head, [], out)
    with pytest.raises(InputError, match="scan itself"):
        save(head, [path], head, overwrite=True)
    assert not out.exists()
    out.write_bytes(b"another")
    with pytest.raises(InputError, match="already exists"):
        save(head, [path], out)
    assert out.read_bytes() == b"another"


def test_an_edited_mask_never_counts_as_the_models_answer(head: Path, tmp_path: Path) -> None:
    """Asking again for the same file is refused: the edited mask is neither taken for the answer nor replaced."""
    bundle = write_tiny_bundle(tmp_path / "tiny.vlseg")
    out = tmp_path / "masks" / "head_bright.nii.gz"
    job = Segment([str(head)], str(bundle), ["bright"], str(out), axis="axial", threshold=0.5)
    segment.run(job, lambda event: None, CancelToken(), "job")
    model = read_mask(out).voxels.copy()
    np.save(tmp_path / "same.npy", model.astype(np.uint8))
    save(head, [str(tmp_path / "same.npy")], out, "bright", bundle=str(bundle), axis="axial", overwrite=True)
    receipt = receipt_of(out)
    assert receipt is not None
    assert receipt.bundle.name == "tiny"
    with pytest.raises(InputError, match="already exists"):
        segment.run(job, lambda event: None, CancelToken(), "job")
