"""The sample datasets: drawn, never a patient's, written where they are first needed, in seconds and without torch."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from engine.contract.whole_file import told
from engine.synthetic import ct_volume
from engine.synthetic.medical import CaseKind, draw_case

Progress = Callable[[int, int], None]
"""Told how many cases of how many are drawn."""

_SEED: Final = 20_260
_SLICES_PER_PATIENT: Final = 5
_DIRECTION: Final = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)  # voxels run to the right, front and head
_FULL: Final = 255  # what a mask with one label holds on the target, as such datasets usually do


@dataclass(frozen=True)
class SampleLabel:
    """A value in the masks, its name, and the phrase that asks for it."""

    value: int
    name: str
    phrase: str


@dataclass(frozen=True)
class SampleSet:
    """One dataset that can be drawn: its id is the folder's name."""

    id: str
    title: str
    labels: tuple[SampleLabel, ...]
    count: int  # pictures, or volumes


_ORGANS: Final = (
    SampleLabel(ct_volume.LIVER, "liver", "liver"),
    SampleLabel(ct_volume.SPLEEN, "spleen", "spleen"),
    SampleLabel(ct_volume.KIDNEY, "kidney", "kidney"),
)
SAMPLE_SETS: Final[dict[str, SampleSet]] = {
    entry.id: entry
    for entry in (
        SampleSet("polyps", "Polyps, endoscopy (synthetic)", (SampleLabel(_FULL, "polyp", "polyp"),), 100),
        SampleSet(
            "breast-ultrasound",
            "Breast tumours, ultrasound (synthetic)",
            (SampleLabel(_FULL, "tumour", "tumour"),),
            100,
        ),
        SampleSet("skin-lesions", "Skin lesions, dermoscopy (synthetic)", (SampleLabel(_FULL, "mole", "mole"),), 100),
        SampleSet("chest-xray", "Lungs, chest X-ray (synthetic)", (SampleLabel(_FULL, "lungs", "lungs"),), 100),
        SampleSet("liver-ct", "Liver, CT slices (synthetic)", _ORGANS[:1], 100),
        SampleSet("abdomen-ct", "Liver, spleen, kidneys, CT slices (synthetic)", _ORGANS, 100),
        SampleSet("abdomen-ct-volume", "Liver, spleen, kidneys, CT volume (synthetic)", _ORGANS, 1),
    )
}
_SLICED: Final = ("liver-ct", "abdomen-ct")
_SIZES: Final[dict[CaseKind, tuple[tuple[int, int], ...]]] = {  # (height, width); datasets of one source vary
    "polyps": ((176, 176), (160, 192)),
    "breast-ultrasound": ((160, 208), (176, 176)),
    "skin-lesions": ((160, 208), (144, 192)),
    "chest-xray": ((192, 176), (176, 176)),
}


def write_dataset(
    kind: str, folder: Path, count: int | None = None, seed: int = 0, progress: Progress | None = None
) -> tuple[SampleLabel, ...]:
    """Draw a sample set into `folder` as `images/` and `masks/` with equal stems, and return its labels.

    `dataset.json` beside them names the set, says that it is synthetic, and lists the labels. The same kind, count and
    seed give the same pixels. Raises KeyError where `kind` is not in SAMPLE_SETS.
    """
    entry = SAMPLE_SETS[kind]
    count = entry.count if count is None else count
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if kind == "abdomen-ct-volume":
        for number in range(count):
            write_ct_volume(folder, seed + number)
            _tell(progress, number + 1, count)
    else:
        if kind in _SLICED:
            pictures = _ct_slices(count, seed, tuple(label.value for label in entry.labels))
        else:
            pictures = _cases(cast(CaseKind, kind), count, seed)
        for number, (stem, image, mask) in enumerate(pictures):
            Image.fromarray(image).save(folder / "images" / f"{stem}.png")
            Image.fromarray(mask).save(folder / "masks" / f"{stem}.png")
            _tell(progress, number + 1, count)
    description = {"name": entry.id, "title": entry.title, "synthetic": True, "seed": seed}
    description |= {"labels": [asdict(label) for label in entry.labels]}
    (folder / "dataset.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return entry.labels


def ensure_sample_data(
    folder: Path, ids: tuple[str, ...] = tuple(SAMPLE_SETS), progress: Progress | None = None
) -> dict[str, Path]:
    """Draw into `folder` those sample sets that are not there yet, and return the folder of each.

    A set appears whole or not at all: it is drawn beside its place and then renamed. Raises DiskFull, InputError.
    """
    places = {}
    for kind in ids:
        place = folder / kind
        if not (place / "dataset.json").exists():
            beside = folder / f".{kind}.{os.getpid()}.partial"
            try:
                with told(place):
                    write_dataset(kind, beside, progress=progress)
                    if place.exists():  # left by hand or by a crash, without its description
                        shutil.rmtree(place)
                    os.replace(beside, place)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        places[kind] = place
    return places


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _cases(kind: CaseKind, count: int, seed: int) -> Iterator[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]:
    sizes = _SIZES[kind]
    for number in range(count):
        rng = np.random.default_rng((_SEED, seed, sorted(_SIZES).index(kind), number))
        case = draw_case(kind, rng, sizes[int(rng.integers(len(sizes)))])
        yield f"{kind}_{number + 1:04d}", case.image, (case.mask * _FULL).astype(np.uint8)


def _ct_slices(
    count: int, seed: int, values: tuple[int, ...]
) -> Iterator[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield windowed slices, a few of each drawn patient; the stem names the patient, so that splits can respect it.

    `values` are the structures that the masks hold; others are drawn, but belong to no mask.
    """
    for number in range(count):
        patient, part = divmod(number, _SLICES_PER_PATIENT)
        if part == 0:
            rng = np.random.default_rng((_SEED, seed, 99, patient))
            # Slices of 24 mm distance: neighbours are not copies of each other.
            volume = ct_volume.draw_abdomen(rng, (_SLICES_PER_PATIENT, 160, 192), (24.0, 2.0, 2.0))
        image = np.repeat(ct_volume.window(volume.hounsfield[part])[:, :, None], 3, axis=2)
        labels = volume.labels[part]
        yield f"patient{patient + 1:03d}_slice{part + 1:02d}", image, np.where(np.isin(labels, values), labels, 0)


def write_ct_volume(folder: Path, seed: int = 0) -> tuple[Path, Path]:
    """Write one CT-like volume and its labels as NIfTI under `images/` and `masks/` and return both paths.

    Stored as many scanners' exports are: voxels run to the patient's right and to the front, spacing is anisotropic,
    and the origin lies far from zero. In the world the liver is on the patient's right whatever the storage order.
    """
    volume = ct_volume.draw_abdomen(np.random.default_rng((_SEED, seed, 98)))
    spacing_z, spacing_y, spacing_x = volume.spacing_zyx
    _, height, width = volume.labels.shape
    # LPS millimetres of the first stored voxel: the left back corner.
    origin = (width / 2 * spacing_x + 3.4, height / 2 * spacing_y - 128.25, -712.5)
    paths = []
    voxels: NDArray[np.int16] | NDArray[np.uint8]
    for part, voxels in (("images", volume.hounsfield), ("masks", volume.labels)):
        image = sitk.GetImageFromArray(np.ascontiguousarray(voxels[:, ::-1, ::-1]))
        image.SetSpacing((spacing_x, spacing_y, spacing_z))  # type: ignore[no-untyped-call]
        image.SetDirection(_DIRECTION)  # type: ignore[no-untyped-call]
        image.SetOrigin(origin)  # type: ignore[no-untyped-call]
        path = folder / part / f"abdomen_{seed + 1:03d}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(path), useCompression=True)
        paths.append(path)
    return paths[0], paths[1]
