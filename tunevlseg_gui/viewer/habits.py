"""How this user looks at scans: keys, the right button, orientation, phrases. One instance: `habits()`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from PySide6.QtCore import QObject, Signal

from tunevlseg_gui.settings.model import ViewerSettings
from tunevlseg_gui.viewer.key_map import key_map

MOST_PHRASES = 40


class Habits(QObject):
    """`changed` is told after a change by the user: whoever holds the settings writes them then."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.settings = ViewerSettings()
        self.key_map = key_map({})

    def use(self, settings: ViewerSettings) -> None:
        """Those that were stored; tells nobody."""
        self.settings = settings
        self.key_map = key_map(settings.keys)

    def set_keys(self, keys: dict[str, list[str]]) -> None:
        self.settings.keys = keys
        self.key_map = key_map(keys)
        self.changed.emit()

    def set_right_drag(self, meaning: str) -> None:
        self.settings.right_drag = meaning
        self.changed.emit()

    def set_undo_mb(self, megabytes: int) -> None:
        self.settings.undo_mb = megabytes
        self.changed.emit()

    def set_neurological(self, on: bool) -> None:
        self.settings.neurological = on
        self.changed.emit()

    def set_ras(self, on: bool) -> None:
        self.settings.ras = on
        self.changed.emit()

    def keep_window(self, name: str, centre: float, width: float) -> None:
        """Of the user's own; one of this name is replaced."""
        self.settings.windows = {**self.settings.windows, name: (centre, width)}
        self.changed.emit()

    def forget_window(self, name: str) -> None:
        self.settings.windows = {known: kept for known, kept in self.settings.windows.items() if known != name}
        self.changed.emit()

    def set_three_planes(self, on: bool) -> None:
        self.settings.three_planes = on
        self.changed.emit()

    def remember_phrases(self, phrases: Iterable[str]) -> None:
        new = list(dict.fromkeys([*phrases, *self.settings.phrases]))[:MOST_PHRASES]
        if new != self.settings.phrases:
            self.settings.phrases = new
            self.changed.emit()


@lru_cache(maxsize=1)
def habits() -> Habits:
    return Habits()
