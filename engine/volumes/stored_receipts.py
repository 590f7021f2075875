"""Where the receipt of a mask lies: in its file where the format can hold it, else in `MASK.receipt.json` beside it.

NRRD, .seg.nrrd and DICOM SEG carry theirs. NIfTI, MetaImage and PNG do not: their headers stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

from engine.contract.errors import InputError
from engine.contract.whole_file import told
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import ReceiptFormat, mask_format

ENDING: Final = ".receipt.json"
_LONGEST: Final = 1 << 20


def receipt_beside(mask: Path) -> Path:
    """The file beside a mask that holds its receipt, for formats that cannot."""
    return mask.with_name(mask.name + ENDING)


def stored_receipt(mask: Path) -> str | None:
    """The text of a mask's receipt, unchecked; None where it has none. Raises ScanUnreadable, InputError."""
    name = mask_format(mask)
    if name is None:
        return None
    known = FORMATS.get(name)()
    if known.keeps_receipt:
        return cast(ReceiptFormat, known).read_receipt(mask)
    file = receipt_beside(mask)
    if not file.is_file():
        return None
    with told(file):
        if file.stat().st_size > _LONGEST:
            raise InputError(f"{file.name} is far too long for a receipt.", hint="Is it another file of that name?")
        try:
            return file.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise InputError(f"{file.name} is no text.", hint="Is it another file of that name?") from None
