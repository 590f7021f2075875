"""How downloads reach the network, as this user said. One instance: `network()`."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from PySide6.QtCore import QObject, Signal

from tunevlseg_gui.settings.model import NetworkSettings


class Network(QObject):
    """`changed` is told after a change by the user: whoever holds the settings writes `to_keep()` then."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.settings = NetworkSettings()

    def use(self, settings: NetworkSettings) -> None:
        """Those that were stored; tells nobody."""
        self.settings = replace(settings)

    def put(self, settings: NetworkSettings) -> None:
        if settings != self.settings:
            self.settings = settings
            self.changed.emit()

    def to_keep(self) -> NetworkSettings:
        """Without the name and password of a proxy: these last as long as the window."""
        return replace(self.settings, proxy=without_password(self.settings.proxy))


def without_password(proxy: str) -> str:
    """`http://ward:secret@host:8080` → `http://host:8080`."""
    if "@" not in proxy:
        return proxy
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@lru_cache(maxsize=1)
def network() -> Network:
    return Network()
