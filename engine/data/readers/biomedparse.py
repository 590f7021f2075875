"""BiomedParse file names: what is to be found is in the mask's name (microsoft/BiomedParse).

train/amos_0004_MRI_abdomen.png       train_mask/amos_0004_MRI_abdomen_left+kidney.png
test/…                                test_mask/…          or one folder of images beside one of masks

IMG_MODALITY_SITE_TARGET.png: "+" stands for a space. An image has a mask for each target that it shows; of the other
targets nothing is known.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from engine.data.matching import SPLIT_FOLDERS, patient_of
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import label_table, no_image, no_mask, unique_ids, words
from engine.data.tree import below, files_in, folders_in, place, stem

_KINDS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_MODALITIES = frozenset(
    "ct mr mri mri-t1 mri-t2 mri-flair mri-t1-gd mri-adc us ultrasound xray x-ray cxr pathology endoscope endoscopy "
    "dermoscopy fundus oct pet microscopy".split()
)


@LAYOUTS.register("biomedparse")
class BiomedParse:
    """Registered layout; see the module's text."""

    title = "BiomedParse file names"

    def recognises(self, folder: Path) -> float:
        return 0.0 if _top(folder) is None else 0.93

    def cases(self, folder: Path) -> CaseList:
        top = _top(folder) or folder
        problems: list[Problem] = []
        found: list[tuple[Path, str | None, list[tuple[str, Path]]]] = []
        kinds: set[str] = set()
        for images, masks, split in _pairs(top):
            by_stem = {stem(path): path for path in files_in(images, *_KINDS)}
            own: dict[str, list[tuple[str, Path]]] = defaultdict(list)
            for mask in files_in(masks, *_KINDS):
                image, _, target = stem(mask).rpartition("_")
                if image in by_stem and target:
                    own[image].append((target, mask))
                else:
                    problems.append(no_image(place(mask, folder), place(images / f"{image}{mask.suffix}", folder)))
            for name, image_path in by_stem.items():
                if not own[name]:
                    wanted = masks / f"{name}_TARGET{image_path.suffix}"
                    problems.append(no_mask(place(image_path, folder), place(wanted, folder)))
                    continue
                kinds.add(" ".join(words(part) for part in reversed(name.split("_")[-2:])))
                found.append((image_path, split, own[name]))
        targets = sorted({target for _, _, masks_of in found for target, _ in masks_of})
        values = {target: number for number, target in enumerate(targets, 1)}
        names = {str(image): (stem(image), f"{split}/{stem(image)}") for image, split, _ in found}
        ids = unique_ids(names)
        # One modality and site for all: the phrase says it, as BiomedParse's own prompts do.
        where = f" in {next(iter(kinds))}" if len(kinds) == 1 else ""
        return CaseList(
            cases=tuple(
                Case(
                    ids[str(image)],
                    patient_of(stem(image)),
                    image,
                    tuple(MaskFile(mask, value=values[target]) for target, mask in masks_of),
                    split,
                    known=frozenset(values[target] for target, _ in masks_of),
                )
                for image, split, masks_of in found
            ),
            problems=tuple(problems),
            labels=label_table([(values[target], _said(target), _said(target) + where) for target in targets]),
            details=f"{len(targets)} targets in the names of masks",
        )


def _said(target: str) -> str:
    return words(target.replace("+", " "))


def _top(folder: Path) -> Path | None:
    return next((one for one in below(folder, 2) if _fits(one)), None)


def _pairs(top: Path) -> list[tuple[Path, Path, str | None]]:
    """Folders of images and masks with their split."""
    found: list[tuple[Path, Path, str | None]] = []
    folders = {one.name.casefold(): one for one in folders_in(top)}
    for name, home in folders.items():
        for ending in ("_mask", "_masks", "_label", "_labels"):
            if name + ending in folders:
                found.append((home, folders[name + ending], SPLIT_FOLDERS.get(name)))
    if not found and "images" in folders and ("masks" in folders or "labels" in folders):
        found.append((folders["images"], folders.get("masks", folders.get("labels", top)), None))
    return found


def _fits(top: Path) -> bool:
    for images, masks, _ in _pairs(top):
        names = {stem(path) for path in files_in(images, *_KINDS)[:5000]}
        for mask in files_in(masks, *_KINDS)[:50]:
            image, _, target = stem(mask).rpartition("_")
            parts = image.split("_")
            if image in names and target and len(parts) >= 3 and parts[-2].casefold() in _MODALITIES:
                return True
    return False
