"""What the hub says of a model: its files with sizes and hashes, its licence, the commit that they belong to."""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from engine.contract.aside import wait_aside
from engine.contract.control import CancelToken
from engine.contract.errors import ResourceError
from engine.models.hub.connection import BY_HAND, DROPPED, SECONDS, Access, in_words
from engine.models.weights import COPIED, TOKENIZER_FILES, WEIGHT_FILES

MOST_BYTES = 8_000_000
"""Of the hub's answer."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """`sha256` where the hub stores the file by it, else `git_sha1`: SHA-1 of "blob SIZE\\0" and the content."""

    name: str
    url: str
    size: int
    sha256: str = ""
    git_sha1: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files to fetch, of one commit, and the licence that the hub states now ("" where it states none)."""

    commit: str
    licence: str
    files: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def ask_listing(identity: str, access: Access, opener: urllib.request.OpenerDirector, cancel: CancelToken) -> Listing:
    """Asks the hub once; raises ResourceError where it cannot be reached or its answer cannot be used, Cancelled."""
    url = f"{access.base}/api/models/{quote(identity)}?blobs=true"

    def ask(_left: threading.Event) -> bytes:
        with opener.open(url, timeout=SECONDS) as answer:
            return bytes(answer.read(MOST_BYTES + 1))

    try:
        text = wait_aside(ask, cancel, name="fetch")
    except DROPPED as error:
        raise in_words(error, url) from error
    try:
        if len(text) > MOST_BYTES:
            raise ValueError("too long")
        return _listing(json.loads(text), identity, access.base)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResourceError(
            f"What the hub says of {identity} cannot be used ({type(error).__name__}).",
            hint=f"A proxy may have put a page of its own in its place. {BY_HAND}",
        ) from error


def _listing(found: dict[str, Any], identity: str, base: str) -> Listing:
    commit = str(found["sha"])
    if not commit.isalnum():
        raise ValueError("no commit")
    there = {str(item["rfilename"]): item for item in found["siblings"]}
    weight = next((name for name in WEIGHT_FILES if name in there), None)
    if weight is None or "config.json" not in there:
        raise ValueError("no weights")
    # Known names only, as for an import: no program rides along, and none is a path.
    wanted = [name for name in COPIED if name in there and (name not in WEIGHT_FILES or name == weight)]
    if not any(name in wanted for name in TOKENIZER_FILES):
        raise ValueError("no tokenizer")
    card = found.get("cardData") or {}
    files = [_file(there[name], f"{base}/{quote(identity)}/resolve/{commit}/{quote(name)}") for name in wanted]
    return Listing(
        commit,
        str(card.get("license") or "") if isinstance(card, dict) else "",
        tuple(sorted(files, key=lambda file: file.size)),  # what is wrong with small ones is known at once
    )


def _file(item: dict[str, Any], url: str) -> HubFile:
    lfs = item.get("lfs") or {}
    made = HubFile(
        str(item["rfilename"]), url, int(item["size"]), str(lfs.get("sha256") or ""), str(item.get("blobId") or "")
    )
    if made.size < 0 or not (made.sha256 or made.git_sha1):
        raise ValueError("a file without a hash")
    return made
