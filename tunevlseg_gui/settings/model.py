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
class WindowSettings:
    version: int = VERSION
    theme: str = "system"
    recent: list[Recent] = field(default_factory=list)
    geometry: str = ""  # base64 of QMainWindow.saveGeometry()
    notice_seen: bool = False

    def remember(self, path: str, kind: str, title: str) -> None:
        """Puts it first; at most MOST_RECENT stay."""
        rest = [recent for recent in self.recent if recent.path != path]
        self.recent = [Recent(path, kind, title), *rest][:MOST_RECENT]

    def forget(self, path: str) -> None:
        self.recent = [recent for recent in self.recent if recent.path != path]
