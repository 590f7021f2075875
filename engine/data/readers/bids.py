"""BIDS: raw images by subject, masks in derivatives (bids-specification.readthedocs.io, Derivatives, Imaging).

dataset_description.json
sub-01/anat/sub-01_T1w.nii.gz       sub-rat2/micr/sub-rat2_sample-data5_SEM.png
derivatives/NAME/sub-01/anat/sub-01_label-GM_mask.nii.gz       one label
derivatives/NAME/sub-01/anat/sub-01_dseg.nii.gz                values, named by …_dseg.tsv (index, name, color)
derivatives/labels/sub-rat2/micr/sub-rat2_sample-data5_SEM_seg-axon-manual.png
derivatives/labels/sub-01/anat/sub-01_T2w_label-SC_seg.nii.gz  as the Spinal Cord Toolbox names them

A mask belongs to the raw image whose parts (sub-, ses-, sample- …) it names, and whose suffix it holds if it holds
any. A mask in another space than the image's own is told and left out. Subjects are patients.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from engine.data.config import LabelConfig
from engine.data.labels import colour_of
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import NotJson, label_table, load_json, no_image, text_of, unique_ids, words
from engine.data.tree import child, files_in, find, folders_in, place, stem
from engine.volumes.formats.base import known_suffixes

_ENTITY = re.compile(r"^([a-zA-Z]+)-(.+)$")
_MASK_SUFFIXES = frozenset({"dseg", "mask", "seg", "lesion", "manual"})
# What a derivative may name beyond its source's parts.
_OWN_ENTITIES = frozenset({"label", "seg", "desc", "space", "res", "den", "hemi", "atlas"})
_MANNER = frozenset({"manual", "auto", "automatic", "gt", "groundtruth", "corrected", "final"})


@dataclass(frozen=True)
class _Name:
    entities: frozenset[tuple[str, str]]
    suffixes: tuple[str, ...]

    def get(self, key: str) -> str:
        return dict(self.entities).get(key, "")


@LAYOUTS.register("bids")
class Bids:
    """Registered layout; see the module's text."""

    title = "BIDS with derivatives"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.93

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        problems: list[Problem] = []
        raw = [path for subject in _subjects(top) for path in _scans(subject)]
        names = {path: _name(stem(path)) for path in raw}
        masks_of: dict[Path, list[tuple[str, Path]]] = defaultdict(list)
        for pipeline in _pipelines(top):
            for mask in (path for subject in _subjects(pipeline) for path in _scans(subject)):
                name = _name(stem(mask))
                label = _label(name)
                if label is None:
                    continue
                space = name.get("space")
                if space and space.casefold() not in ("orig", "native", "individual"):
                    problems.append(_elsewhere(place(mask, folder), space))
                    continue
                image = _source(name, names)
                if image is None:
                    problems.append(no_image(place(mask, folder), f"{mask.stem.split('_')[0]}/…"))
                else:
                    masks_of[image].append((label, mask))
        masks_of = _without_unions(masks_of, problems)
        rows, values = _values(masks_of, _tables(top, masks_of))
        cases = []
        ids = unique_ids({str(path): (stem(path), place(path, top)) for path in raw})
        for path in raw:
            if path not in masks_of:
                problems.append(_unlabelled(place(path, folder)))
                continue
            own = tuple(_mask(label, mask, values) for label, mask in sorted(masks_of[path]))
            known = None if "" in dict(masks_of[path]) else frozenset(values[label] for label, _ in masks_of[path])
            cases.append(Case(ids[str(path)], f"sub-{names[path].get('sub')}", path, own, known=known))
        return CaseList(
            cases=tuple(cases),
            problems=tuple(problems),
            labels=rows,
            name=_title(top),
            details=f"raw images by subject, masks in {', '.join(place(one, folder) for one in _pipelines(top))}",
        )


def _fits(top: Path) -> bool:
    return bool(_subjects(top)) and any(_subjects(one) for one in _pipelines(top))


def _subjects(folder: Path) -> list[Path]:
    return [one for one in folders_in(folder) if one.name.startswith("sub-")]


def _pipelines(top: Path) -> list[Path]:
    home = child(top, "derivatives")
    return [] if home is None else [one for one in (home, *folders_in(home)) if _subjects(one)]


def _scans(subject: Path) -> list[Path]:
    """Readable files of a subject, at most two folders deep (session, kind)."""
    kinds = folders_in(subject)
    deeper = [inner for one in kinds for inner in folders_in(one)]
    suffixes = known_suffixes()
    return [path for one in (subject, *kinds, *deeper) for path in files_in(one, *suffixes)]


def _name(text: str) -> _Name:
    entities: set[tuple[str, str]] = set()
    suffixes: list[str] = []
    for part in text.split("_"):
        entity = _ENTITY.match(part)
        # `lesion-manual` and `seg-manual` (older files of the Spinal Cord Toolbox) name the mask, not a value.
        if entity is not None and not (entity.group(1) in _MASK_SUFFIXES and entity.group(2) in _MANNER):
            entities.add((entity.group(1), entity.group(2)))
        else:
            suffixes.append(part if entity is None else entity.group(1))
    return _Name(frozenset(entities), tuple(suffixes))


def _label(name: _Name) -> str | None:
    """The label that a mask's name says, "" where its values say it; None for what is no mask."""
    suffix = name.suffixes[-1] if name.suffixes else ""
    marked = suffix in _MASK_SUFFIXES
    label = name.get("label") or name.get("seg")
    if not marked and not name.get("seg"):
        return None
    if label:
        parts = [part for part in re.split(r"[-+]", label) if part.casefold() not in _MANNER]
        return " ".join(parts) or label
    if suffix == "dseg":
        return ""
    return name.get("desc") or {"lesion": "lesion"}.get(suffix, "segmentation")


def _source(mask: _Name, names: dict[Path, _Name]) -> Path | None:
    """The raw image with all of the mask's own parts; one whose suffix the mask holds comes first."""
    wanted = frozenset(pair for pair in mask.entities if pair[0] not in _OWN_ENTITIES)
    best: tuple[int, Path] | None = None
    for path, name in names.items():
        if not wanted <= name.entities:
            continue
        named = bool(name.suffixes) and name.suffixes[-1] in mask.suffixes
        held = [suffix for suffix in mask.suffixes if suffix not in _MASK_SUFFIXES]
        if held and not named:
            continue  # of another contrast of the same subject
        score = len(name.entities - wanted) + (0 if named or name.suffixes[-1:] == ("T1w",) else 1)
        if best is None or score < best[0]:
            best = (score, path)
    return None if best is None else best[1]


def _without_unions(
    masks_of: dict[Path, list[tuple[str, Path]]], problems: list[Problem]
) -> dict[Path, list[tuple[str, Path]]]:
    """Masks whose label is two others in one word (`axonmyelin` beside `axon` and `myelin`) repeat what those say."""
    labels = {label for own in masks_of.values() for label, _ in own if label}
    doubled = {
        label
        for label in labels
        if any(first + second == label for first in labels for second in labels if first != second)
    }
    if doubled:
        count = sum(label in doubled for own in masks_of.values() for label, _ in own)
        shown = ", ".join(sorted(doubled))
        problems.append(
            Problem(
                kind="repeated_label",
                severity="note",
                message=f"{count} masks of {shown} hold what those of its parts hold: they were not used.",
                fix="Nothing to do.",
                count=count,
            )
        )
    return {image: [row for row in own if row[0] not in doubled] for image, own in masks_of.items()}


def _tables(top: Path, masks_of: dict[Path, list[tuple[str, Path]]]) -> dict[int, str]:
    """Value → name, of the `_dseg.tsv` files beside the masks and above them."""
    found: dict[int, str] = {}
    seen: set[Path] = set()
    for own in masks_of.values():
        for label, mask in own:
            home = mask.parent
            while not label and home not in seen and home != top.parent:
                seen.add(home)
                for path in files_in(home, ".tsv"):
                    if path.name.endswith("dseg.tsv"):
                        found |= _table(path)
                home = home.parent
    return found


def _table(path: Path) -> dict[int, str]:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")[:1_000_000]
    except OSError:
        return {}
    rows = csv.DictReader(io.StringIO(text), delimiter="\t")
    found: dict[int, str] = {}
    for row in rows:
        number, name = (row.get("index") or "").strip(), words(row.get("name") or "")
        if number.isdigit() and 0 < int(number) <= 65535:
            found[int(number)] = name
    return found


def _values(
    masks_of: dict[Path, list[tuple[str, Path]]], named: dict[int, str]
) -> tuple[tuple[LabelConfig, ...], dict[str, int]]:
    """The table, and the value of each label that has masks of its own."""
    labels = sorted({label for own in masks_of.values() for label, _ in own if label})
    start = max(named, default=0)
    values = {label: start + number for number, label in enumerate(labels, 1)}
    rows = label_table([*sorted(named.items()), *((value, words(label)) for label, value in values.items())])
    many = any(not label for own in masks_of.values() for label, _ in own)
    # Values without a table are named by what is found in them.
    return () if many and not named else tuple(
        row.model_copy(update={"colour": colour_of(at)}) for at, row in enumerate(rows)
    ), values


def _mask(label: str, mask: Path, values: dict[str, int]) -> MaskFile:
    return MaskFile(mask, value=values[label]) if label else MaskFile(mask, exact=True)


def _title(top: Path) -> str:
    try:
        about = load_json(top / "dataset_description.json", 1_000_000)
    except NotJson:
        return ""
    return words(text_of(about.get("Name"))) if isinstance(about, dict) and about.get("Name") else ""


def _unlabelled(path: str) -> Problem:
    return Problem(
        kind="image_without_mask",
        severity="error",
        message="No mask in derivatives belongs to this image; it is left out.",
        path=path,
        fix="Add one (…_dseg or …_label-NAME_mask with the image's own parts), or leave it so.",
    )


def _elsewhere(path: str, space: str) -> Problem:
    return Problem(
        kind="other_space",
        severity="warning",
        message=f"The mask lies in the space {space}, not on its image's grid; it is left out.",
        path=path,
        fix="Export it in the image's own space.",
    )
