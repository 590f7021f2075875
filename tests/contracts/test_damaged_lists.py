"""Lists and tables that come with a dataset may hold anything: every layout tells what is wrong, and never trips."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.contract.control import CancelToken
from engine.contract.errors import EngineError
from engine.data.config import DataConfig
from engine.data.readers import LAYOUTS
from engine.data.report import inspect
from tests.fakes.drawn_layouts import LAYOUTS as EXAMPLES

JUNK: list[Any] = [None, True, -1, 0, 7, 10**40, 1.5, float("nan"), "", "x", "../../x", "\ud800", [], [1], {}, {"a": 1}]
ROUNDS = 25


def _lists(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".yaml", ".txt", ".tsv", ".csv"))


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _nodes(inner, (*path, key))
    return found


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], new)
    return copy


def _damaged(text: str, suffix: str, rng: random.Random) -> bytes:
    """Half of the time a value replaced by junk, else bytes changed or the end cut off."""
    if suffix in (".json", ".yaml") and rng.random() < 0.6:
        value = json.loads(text) if suffix == ".json" else yaml.safe_load(text)
        for _ in range(rng.randint(1, 3)):
            value = _with(value, rng.choice(_nodes(value)), rng.choice(JUNK))
        made = json.dumps(value) if suffix == ".json" else yaml.safe_dump(value, allow_unicode=False)
        return made.encode("utf-8", "surrogatepass")
    raw = bytearray(text.encode())
    if rng.random() < 0.3:
        return bytes(raw[: rng.randrange(len(raw) + 1)])
    for _ in range(rng.randint(1, 6)):
        if raw:
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


@pytest.mark.parametrize("name", LAYOUTS.names())
def test_damaged_lists_are_told(name: str, tmp_path: Path) -> None:
    EXAMPLES[name](tmp_path / "good")
    if not _lists(tmp_path / "good"):
        pytest.skip("this layout reads no list")
    rng = random.Random(name)
    for number in range(ROUNDS):
        folder = tmp_path / f"bad{number}"
        shutil.copytree(tmp_path / "good", folder)
        path = rng.choice(_lists(folder))
        path.write_bytes(_damaged(path.read_text(), path.suffix, rng))
        for cls in (LAYOUTS.get(name), *(cls for _, cls in LAYOUTS)):
            assert 0 <= cls().recognises(folder) <= 1
        listed = LAYOUTS.get(name)().cases(folder)
        json.dumps([problem.to_dict() for problem in listed.problems])
        if number % 5 == 0:
            try:
                report = inspect(DataConfig(folder=str(folder)), 1, lambda event: None, CancelToken())
                json.dumps(report.to_dict())
            except EngineError as error:
                told = error.message
                assert told
        shutil.rmtree(folder)
