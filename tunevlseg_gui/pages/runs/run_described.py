"""What a run folder says of a run beside its events; read off the window's thread, no Qt."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract.errors import EngineError
from engine.runs.layout import ENVIRONMENT, PARENT, previews
from tunevlseg_gui.catalogue import strategy_title
from tunevlseg_gui.translation import translate


@dataclass(frozen=True)
class Described:
    """`line` is for below its name; `metrics` the rows of its table; `estimate` seconds, as reckoned at its start."""

    folder: Path
    name: str
    line: str
    metrics: list[dict[str, float]] = field(default_factory=list)
    epochs: int = 0
    estimate: float | None = None
    previews: dict[int, Path] = field(default_factory=dict)


def described(folder: Path) -> Described:
    """Never fails: a run whose worker has not written its recipe yet has only its folder's name."""
    from engine.runs.reader import Run

    try:
        run = Run.open(folder)
    except EngineError:
        return Described(folder, folder.name, str(folder))
    recipe = run.recipe
    strategy = strategy_title(str((recipe.get("strategy") or {}).get("name") or ""))
    weights = str((recipe.get("model") or {}).get("weights") or "")
    data = Path(str((recipe.get("data") or {}).get("folder") or "")).name
    parts = [
        _origin(folder),
        (
            translate("RunDescribed", "{strategy} on {weights}, data: {data}")
            if data
            else translate("RunDescribed", "{strategy} on {weights}")  # an imported one has none
        ).format(strategy=strategy, weights=weights, data=data),
        str(folder),
    ]
    epochs = (recipe.get("training") or {}).get("epochs")
    estimate = dict(_read(folder / ENVIRONMENT).get("estimate") or {}).get("total")
    total = float(estimate) if isinstance(estimate, int | float) else None
    return Described(
        folder,
        run.name,
        "  ·  ".join(filter(None, parts)),
        run.metrics,
        epochs if isinstance(epochs, int) else 0,
        total,
        previews(folder),
    )


def _origin(folder: Path) -> str:
    parent = _read(folder / PARENT)
    return (
        translate("RunDescribed", "forked from epoch {epoch} of {run}").format(
            epoch=parent.get("epoch"), run=parent.get("run")
        )
        if parent
        else ""
    )


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
