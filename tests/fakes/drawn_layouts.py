"""Tiny drawn datasets in the shape of each layout: three cases or more, with real (drawn) pictures in them.

Every function fills a folder and returns case id → a file without which that case cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import yaml
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from engine.data.shapes import pack

Layout = Callable[[Path], dict[str, Path]]
SIZE = (40, 48)


def photo(seed: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """Noise [h, w, 3]."""
    return np.random.default_rng(1000 + seed).integers(0, 255, (*size, 3), dtype=np.uint8)


def disc(seed: int, value: int = 255, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """A mask [h, w] with a disc of `value`, somewhere in the middle."""
    rng = np.random.default_rng(seed)
    row, column = rng.integers(15, 25, 2)
    rows, columns = np.ogrid[: size[0], : size[1]]
    return np.where((rows - row) ** 2 + (columns - column) ** 2 < 60, value, 0).astype(np.uint8)


def save(path: Path, values: NDArray[Any], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


def volume(path: Path, voxels: NDArray[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path))
    return path


def scan(seed: int, depth: int = 4) -> NDArray[np.int16]:
    """CT-like noise [z, y, x]."""
    return np.random.default_rng(seed).integers(-1000, 1000, (depth, 24, 32)).astype(np.int16)


def organs(*values: int, depth: int = 4) -> NDArray[np.uint8]:
    """Blocks of the values beside each other [z, y, x]."""
    found = np.zeros((depth, 24, 32), np.uint8)
    for at, value in enumerate(values):
        found[1:3, 4:12, 2 + 7 * at : 8 + 7 * at] = value
    return found


def folder_pairs(folder: Path) -> dict[str, Path]:
    for at, name in enumerate("abc"):
        save(folder / f"images/{name}.png", photo(at))
        save(folder / f"masks/{name}.png", disc(at))
    return {name: folder / f"masks/{name}.png" for name in "abc"}


def task_files(folder: Path) -> dict[str, Path]:
    """Two labels in sub-folders, an image with one of them only, prompts with alternatives, and a negative."""
    found = {}
    for at, (name, split) in enumerate((("a", "train"), ("b", "val"), ("c", "test"), ("d", "train"))):
        save(folder / f"images/{name}.png", photo(at))
        tasks = []
        for number, structure in enumerate(("cavity", "wall"), 1):
            if name == "d" and structure == "wall":
                continue
            mask = save(folder / f"masks/mask_{number}/{name}_gt.png", disc(at + 7 * number))
            texts = [f"{structure.capitalize()} of the heart.", f"{structure.capitalize()} in the ultrasound."]
            said: dict[str, Any] = {"p0": "", "p1": texts, "p2": f"One {structure} at the {name}.", "p10": "long"}
            tasks.append({"img_name": f"{name}.png", "mask_name": f"mask_{number}/{name}_gt.png", "prompts": said})
            found.setdefault(name, mask)
        path = folder / f"anns/{split}.json"
        path.parent.mkdir(exist_ok=True)
        known = json.loads(path.read_text()) if path.exists() else []
        path.write_text(json.dumps([*known, *tasks]))
    # Its other label would keep the case.
    for name in "abc":
        (folder / f"masks/mask_2/{name}_gt.png").unlink()
        for path in (folder / "anns").iterdir():
            rows = json.loads(path.read_text())
            path.write_text(
                json.dumps([row for row in rows if name == "a" or row["mask_name"] != f"mask_2/{name}_gt.png"])
            )
    save(folder / "masks/mask_2/a_gt.png", disc(7))
    return {name: found[name] if name != "a" else folder / "images/a.png" for name in "abcd"}


def class_folders(folder: Path) -> dict[str, Path]:
    found = {}
    for at, (name, split) in enumerate((("a", "training"), ("b", "validation"), ("c", "training"))):
        save(folder / f"images/{split}/{name}.jpg", photo(at))
        kind = ("person", "train")[at % 2]
        found[name] = save(folder / f"annotations/{split}/{kind}/{name}.png", disc(at))
    save(folder / "annotations/training/train/a.png", disc(9))
    found["a"] = folder / "images/training/a.jpg"
    return found


def nnunet(folder: Path) -> dict[str, Path]:
    """Volumes with two labels."""
    top = folder / "Dataset007_Belly"
    for at, name in enumerate("abc"):
        volume(top / f"imagesTr/{name}_0000.nii.gz", scan(at))
        volume(top / f"labelsTr/{name}.nii.gz", organs(1, 2))
    volume(top / "imagesTs/x_0000.nii.gz", scan(9))
    about = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "liver": 1, "left_kidney": 2},
        "numTraining": 3,
        "file_ending": ".nii.gz",
    }
    (top / "dataset.json").write_text(json.dumps(about))
    return {name: top / f"labelsTr/{name}.nii.gz" for name in "abc"}


def decathlon(folder: Path) -> dict[str, Path]:
    top = folder / "Task03_Liver"
    rows = []
    for at, name in enumerate("abc"):
        volume(top / f"imagesTr/{name}.nii.gz", scan(at))
        volume(top / f"labelsTr/{name}.nii.gz", organs(1, 2))
        rows.append({"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"})
    volume(top / "imagesTs/x.nii.gz", scan(9))
    about = {"name": "Liver", "labels": {"0": "background", "1": "liver", "2": "cancer"}, "training": rows}
    (top / "dataset.json").write_text(json.dumps(about))
    return {name: top / f"labelsTr/{name}.nii.gz" for name in "abc"}


def biomedparse(folder: Path) -> dict[str, Path]:
    found = {}
    for at, (name, split) in enumerate((("amos_1", "train"), ("amos_2", "train"), ("amos_3", "test"))):
        case = f"{name}_MRI_abdomen"
        save(folder / f"{split}/{case}.png", photo(at))
        found[case] = save(folder / f"{split}_mask/{case}_left+kidney.png", disc(at))
    save(folder / "train_mask/amos_1_MRI_abdomen_liver.png", disc(5))
    found["amos_1_MRI_abdomen"] = folder / "train/amos_1_MRI_abdomen.png"
    return found


def bids(folder: Path) -> dict[str, Path]:
    (folder / "derivatives/labels").mkdir(parents=True)
    (folder / "dataset_description.json").write_text('{"Name": "drawn cord", "BIDSVersion": "1.7.0"}')
    found = {}
    for at, subject in enumerate(("sub-01", "sub-02", "sub-03")):
        volume(folder / f"{subject}/anat/{subject}_T2w.nii.gz", scan(at))
        inner = folder / f"derivatives/labels/{subject}/anat"
        found[f"{subject}_T2w"] = volume(inner / f"{subject}_T2w_label-SC_seg.nii.gz", organs(1))
        volume(inner / f"{subject}_space-MNI_T2w_label-SC_seg.nii.gz", organs(1))
    return found


def coco(folder: Path) -> dict[str, Path]:
    """An outline, packed and plain run lengths, and an image without objects."""
    found = {}
    for split, names in (("train", "abd"), ("val", "c")):
        images, objects = [], []
        for at, name in enumerate(names):
            path = save(folder / f"{split}2017/{name}.jpg", photo(ord(name)))
            found[name] = path
            images.append({"id": at, "file_name": f"{name}.jpg", "height": SIZE[0], "width": SIZE[1]})
            mask = disc(ord(name), 1).astype(bool)
            runs: list[int] = [0]
            for value in mask.T.ravel().tolist():
                if value == (len(runs) % 2 == 1):
                    runs.append(0)
                runs[-1] += 1
            shape: dict[str, Any] = {
                "a": {"segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]], "iscrowd": 0},
                "b": {"segmentation": {"size": list(SIZE), "counts": pack(mask)}, "iscrowd": 0},
                "c": {"segmentation": {"size": list(SIZE), "counts": runs}, "iscrowd": 1},
                "d": {},
            }[name]
            if shape:
                objects.append({"id": at, "image_id": at, "category_id": 3 if name == "b" else 1, **shape})
        about = {
            "images": images,
            "annotations": objects,
            "categories": [{"id": 1, "name": "polyp"}, {"id": 3, "name": "blood clot"}],
        }
        (folder / "annotations").mkdir(exist_ok=True)
        (folder / f"annotations/instances_{split}2017.json").write_text(json.dumps(about))
    return found


def dataset_yaml(folder: Path) -> dict[str, Path]:
    found = {}
    rows = []
    for at, (name, split) in enumerate((("a", "train"), ("b", "val"), ("c", "test"))):
        save(folder / f"pictures/{name}.png", photo(at))
        found[name] = save(folder / f"truth/{name}-x.png", disc(at, 4))
        rows.append({"id": name, "image": f"pictures/{name}.png", "mask": f"truth/{name}-x.png", "split": split})
    about = {
        "version": 1,
        "name": "drawn stones",
        "labels": [{"value": 4, "name": "stone", "phrase": "a bright stone"}],
        "cases": rows,
    }
    (folder / "dataset.yaml").write_text(yaml.safe_dump(about))
    return found


def kvasir_seg(folder: Path) -> dict[str, Path]:
    top = folder / "Kvasir-SEG"
    names = ["cju0qkwl35piu0993l0dewei2", "cju0qoxqj9q6s0835b43399p4", "cju0qx73cjw570799j4n5cjze"]
    for at, name in enumerate(names):
        save(top / f"images/{name}.jpg", photo(at))
        save(top / f"masks/{name}.jpg", disc(at), quality=80)
    (top / "kavsir_bboxes.json").write_text("{}")
    return {name: top / f"masks/{name}.jpg" for name in names}


def cvc_clinicdb(folder: Path) -> dict[str, Path]:
    top = folder / "CVC-ClinicDB"
    for frame in (1, 2, 26, 51, 612):
        save(top / f"Original/{frame}.tif", photo(frame))
        save(top / f"Ground Truth/{frame}.tif", disc(frame))
    return {str(frame): top / f"Ground Truth/{frame}.tif" for frame in (1, 2, 26, 51, 612)}


def bkai_igh(folder: Path) -> dict[str, Path]:
    for at, name in enumerate(("5fa1", "5fa2", "5fa3")):
        save(folder / f"train/train/{name}.jpeg", photo(at))
        coloured = np.zeros((*SIZE, 3), np.uint8)
        coloured[4:20, 4:20, 0 if at < 2 else 1] = 255
        coloured[24:36, 24:40, 1] = 255
        save(folder / f"train_gt/train_gt/{name}.jpeg", coloured, quality=75)
    save(folder / "test/test/5ff0.jpeg", photo(9))
    return {name: folder / f"train_gt/train_gt/{name}.jpeg" for name in ("5fa1", "5fa2", "5fa3")}


def isic2016(folder: Path) -> dict[str, Path]:
    found = {}
    for at, (part, number) in enumerate((("Training", 0), ("Training", 1), ("Training", 2), ("Test", 3))):
        name = f"ISIC_000000{number}"
        save(folder / f"ISBI2016_ISIC_Part1_{part}_Data/{name}.jpg", photo(at))
        found[name] = save(folder / f"ISBI2016_ISIC_Part1_{part}_GroundTruth/{name}_Segmentation.png", disc(at))
    return found


def dfuc2022(folder: Path) -> dict[str, Path]:
    for at in range(3):
        save(folder / f"DFUC2022_train_images/10000{at}.jpg", photo(at))
        save(folder / f"DFUC2022_train_masks/10000{at}.png", disc(at))
    save(folder / "DFUC2022_val_images/200001.jpg", photo(9))
    return {f"10000{at}": folder / f"DFUC2022_train_masks/10000{at}.png" for at in range(3)}


def fuseg(folder: Path) -> dict[str, Path]:
    found = {}
    for at, (part, name) in enumerate((("train", "0001"), ("train", "0002"), ("validation", "0001"))):
        save(folder / f"{part}/images/{name}.png", photo(at))
        found[f"{part}/{name}"] = save(folder / f"{part}/labels/{name}.png", disc(at))
    save(folder / "test/images/1001.png", photo(9))
    return found


def camus(folder: Path) -> dict[str, Path]:
    found = {}
    for number in (1, 2, 3):
        home = folder / f"database_nifti/patient000{number}"
        for view in ("2CH", "4CH"):
            name = f"patient000{number}_{view}_ED"
            volume(home / f"{name}.nii.gz", scan(number, 1).astype(np.uint8) // 2)
            found[name] = volume(home / f"{name}_gt.nii.gz", organs(1, 2, 3, depth=3)[1:2])
        volume(home / f"patient000{number}_2CH_half_sequence.nii.gz", scan(number, 5))
        (home / "Info_2CH.cfg").write_text("Sex: F\nAge: 56\nImageQuality: Good\n")
    return found


def busi(folder: Path) -> dict[str, Path]:
    top = folder / "Dataset_BUSI_with_GT"
    found = {}
    for kind in ("benign", "malignant", "normal"):
        for number in (1, 2):
            name = f"{kind} ({number})"
            seed = number + 10 * len(kind)
            save(top / kind / f"{name}.png", photo(seed))
            found[name] = save(top / kind / f"{name}_mask.png", disc(seed, 0 if kind == "normal" else 255))
    save(top / "benign/benign (2)_mask_1.png", np.where(np.arange(48)[None] < 6, 255, 0).repeat(40, 0).astype(np.uint8))
    found["benign (2)"] = top / "benign/benign (2).png"
    return found


def chexlocalize(folder: Path) -> dict[str, Path]:
    from engine.data.readers.chexlocalize import FINDINGS

    lists: dict[str, Any] = {}
    found = {}
    for number in (1, 2, 3):
        name = f"patient6454{number}_study1_view1_frontal"
        path = folder / f"CheXpert/val/patient6454{number}/study1/view1_frontal.jpg"
        found[name] = save(path, photo(number)[..., 0])
        lists[name] = {
            finding: {
                "size": list(SIZE),
                "counts": pack(disc(number + at, 1 if at in (0, number) else 0).astype(bool)),
            }
            for at, finding in enumerate(FINDINGS)
        }
    (folder / "CheXlocalize").mkdir()
    (folder / "CheXlocalize/gt_segmentations_val.json").write_text(json.dumps(lists))
    return found


def _palette_mask(path: Path, values: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(values)
    image.putpalette([int(level) for level in np.random.default_rng(0).integers(0, 255, 768)])
    image.save(path)
    return path


def pascal_voc(folder: Path) -> dict[str, Path]:
    top = folder / "VOCdevkit/VOC2012"
    found = {}
    for at, name in enumerate(("2007_000032", "2007_000039", "2007_000063")):
        save(top / f"JPEGImages/{name}.jpg", photo(at))
        values = disc(at, 1) + np.roll(disc(at, 1), 1, axis=1)
        values = np.where(values == 1, 255, np.where(values == 2, (1, 20, 12)[at], 0)).astype(np.uint8)
        found[name] = _palette_mask(top / f"SegmentationClass/{name}.png", values)
    save(top / "JPEGImages/2008_000001.jpg", photo(8))
    lists = top / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("2007_000032\n2007_000063\n")
    (lists / "val.txt").write_text("2007_000039\n")
    return found


def cityscapes(folder: Path) -> dict[str, Path]:
    found = {}
    for at, (split, city) in enumerate(
        (("train", "aachen"), ("train", "bochum"), ("val", "munster"), ("test", "bonn"))
    ):
        name = f"{city}_000000_000019"
        save(folder / f"leftImg8bit/{split}/{city}/{name}_leftImg8bit.png", photo(at))
        labels = np.full(SIZE, 7, np.uint8)
        labels[:5] = 3
        labels[20:30, 10:30] = 26
        mask = folder / f"gtFine/{split}/{city}/{name}_gtFine_labelIds.png"
        save(mask, labels if split != "test" else np.zeros(SIZE, np.uint8))
        save(mask.with_name(f"{name}_gtFine_color.png"), photo(at))
        if split != "test":
            found[name] = mask
    return found


def drive(folder: Path) -> dict[str, Path]:
    for number in (21, 22, 23):
        save(folder / f"training/images/{number}_training.tif", photo(number))
        save(folder / f"training/1st_manual/{number}_manual1.gif", disc(number))
        save(folder / f"training/mask/{number}_training_mask.gif", np.full(SIZE, 255, np.uint8))
    save(folder / "test/images/01_test.tif", photo(1))
    save(folder / "test/mask/01_test_mask.gif", np.full(SIZE, 255, np.uint8))
    return {str(number): folder / f"training/1st_manual/{number}_manual1.gif" for number in (21, 22, 23)}


def brats(folder: Path) -> dict[str, Path]:
    found = {}
    for number in (1, 2, 3):
        name = f"BraTS20_Training_00{number}"
        home = folder / f"MICCAI_BraTS2020_TrainingData/{name}"
        for contrast in ("flair", "t1", "t1ce", "t2"):
            volume(home / f"{name}_{contrast}.nii.gz", np.abs(scan(number)))
        found[name] = volume(home / f"{name}_seg.nii.gz", organs(1, 2, 4))
    return found


def totalsegmentator(folder: Path) -> dict[str, Path]:
    for number in (1, 2, 3):
        home = folder / f"s000{number}"
        volume(home / "ct.nii.gz", scan(number))
        volume(home / "segmentations/liver.nii.gz", (organs(1, 2) == 1).astype(np.uint8))
        volume(home / "segmentations/kidney_left.nii.gz", (organs(1, 2) == 2).astype(np.uint8))
    return {f"s000{number}": folder / f"s000{number}/ct.nii.gz" for number in (1, 2, 3)}


LAYOUTS: dict[str, Layout] = {
    drawn.__name__: drawn
    for drawn in (
        *(folder_pairs, task_files, class_folders, nnunet, decathlon, biomedparse, bids, coco, dataset_yaml),
        *(kvasir_seg, cvc_clinicdb, bkai_igh, isic2016, dfuc2022, fuseg, camus, busi, chexlocalize, pascal_voc),
        *(cityscapes, drive, brats, totalsegmentator),
    )
}
"""Layout → its drawn example. A new layout adds its function here."""
