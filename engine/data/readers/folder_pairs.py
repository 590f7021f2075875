"""Pairs in folders: `images/` + `masks/` (or `labels/`), with or without train, val and test, or in one flat folder.

images/a.png        masks/a.png            the same stem
images/a.png        masks/a_mask.png       or -mask, _segmentation, _manual1, _gt, _seg, _label …
train/images/a.png  train/masks/a.png      splits outside …
images/train/a.png  masks/train/a.png      … or inside
a.png               a_mask.png             one flat folder
images/sub-01/a.nii.gz  labels/sub-01/a.nii.gz    folders within are part of the name
images/p1/IM0001 …      labels/p1.nii.gz          a folder of DICOM slices is one scan
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.data.dataset_json import read_description
from engine.data.listing import Listed, files_of, name_is_text, only_folder, with_series
from engine.data.matching import mask_preference, patient_of, without_image_words, without_mask_words
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.volumes.formats.base import known_suffixes

# Detached voxels of a header file, tables and texts: nobody wonders that they are not read as images.
_QUIET_SUFFIXES = frozenset(".raw .zraw .csv .tsv .txt .md .rst .json .yaml .xml .pdf".split()) | {""}

_MOST_WRAPPINGS = 3


@LAYOUTS.register("folder_pairs")
class FolderPairs:
    """Registered layout; see the module's text for the shapes that it knows."""

    title = "Folders of images and masks"

    def __init__(self) -> None:
        self._seen: tuple[Path, tuple[list[Listed], list[Problem], Path]] | None = None

    def recognises(self, folder: Path) -> float:
        found = _files(folder)
        self._seen = (folder, found)  # the list that follows need not read the folder again
        files, _, _ = found
        roles = Counter(listed.role for listed in files if listed.suffix in _known_suffixes())
        if roles["image"] and roles["mask"]:
            return 0.9
        images, masks = _sides(files)
        if _matched(images, masks):
            return 0.5
        # One side only: the reader can say what lacks better than "not recognised".
        return 0.2 if roles["image"] or roles["mask"] else 0.0

    def cases(self, folder: Path) -> CaseList:
        seen, self._seen = self._seen, None
        files, unnamed, top = seen[1] if seen is not None and seen[0] == folder else _files(folder)
        known = [listed for listed in files if listed.suffix in _known_suffixes()]
        images, masks = _sides(files)
        masks_of = _matched(images, masks)
        described = read_description(top)
        names = _case_ids(images)
        problems = [*described.problems, *unnamed, *_unknown_kinds(files), *_outside(known, images, masks)]
        cases: list[Case] = []
        for image in images:
            own = sorted(masks_of.get(image.relative, ()), key=lambda mask: _rank(image, mask))
            if not own:
                problems.append(_image_alone(image, masks))
                continue
            if len(own) > 1:
                problems.append(_several_masks(image, own))
            place = f"{image.inner}/{image.stem}" if image.inner else image.stem
            cases.append(
                Case(names[image.relative], patient_of(place), image.path, (MaskFile(own[0].path),), image.split)
            )
        paired = {mask.relative for own in masks_of.values() for mask in own}
        problems += [_mask_alone(mask, images) for mask in masks if mask.relative not in paired]
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=described.labels,
            name=described.name,
            synthetic=described.synthetic,
            details=_details(images, masks),
        )


@functools.cache
def _known_suffixes() -> frozenset[str]:
    return frozenset(known_suffixes())


def _files(folder: Path) -> tuple[list[Listed], list[Problem], Path]:
    """The files, what is wrong with names, and the folder that holds the dataset (an archive's own may surround it)."""
    top = folder
    for _ in range(_MOST_WRAPPINGS):
        inner = only_folder(top)
        if inner is None:
            break
        top = inner
    found = files_of(top)
    files = with_series([listed for listed in found if name_is_text(listed)])
    unnamed = [_odd_name(listed) for listed in found if not name_is_text(listed)]
    if top == folder:
        return files, unnamed, top
    before = top.relative_to(folder).as_posix()
    return [replace(listed, relative=f"{before}/{listed.relative}") for listed in files], unnamed, top


def _sides(files: Sequence[Listed]) -> tuple[list[Listed], list[Listed]]:
    """Images and masks, by folder where folders say it, else by name."""
    known = [listed for listed in files if listed.suffix in _known_suffixes()]
    images = [listed for listed in known if listed.role == "image"]
    masks = [listed for listed in known if listed.role == "mask"]
    if images and masks:
        return images, masks
    if masks:
        # Images beside the folder of masks.
        return [listed for listed in known if not listed.role and not listed.inner], masks
    flat = [listed for listed in known if listed.role == "image" or listed.inner.count("/") == 0]
    twins: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for listed in flat:
        twins[listed.split, listed.inner] |= {listed.stem.casefold(), without_image_words(listed.stem).casefold()}
    named_masks = [listed for listed in flat if _names_a_mask(listed, twins[listed.split, listed.inner])]
    taken = {listed.relative for listed in named_masks}
    return [listed for listed in flat if listed.relative not in taken], named_masks


def _names_a_mask(listed: Listed, twins: set[str]) -> bool:
    bare = without_mask_words(listed.stem)
    if bare == listed.stem:
        return False
    return bool({bare.casefold(), without_image_words(bare).casefold()} & twins) or "mask" in listed.stem.lower()


def _matched(images: Iterable[Listed], masks: Iterable[Listed]) -> dict[str, list[Listed]]:
    """Relative path of an image → its masks; every mask goes to one image at most."""
    by_name: dict[tuple[str | None, str, str], list[Listed]] = defaultdict(list)
    anywhere: dict[tuple[str, str], list[Listed]] = defaultdict(list)
    for image in images:
        for stem in dict.fromkeys((image.stem.casefold(), without_image_words(image.stem).casefold())):
            by_name[image.split, image.inner, stem].append(image)
            anywhere[image.inner, stem].append(image)
    found: dict[str, list[Listed]] = defaultdict(list)
    for mask in masks:
        bare = without_mask_words(mask.stem).casefold()
        for stem in dict.fromkeys((mask.stem.casefold(), bare, without_image_words(bare))):
            partners = by_name.get((mask.split, mask.inner, stem), [])
            loose = anywhere.get((mask.inner, stem), [])
            # Splits on one side only: the name decides, when it is the only one.
            if not partners and len(loose) == 1 and None in (mask.split, loose[0].split):
                partners = loose
            if partners:
                image = min(partners, key=lambda image: (image.suffix != mask.suffix, image.relative))
                found[image.relative].append(mask)
                break
    return found


def _rank(image: Listed, mask: Listed) -> tuple[int, bool, str]:
    return mask_preference(mask.mask_folder), mask.stem.casefold() != image.stem.casefold(), mask.relative


def _case_ids(images: Sequence[Listed]) -> dict[str, str]:
    """Relative path → the shortest of stem, split/stem, whole path that no other image has."""
    choices = {
        image.relative: [
            "/".join(part for part in (image.inner, image.stem) if part),
            "/".join(part for part in (image.split, image.inner, image.stem) if part),
            image.relative,
        ]
        for image in images
    }
    times = [Counter(names[level] for names in choices.values()) for level in range(3)]
    return {
        path: next(name for level, name in enumerate(names) if times[level][name] == 1 or level == 2)
        for path, names in choices.items()
    }


def _details(images: Sequence[Listed], masks: Sequence[Listed]) -> str:
    def tops(files: Sequence[Listed]) -> str:
        folders = dict.fromkeys(listed.relative.rpartition("/")[0] for listed in files)
        shown = [f"{folder}/" if folder else "the folder itself" for folder in folders]
        return ", ".join(shown[:4]) + (" …" if len(shown) > 4 else "")

    return f"images in {tops(images)}; masks in {tops(masks)}"


def _image_alone(image: Listed, masks: Sequence[Listed]) -> Problem:
    suffix = masks[0].suffix if masks else ".png"
    if masks and not masks[0].role:
        where = Path(image.relative).with_name(f"{image.stem}_mask{suffix}").as_posix()
    else:
        folder = masks[0].mask_folder if masks else "masks"
        where = "/".join(part for part in (folder, image.inner, image.stem + suffix) if part)
    return Problem(
        kind="image_without_mask",
        severity="error",
        message="No mask belongs to this image; it is left out.",
        path=image.relative,
        fix=f"Add its mask (for instance {where}), or remove the image.",
    )


def _mask_alone(mask: Listed, images: Sequence[Listed]) -> Problem:
    folder = Path(images[0].relative).parent.as_posix() if images else "images"
    return Problem(
        kind="mask_without_image",
        severity="error",
        message="No image belongs to this mask; it is left out.",
        path=mask.relative,
        fix=f"Add its image, under the same name, to {folder if folder != '.' else 'this folder'}, or remove the mask.",
    )


def _odd_name(listed: Listed) -> Problem:
    return Problem(
        kind="odd_name",
        severity="error",
        message="The file's name is not valid text (UTF-8); it is left out.",
        path=listed.relative.encode("utf-8", "replace").decode(),
        fix="Rename it, with plain letters.",
    )


def _several_masks(image: Listed, masks: Sequence[Listed]) -> Problem:
    others = ", ".join(mask.relative for mask in masks[1:4])
    return Problem(
        kind="several_masks",
        severity="warning",
        message=f"{len(masks)} masks belong to this image; {masks[0].relative} was used, not {others}.",
        path=image.relative,
        fix="Keep one mask for each image; several structures go into one mask as values 1, 2, 3 …",
    )


def _unknown_kinds(files: Sequence[Listed]) -> list[Problem]:
    suffixes = _known_suffixes()
    found = [
        listed
        for listed in files
        if listed.role and listed.suffix not in suffixes and listed.suffix not in _QUIET_SUFFIXES
    ]
    return [
        Problem(
            kind="unknown_kind",
            severity="warning",
            message=f"Files of the kind {listed.suffix} are not read; it is left out.",
            path=listed.relative,
            fix=f"Save it as one of: {', '.join(sorted(suffixes))}.",
        )
        for listed in found
    ]


def _outside(known: Sequence[Listed], images: Sequence[Listed], masks: Sequence[Listed]) -> list[Problem]:
    """One note for each folder whose files belong to neither side."""
    used = {listed.relative for listed in (*images, *masks)}
    counts = Counter(
        Path(listed.relative).parts[0] if "/" in listed.relative else ""
        for listed in known
        if listed.relative not in used
    )
    return [
        Problem(
            kind="not_used",
            severity="note",
            message="One image file here belongs to no pair and was not opened."
            if count == 1
            else f"{count} image files here belong to no pair and were not opened.",
            path=folder,
            fix="Nothing to do, unless they should be images/ or masks/.",
            count=count,
        )
        for folder, count in sorted(counts.items())
    ]
