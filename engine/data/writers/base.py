"""What a layout writer gives, and what all of them share."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.contract.errors import InputError
from engine.contract.whole_file import told
from engine.data.findings import CaseFinding, DatasetReport
from engine.volumes.volume import Volume

Step = Callable[[], None]


class Writer(Protocol):
    """A dataset as another layout has it."""

    title: str

    def write(self, report: DatasetReport, folder: Path, step: Step) -> list[str]:
        """Fills the new, empty `folder`, case by case; calls `step` after each (it may raise Cancelled).

        Returns what a person should know of what the layout cannot hold. Raises InputError where it would be wrong.
        """
        ...


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A new folder beside `out`, which becomes it at the end, or is gone; an empty `out` is taken for none.

    Raises InputError where `out` holds anything, DiskFull.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} exists already and is not empty.",
            hint="Choose a new folder; what is there stays.",
        )
    with told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=out.parent))
        try:
            beside.chmod(0o755)
            yield beside
            if out.exists():
                out.rmdir()
            beside.rename(out)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def safe_names(names: Iterable[str], instead: str = "case") -> dict[str, str]:
    """Name → one of letters, digits, "-", "_" and "." that no other has, whatever the case of its letters."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-") or instead
        at, unique = 2, plain
        while unique.casefold() in taken:
            unique, at = f"{plain}-{at}", at + 1
        taken.add(unique.casefold())
        found[name] = unique
    return found


def may_be_copied(scan: Volume, suffixes: tuple[str, ...]) -> bool:
    """Whether a picture's file can be taken as it is: of one of these kinds, 8-bit, and read without any change."""
    kept = scan.path is not None and scan.path.name.lower().endswith(suffixes)
    return kept and scan.voxels.dtype == np.uint8 and not scan.notes


def save_png(pixels: NDArray[Any], path: Path) -> None:
    """uint8 [h, w], [h, w, 3], or uint16 [h, w]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, format="PNG")


def split_name(finding: CaseFinding) -> str:
    """The one split of a case; "" for a lone volume that is shared out by its slices."""
    return finding.split if "," not in finding.split else ""
