"""What a worker that stays alive keeps between questions: graphs, the last scan, and its encoded slices.

A second phrase on the same scan then costs its text and the mask graph only.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from engine.bundle.reader import Bundle
from engine.inference.runtime import Device, default_threads
from engine.inference.session import BundleSession, ImageEncoding
from engine.volumes.dicom.files import stamp
from engine.volumes.formats.base import format_name
from engine.volumes.reading import read_scan
from engine.volumes.volume import Volume

ScanKey = tuple[str | int, ...]
"""Path, time of last change in nanoseconds, and size in bytes: a file that changed is another scan. For DICOM also the
state of the files beside it, which the scan is made of, and the series."""

EncodingsKey = tuple[object, ...]

_MOST_KEPT = 600 * 1024**2


def scan_key(path: Path, series: str = "") -> ScanKey:
    """Raises FileNotFoundError."""
    found = path.stat()
    key = (str(path.resolve()), found.st_mtime_ns, found.st_size, series)
    return (*key, stamp(path)) if format_name(path) == "dicom" else key


class EncodingStore:
    """Encoded slices of the scans asked last, at most `limit` bytes.

    Other scans make room for the present one; where that alone is too large, its first slices are kept and the rest
    is encoded anew each time (dropping the oldest would drop all of them in turn).
    """

    def __init__(self, limit: int = _MOST_KEPT) -> None:
        self.limit = limit
        self._scans: OrderedDict[EncodingsKey, dict[int, ImageEncoding]] = OrderedDict()
        self.nbytes = 0

    def get(self, key: EncodingsKey, start: int) -> ImageEncoding | None:
        """The encoding of the batch of slices that begins at `start`."""
        batches = self._scans.get(key)
        if batches is None:
            return None
        self._scans.move_to_end(key)
        return batches.get(start)

    def put(self, key: EncodingsKey, start: int, encoding: ImageEncoding) -> None:
        batches = self._scans.setdefault(key, {})
        self._scans.move_to_end(key)
        known = batches.get(start)
        more = encoding.nbytes - (known.nbytes if known else 0)
        while self.nbytes + more > self.limit and len(self._scans) > 1:
            _, dropped = self._scans.popitem(last=False)
            self.nbytes -= sum(item.nbytes for item in dropped.values())
        if self.nbytes + more <= self.limit:
            batches[start] = encoding
            self.nbytes += more


@dataclass
class SegmentCache:
    """Sessions of the last bundles, the last scan, encoded slices; not shared between threads."""

    encodings: EncodingStore = field(default_factory=EncodingStore)
    most_sessions: int = 2

    def __post_init__(self) -> None:
        self._sessions: OrderedDict[tuple[str, Device, int], BundleSession] = OrderedDict()
        self._scan: tuple[ScanKey, Volume] | None = None

    def session(self, bundle: Bundle, device: Device = "auto", threads: int | None = None) -> BundleSession:
        """The loaded graphs of a bundle; the same bundle elsewhere is the same."""
        key = (bundle.sha256, device, threads or default_threads())
        if key not in self._sessions:
            self._sessions[key] = BundleSession(bundle, device, key[2])
        self._sessions.move_to_end(key)
        while len(self._sessions) > self.most_sessions:
            self._sessions.popitem(last=False)
        return self._sessions[key]

    def scan(self, path: Path, series: str = "") -> Volume:
        """The volume; read again only when the file changed. Raises ScanUnreadable."""
        try:
            key = scan_key(path, series)
        except OSError:
            return read_scan(path, series)  # says what is wrong
        if self._scan is None or self._scan[0] != key:
            self._scan = None  # the old one may go before the new one comes
            self._scan = (key, read_scan(path, series))
        return self._scan[1]
