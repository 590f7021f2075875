"""Sample datasets: drawn alike for a seed, complete, in the documented layout, and right in the world."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.contract.errors import Cancelled, DiskFull
from engine.synthetic.sample_data import SAMPLE_SETS, ensure_sample_data, write_ct_volume, write_dataset

PICTURES = [kind for kind in SAMPLE_SETS if kind != "abdomen-ct-volume"]


@pytest.mark.parametrize("kind", PICTURES)
def test_a_set_has_pairs_and_says_that_it_is_synthetic(kind: str, tmp_path: Path) -> None:
    labels = write_dataset(kind, tmp_path, count=5, seed=3)
    images, masks = (sorted((tmp_path / part).iterdir()) for part in ("images", "masks"))
    assert [path.stem for path in images] == [path.stem for path in masks]
    assert len(images) == 5
    seen = set()
    for image_file, mask_file in zip(images, masks, strict=True):
        image, mask = np.asarray(Image.open(image_file)), np.asarray(Image.open(mask_file))
        assert image.shape == (*mask.shape, 3)
        assert image.std() > 5, "a flat picture shows nothing"
        seen |= set(np.unique(mask).tolist())
    assert seen == {0, *(label.value for label in labels)}
    description = json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))
    assert description["synthetic"] is True
    assert "synthetic" in description["title"]
    assert [label["phrase"] for label in description["labels"]] == [label.phrase for label in labels]


def test_a_seed_gives_the_same_files(tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_dataset("polyps", tmp_path / folder, count=2, seed=seed)
    first, again, other = (np.asarray(Image.open(tmp_path / folder / "images" / "polyps_0001.png")) for folder in "abc")
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_slices_of_one_patient_share_a_name(tmp_path: Path) -> None:
    write_dataset("abdomen-ct", tmp_path, count=7)
    patients = [path.stem.split("_")[0] for path in sorted((tmp_path / "masks").iterdir())]
    assert patients == ["patient001"] * 5 + ["patient002"] * 2


def test_the_volume_is_right_in_the_world(tmp_path: Path) -> None:
    scan_file, mask_file = write_ct_volume(tmp_path, seed=4)
    scan, mask = sitk.ReadImage(str(scan_file)), sitk.ReadImage(str(mask_file))
    assert scan.GetPixelID() == sitk.sitkInt16
    assert scan.GetSize() == mask.GetSize()
    assert scan.GetOrigin() == mask.GetOrigin() != (0.0, 0.0, 0.0)
    assert len(set(scan.GetSpacing())) > 1
    values, labels = sitk.GetArrayFromImage(scan), sitk.GetArrayFromImage(mask)
    assert set(np.unique(labels).tolist()) == {0, 1, 2, 3}
    assert values.min() < -900, "air round the body"
    assert 60 < values[labels == 1].mean() < 160, "a liver's HU"

    def middle(label: int) -> tuple[float, ...]:
        z, y, x = (int(axis.mean()) for axis in np.nonzero(labels == label))
        return mask.TransformIndexToPhysicalPoint((x, y, z))

    liver, spleen = middle(1), middle(2)
    assert liver[0] + 60 < spleen[0], "x grows to the patient's left: the liver lies right, the spleen left"


def test_what_is_there_is_not_drawn_again_and_crashes_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setitem(SAMPLE_SETS, "breast-ultrasound", replace(SAMPLE_SETS["breast-ultrasound"], count=2))
    ids = ("breast-ultrasound",)
    places = ensure_sample_data(tmp_path, ids, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    assert [path.name for path in tmp_path.iterdir()] == ["breast-ultrasound"], "no partial folder stays behind"
    ensure_sample_data(tmp_path, ids, progress=lambda done, total: told.append((done, total)))
    assert len(told) == 2
    (places["breast-ultrasound"] / "dataset.json").unlink()
    ensure_sample_data(tmp_path, ids, progress=lambda done, total: told.append((done, total)))
    assert len(told) == 4


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "No space left on device"), Cancelled()])
def test_what_stops_the_drawing_leaves_nothing_behind(tmp_path: Path, stop: Exception) -> None:
    def progress(done: int, _total: int) -> None:
        if done == 2:
            raise stop

    with pytest.raises(DiskFull if isinstance(stop, OSError) else Cancelled):
        ensure_sample_data(tmp_path, ("polyps",), progress=progress)
    assert not list(tmp_path.iterdir())
