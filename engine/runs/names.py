"""What a person calls a thing, as the name of its folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

MOST_BYTES: Final = 120
"""Of a name in UTF-8: file systems take 255, and a time or a number may follow."""


def folder_name(name: str, instead: str, most: int = 60) -> str:
    """Lower case; letters and digits of every script, hyphens for whatever else; at most `most` characters.

    A name without any letter or digit gets `instead` with a short hash, so that two of them share no folder.
    """
    plain = unicodedata.normalize("NFC", name).lower()
    # Marks too: without its vowel signs a name in Devanagari or Thai would be another one.
    kept = "".join(sign if unicodedata.category(sign)[0] in "LMN" else "-" for sign in plain)
    kept = re.sub("-+", "-", kept).strip("-")[:most]
    kept = kept.encode()[:MOST_BYTES].decode(errors="ignore").rstrip("-")
    if kept or not name.strip():
        return kept or instead
    return f"{instead}-{hashlib.sha256(plain.encode(errors='surrogatepass')).hexdigest()[:6]}"
