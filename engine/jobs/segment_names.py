"""What the masks of a segmentation are called, decided and checked before any work is done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import EngineError, InputError, ScanUnreadable, UnknownName
from engine.volumes.dicom.identity import short_hash
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import format_name, mask_format, suffix_of
from engine.volumes.reading import list_series
from engine.volumes.stored_receipts import stored_receipt
from engine.volumes.writing import holds_segments, writable_suffixes


@dataclass(frozen=True)
class Item:
    """One scan to be segmented: a file or folder and, for DICOM, which of its series."""

    scan: Path
    series: str = ""


@dataclass(frozen=True)
class ScanNames:
    """The files of one scan: a mask a phrase, or one with all labels, or both; None: not written."""

    scan: Path
    stem: str
    masks: tuple[Path | None, ...]
    combined: Path | None
    shown: str = ""
    """How messages and legends call the scan: its file's name, or for DICOM one that names no patient."""
    series: str = ""
    measurements: Path | None = None
    """The name, without its ending, of the tables of measurements."""

    @property
    def as_segments(self) -> bool:
        """All phrases lie in one file as named segments, which may overlap."""
        return self.combined is not None and holds_segments(self.combined)

    @property
    def legend(self) -> Path | None:
        """JSON that says which value is which phrase; formats with segments say it themselves."""
        if self.combined is None or self.as_segments:
            return None
        return self.combined.with_name(stem_of(self.combined) + ".json")

    @property
    def mask_files(self) -> tuple[Path, ...]:
        return tuple(path for path in (*self.masks, self.combined) if path is not None)

    @property
    def tables(self) -> tuple[Path, ...]:
        """What is written beside the masks: the legend and the measurements."""
        beside = [] if self.legend is None else [self.legend]
        if self.measurements is not None:
            beside += [self.measurements.with_name(f"{self.measurements.name}.{ending}") for ending in ("csv", "json")]
        return tuple(beside)


def plan_names(
    items: Sequence[Item], prompts: Sequence[str], out: Path, *, format: str = "", measure: bool = False
) -> list[ScanNames]:
    """One scan and a file name: that file (all labels in it, where there are several phrases); else a folder.

    In a folder: `<scan>_<phrase>.<as the scan>`, and `<scan>_labels` with several phrases; where `format` (a suffix)
    holds named segments, one file a scan. Raises InputError where a mask would replace a scan, or `out` cannot be.
    """
    if format:
        format = format.lower() if format.startswith(".") else f".{format.lower()}"
        _check_format(format)
    if is_mask_file(out) and not out.is_dir():
        if len(items) > 1:
            raise InputError(
                f"{out} is one file, but there are {len(items)} scans.", hint="Give a folder.", field="out"
            )
        plans = [_one_file(items[0], prompts, out, measure=measure)]
    else:
        _check_folder(out)
        parts = [name_parts(item.scan, item.series) for item in items]
        stems = unique([stem for stem, _, _ in parts])
        plans = [
            _in_folder(item, stem, format or suffix, shown, prompts, out, measure=measure)
            for item, stem, (_, suffix, shown) in zip(items, stems, parts, strict=True)
        ]
    scans = {item.scan.resolve() for item in items}
    for plan in plans:
        for path in (*plan.mask_files, *plan.tables):
            if path.resolve() in scans:
                raise InputError(f"The mask would replace the scan {path}.", hint="Choose another name.", field="out")
    return plans


def _one_file(item: Item, prompts: Sequence[str], out: Path, *, measure: bool) -> ScanNames:
    together = len(prompts) > 1 or holds_segments(out)
    masks = (None,) * len(prompts) if together else (out,)
    stem, _, shown = name_parts(item.scan, item.series)
    tables = out.with_name(f"{stem_of(out)}_measurements") if measure else None
    return ScanNames(item.scan, stem, masks, out if together else None, shown, item.series, tables)


def _in_folder(
    item: Item, stem: str, suffix: str, shown: str, prompts: Sequence[str], out: Path, *, measure: bool
) -> ScanNames:
    slugs = unique([slug(prompt) for prompt in prompts])
    several = len(prompts) > 1
    together = out / f"{stem}_{'labels' if several else slugs[0]}{suffix}"
    tables = out / f"{stem}_measurements" if measure else None
    if holds_segments(together):
        return ScanNames(item.scan, stem, (None,) * len(prompts), together, shown, item.series, tables)
    files = tuple(out / f"{stem}_{name}{suffix}" for name in slugs)
    return ScanNames(item.scan, stem, files, together if several else None, shown, item.series, tables)


def _check_format(suffix: str) -> None:
    if suffix not in writable_suffixes():
        raise UnknownName(
            f"Masks are not written as {suffix!r}.", hint=f"Known: {', '.join(writable_suffixes())}.", field="format"
        )


def refuse_existing(plan: ScanNames) -> None:
    """Raises InputError for the first file of a scan that is there and has no receipt: nobody's mask of ours."""
    for path in plan.mask_files:
        if path.exists() and not _has_receipt(path):
            raise already_there(path)


def already_there(path: Path) -> InputError:
    return InputError(f"{path} already exists.", hint="Choose another name, or add --overwrite.", field="out")


def _has_receipt(path: Path) -> bool:
    try:
        return stored_receipt(path) is not None
    except EngineError:
        return False


def name_parts(scan: Path, series: str = "") -> tuple[str, str, str]:
    """Stem and suffix of a scan's masks, and how it is shown.

    The header of a DICOM scan is read for it, so that no patient's name gets into a file's; where that fails, the
    reader will say why.
    """
    if format_name(scan) != "dicom":
        # Of a file that holds several volumes one was chosen, by its number.
        return stem_of(scan) + (f"-{slug(series)}" if series else ""), mask_suffix(scan), scan.name
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
    if format_name(out) is not None:
        raise InputError(
            f"{out}: masks are not written as {suffix_of(out)}.",
            hint=f"Give a name that ends in {', '.join(writable_suffixes())}, or a folder.",
            field="out",
        )
    if out.exists():
        raise InputError(f"{out} is a file, and no mask's.", hint="Give a folder, or another name.", field="out")


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
    return mask_format(path) is not None


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
