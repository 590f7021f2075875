"""What a repair did, in a JSON file beside the new mask."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
from engine.contract.whole_file import write_text

SUFFIX = ".repair.json"


def log_of(written: Path) -> Path:
    return written.with_name(written.name + SUFFIX)


def write_log(
    written: Path,
    repair: str,
    did: str,
    *,
    image: Path,
    mask: Path,
    voxels: tuple[int, int],
    differences: Sequence[Any] = (),
) -> Path:
    """`voxels`: how many were marked before and after. Names without folders, and sums, so that it can be shared."""
    record = {
        "repair": repair,
        "did": did,
        "differences": list(differences),
        "image": {"file": image.name, "sha256": _sha256(image)},
        "mask": {"file": mask.name, "sha256": _sha256(mask), "voxels": voxels[0]},
        "written": {"file": written.name, "sha256": _sha256(written), "voxels": voxels[1]},
        "program": f"tunevlseg {engine.__version__}",
    }
    return write_text(log_of(written), json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def _sha256(path: Path) -> str | None:
    """None for a folder (a DICOM series)."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
