"""Settings on disk: JSON, written whole; a file that cannot be read is set aside, never overwritten unseen."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from engine.contract.errors import EngineError
from engine.contract.whole_file import write_text
from engine.runs.folders import home
from tunevlseg_gui.settings.migrations import migrated
from tunevlseg_gui.settings.model import NetworkSettings, Recent, RunsSettings, ViewerSettings, WindowSettings

log = logging.getLogger(__name__)


def settings_file() -> Path:
    return home() / "settings.json"


def load() -> WindowSettings:
    """The user's settings; defaults where there are none or they are damaged (then kept as settings.old.json)."""
    path = settings_file()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return WindowSettings()
    try:
        return _built(migrated(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("settings set aside: %s", error)
        try:
            path.replace(path.with_name("settings.old.json"))
        except OSError:
            log.warning("settings.json could not be set aside")
        return WindowSettings()


def _built(values: dict[str, Any]) -> WindowSettings:
    known = {item.name for item in fields(WindowSettings)}
    kept = {name: value for name, value in values.items() if name in known}
    kept["recent"] = [Recent(str(item["path"]), str(item["kind"]), str(item["title"])) for item in kept["recent"]]
    kept["closing"] = kept["closing"] if kept.get("closing") in ("background", "stop") else "ask"
    kept["language"] = str(kept.get("language") or "")
    kept["viewer"] = _viewer(kept.get("viewer") or {})
    kept["runs"] = _runs(kept.get("runs") or {})
    network = kept.get("network") or {}
    kept["network"] = NetworkSettings(*(str(network.get(name) or "") for name in ("proxy", "ca_file", "mirror")))
    return WindowSettings(**kept)


def _viewer(values: dict[str, Any]) -> ViewerSettings:
    plain = ViewerSettings()
    return ViewerSettings(
        right_drag="zoom" if values.get("right_drag") == "zoom" else "window",
        neurological=bool(values.get("neurological", plain.neurological)),
        three_planes=bool(values.get("three_planes", plain.three_planes)),
        ras=bool(values.get("ras", plain.ras)),
        windows={
            str(name): (float(centre), float(width))
            for name, (centre, width) in dict(values.get("windows") or {}).items()
            if math.isfinite(float(centre)) and 0 < float(width) < math.inf
        },
        keys={str(action): [str(key) for key in keys] for action, keys in dict(values.get("keys") or {}).items()},
        phrases=[str(phrase) for phrase in values.get("phrases") or []],
        undo_mb=min(max(int(values.get("undo_mb", plain.undo_mb)), 16), 65_536),
    )


def _runs(values: dict[str, Any]) -> RunsSettings:
    plain = RunsSettings()
    return RunsSettings(
        columns=[str(name) for name in values.get("columns") or []],
        widths={str(name): min(max(int(width), 20), 2000) for name, width in dict(values.get("widths") or {}).items()},
        sort=str(values.get("sort") or plain.sort),
        downwards=bool(values.get("downwards", plain.downwards)),
    )


def save(settings: WindowSettings) -> None:
    """Writes the settings; a disk that refuses costs the user nothing but the memory of them."""
    try:
        write_text(settings_file(), json.dumps(asdict(settings), indent=2))
    except EngineError as error:
        log.warning("settings were not saved: %s", error.message)
