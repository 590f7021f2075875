"""One folder of masks for each class: the published system's form of Pascal VOC, Cityscapes and ADE20K.

images/training/a.jpg  annotations/training/person/a.png  annotations/training/dog/a.png
images/a.png           masks/left lung/a.png              masks/right lung/a.png

A mask marks its class with any value above 0. An image without a file in a class's folder does not show that class.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from engine.data.listing import Listed, files_of
from engine.data.matching import patient_of, without_mask_words
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import label_table, no_image, unique_ids, words
from engine.data.tree import below, child, files_in, folders_in, place, stem
from engine.volumes.formats.base import known_suffixes

_IMAGES = ("images", "image", "imgs")
_MASKS = ("annotations", "masks", "labels", "annotation", "mask")


@dataclass
class _Side:
    images: list[Listed]
    masks: list[Listed]


@LAYOUTS.register("class_folders")
class ClassFolders:
    """Registered layout; see the module's text."""

    title = "A folder of masks for each class"

    def recognises(self, folder: Path) -> float:
        return 0.0 if _top(folder) is None else 0.92

    def cases(self, folder: Path) -> CaseList:
        top = _top(folder) or folder
        side = _sides(top)
        # (split, folders, stem) of an image, as far as a mask's name says it.
        images = {(listed.split, listed.inner, listed.stem): listed for listed in side.images}
        alone = {(inner, name): listed for (_, inner, name), listed in images.items()}
        classes = sorted({listed.inner.split("/")[0] for listed in side.masks if listed.inner})
        values = {name: number for number, name in enumerate(classes, 1)}
        masks_of: dict[str, list[MaskFile]] = defaultdict(list)
        problems: list[Problem] = []
        for mask in side.masks:
            name, _, inner = mask.inner.partition("/")
            image = None
            for bare in dict.fromkeys((mask.stem, without_mask_words(mask.stem))):
                image = image or images.get((mask.split, inner, bare)) or alone.get((inner, bare))
            if name and image is not None:
                masks_of[image.relative].append(MaskFile(mask.path, value=values[name]))
            else:
                problems.append(no_image(place(mask.path, folder), f"images/{mask.stem}.png"))
        ids = unique_ids(
            {
                image.relative: (
                    "/".join(part for part in (image.inner, image.stem) if part),
                    "/".join(part for part in (image.split, image.inner, image.stem) if part),
                    image.relative,
                )
                for image in side.images
            }
        )
        cases = []
        for image in side.images:
            if not masks_of[image.relative]:
                problems.append(_no_class(place(image.path, folder)))
                continue
            where = "/".join(part for part in (image.inner, image.stem) if part)
            cases.append(
                Case(ids[image.relative], patient_of(where), image.path, tuple(masks_of[image.relative]), image.split)
            )
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=label_table([(values[name], words(name)) for name in classes]),
            details=f"{len(classes)} classes, a folder of masks each; a class without a mask is not in the image",
        )


def _top(folder: Path) -> Path | None:
    return next((one for one in below(folder, 2) if _fits(one)), None)


def _fits(top: Path) -> bool:
    """Masks in folders of their own, whose names are those of images that lie in no such folder."""
    images, masks = child(top, *_IMAGES), child(top, *_MASKS)
    if images is None or masks is None:
        return False
    for home in (masks, *folders_in(masks)):
        beside = images / home.name if home != masks else images
        # Of splits on both sides, or of none; class folders that images have too are only sub-folders.
        places = [beside] if beside.is_dir() else [images]
        names = {stem(path) for one in places for path in files_in(one)[:2000]}
        for inner in folders_in(home):
            if (beside / inner.name).is_dir() or not names:
                continue
            if any(without_mask_words(stem(path)) in names or stem(path) in names for path in files_in(inner)[:20]):
                return True
    return False


def _sides(top: Path) -> _Side:
    suffixes = known_suffixes()
    found = [listed for listed in files_of(top) if listed.suffix in suffixes]
    return _Side(
        [listed for listed in found if listed.role == "image"], [listed for listed in found if listed.role == "mask"]
    )


def _no_class(path: str) -> Problem:
    return Problem(
        kind="image_without_mask",
        severity="error",
        message="No class has a mask of this image; it is left out.",
        path=path,
        fix="Add a mask (an empty one, if it shows none of the classes), or remove the image.",
    )
