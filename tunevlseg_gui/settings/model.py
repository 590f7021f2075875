"""The user's settings as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

VERSION = 2
MOST_RECENT = 10


@dataclass
class Recent:
    """Something opened before: kind is dataset | run | bundle | scan."""

    path: str
    kind: str = "dataset"
    title: str = ""


@dataclass
class ViewerSettings:
    """How scans are looked at."""

    right_drag: str = "window"  # window (level and width) | zoom
    neurological: bool = False  # the patient's right side on the right
    three_planes: bool = False
    ras: bool = False  # places are told as NIfTI and 3D Slicer do; else LPS, as DICOM and ITK
    windows: dict[str, tuple[float, float]] = field(default_factory=dict)  # name → centre, width; the user's own
    keys: dict[str, list[str]] = field(default_factory=dict)  # action → keys, where they were changed
    phrases: list[str] = field(default_factory=list)  # asked before, the newest first
    undo_mb: int = 256  # memory for what can be taken back of edited masks


@dataclass
class RunsSettings:
    """How the table of runs looks."""

    columns: list[str] = field(default_factory=list)  # those in sight, from left to right; empty: the usual ones
    widths: dict[str, int] = field(default_factory=dict)  # column → pixels, where it was changed
    sort: str = "date"
    downwards: bool = True


@dataclass
class NetworkSettings:
    """How downloads reach the network; empty: as the system says. No name or password is kept here."""

    proxy: str = ""  # http://host:port
    ca_file: str = ""
    mirror: str = ""


@dataclass
class WindowSettings:
    version: int = VERSION
    theme: str = "system"
    language: str = ""  # such as "de" or "pt_BR"; empty: the system's, where there is a translation
    recent: list[Recent] = field(default_factory=list)
    geometry: str = ""  # base64 of QMainWindow.saveGeometry()
    notice_seen: bool = False
    closing: str = "ask"  # of runs, when the window is closed: ask | background | stop
    viewer: ViewerSettings = field(default_factory=ViewerSettings)
    runs: RunsSettings = field(default_factory=RunsSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)

    def remember(self, path: str, kind: str, title: str) -> None:
        """Puts it first; at most MOST_RECENT stay."""
        rest = [recent for recent in self.recent if recent.path != path]
        self.recent = [Recent(path, kind, title), *rest][:MOST_RECENT]

    def forget(self, path: str) -> None:
        self.recent = [recent for recent in self.recent if recent.path != path]
