"""What the masks of a segmentation are called, decided and checked before any work is done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import InputError, ScanUnreadable
from engine.volumes.dicom.identity import short_hash
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import format_name, suffix_of
from engine.volumes.formats.dicom import NO_SEG
from engine.volumes.reading import list_series


@dataclass(frozen=True)
class ScanNames:
    """The files of one scan: a mask a phrase, or one with all labels, or both; None: not written."""

    scan: Path
    stem: str
    masks: tuple[Path | None, ...]
    combined: Path | None
    shown: str = ""
    """How messages and legends call the scan: its file's name, or for DICOM one that names no patient."""

    @property
    def legend(self) -> Path | None:
        """JSON that says which value is which phrase."""
        return None if self.combined is None else self.combined.with_name(stem_of(self.combined) + ".json")


def plan_names(
    scans: Sequence[Path], prompts: Sequence[str], out: Path, *, overwrite: bool, series: str = ""
) -> list[ScanNames]:
    """One scan and a file name: that file (all labels in it, where there are several phrases); else a folder.

    In a folder: `<scan>_<phrase>.<as the scan>`, and `<scan>_labels` with several phrases. Raises InputError where a
    file exists already, or a mask would replace a scan.
    """
    slugs = unique([slug(prompt) for prompt in prompts])
    several = len(prompts) > 1
    if is_mask_file(out) and not out.is_dir():
        if len(scans) > 1:
            raise InputError(
                f"{out} is one file, but there are {len(scans)} scans.", hint="Give a folder.", field="out"
            )
        masks = (None,) * len(prompts) if several else (out,)
        stem, _, shown = name_parts(scans[0], series)
        plans = [ScanNames(scans[0], stem, masks, out if several else None, shown)]
    else:
        _check_folder(out)
        plans = []
        parts = [name_parts(scan, series) for scan in scans]
        stems = unique([stem for stem, _, _ in parts])
        for scan, stem, (_, suffix, shown) in zip(scans, stems, parts, strict=True):
            files = tuple(out / f"{stem}_{name}{suffix}" for name in slugs)
            plans.append(ScanNames(scan, stem, files, out / f"{stem}_labels{suffix}" if several else None, shown))
    _check(plans, overwrite)
    return plans


def name_parts(scan: Path, series: str = "") -> tuple[str, str, str]:
    """Stem and suffix of a scan's masks, and how it is shown.

    The header of a DICOM scan is read for it, so that no patient's name gets into a file's; where that fails, the
    reader will say why.
    """
    if format_name(scan) != "dicom":
        return stem_of(scan), mask_suffix(scan), scan.name
    try:
        entries = list_series(scan)
    except ScanUnreadable:
        entries = []
    entry = next((e for e in entries if series in (str(e.number), e.id) or short_hash(series) == e.id), None)
    if entry is None and len(entries) == 1:
        entry = entries[0]
    if entry is None:
        return "dicom", ".nii.gz", "The DICOM series"
    return entry.title, entry.mask_suffix, entry.title


def _check_folder(out: Path) -> None:
    """Raises InputError where `out` was meant as a file that cannot be written."""
    if out.is_dir():
        return
    writable = sorted({suffix for _, known in FORMATS for suffix in known.mask_suffixes})
    if format_name(out) is not None:
        raise InputError(
            f"{out}: masks are not written as {suffix_of(out)}.",
            hint=f"Give a name that ends in {', '.join(writable)}, or a folder."
            + (f" {NO_SEG}" if format_name(out) == "dicom" else ""),
            field="out",
        )
    if out.exists():
        raise InputError(f"{out} is a file, and no mask's.", hint="Give a folder, or another name.", field="out")


def _check(plans: Sequence[ScanNames], overwrite: bool) -> None:
    scans = {plan.scan.resolve() for plan in plans}
    for plan in plans:
        for path in (*plan.masks, plan.combined, plan.legend):
            if path is None:
                continue
            if path.resolve() in scans:
                raise InputError(f"The mask would replace the scan {path}.", hint="Choose another name.", field="out")
            if path.exists() and not overwrite:
                raise InputError(
                    f"{path} already exists.", hint="Choose another name, or add --overwrite.", field="out"
                )


def slug(text: str) -> str:
    """A short file name: lower case, letters and digits of the Latin alphabet, hyphens; "mask" where none are left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].rstrip("-") or "mask"


def unique(names: Sequence[str]) -> list[str]:
    """The names, with -2, -3… added to those that came before (case ignored, as some file systems do)."""
    seen: set[str] = set()
    result = []
    for name in names:
        candidate, count = name, 1
        while candidate.casefold() in seen:
            count += 1
            candidate = f"{name}-{count}"
        seen.add(candidate.casefold())
        result.append(candidate)
    return result


def is_mask_file(path: Path) -> bool:
    """True for a file name under which a mask can be written."""
    name = format_name(path)
    return name is not None and path.name.lower().endswith(FORMATS.get(name).mask_suffixes)


def stem_of(path: Path) -> str:
    """ "head" for head.nii.gz; the whole name of a folder."""
    suffix = suffix_of(path)
    return path.name[: len(path.name) - len(suffix)] if suffix else path.name


def mask_suffix(scan: Path) -> str:
    """A mask is written in its scan's format where masks can have that suffix, else in the format's usual one."""
    name = format_name(scan)
    if name is None:
        return ".png"  # the reader will say what is wrong with the scan
    suffixes = FORMATS.get(name).mask_suffixes
    own = [suffix for suffix in suffixes if scan.name.lower().endswith(suffix)]
    return max(own, key=len) if own else suffixes[0]
