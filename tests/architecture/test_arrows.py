"""Imports go one way. The contracts are in pyproject.toml; here each is a test of its own, and shown able to break."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
NAMES = {contract["id"]: contract["name"] for contract in CONTRACTS}

# One line too many in each of these files, and the contract that must notice.
WRONG_ARROWS = [
    ("engine/contract/errors.py", "import engine.config.fields", "engine-layers"),
    ("engine/runs/layout.py", "import PySide6.QtCore", "engine-no-window"),
    ("engine/volumes/volume.py", "import torch", "light-rooms"),
    ("tunevlseg_gui/project.py", "import torch", "window-light"),
    ("tunevlseg_gui/project.py", "import engine.training.losses", "window-asks"),
    ("tunevlseg_gui/theme/__init__.py", "import tunevlseg_gui.app", "window-layers"),
    ("tunevlseg_gui/pages/data/page.py", "import tunevlseg_gui.pages.segment.page", "pages-independent"),
    ("engine/text/phrases.py", "import engine.text.tokenizer", "no-cycles"),
    ("engine/text/tokenizer.py", "import engine.text.phrases", "no-cycles"),
]


def lint(folder: Path) -> str:
    """What import-linter prints about the packages in a folder."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def as_it_is() -> str:
    return lint(ROOT)


@pytest.fixture(scope="module")
def with_wrong_arrows(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("arrows")
    for package in ("engine", "tunevlseg_gui"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, line, _ in WRONG_ARROWS:
        with (folder / file).open("a", encoding="utf-8") as victim:
            victim.write(f"\n{line}\n")
    return lint(folder)


@pytest.mark.parametrize("contract", NAMES)
def test_contract_is_kept(as_it_is: str, contract: str) -> None:
    assert f"{NAMES[contract]} KEPT" in as_it_is, as_it_is


@pytest.mark.parametrize("contract", NAMES)
def test_a_wrong_arrow_is_noticed(with_wrong_arrows: str, contract: str) -> None:
    assert contract in {noticed for _, _, noticed in WRONG_ARROWS}, "give this contract a wrong arrow too"
    assert f"{NAMES[contract]} BROKEN" in with_wrong_arrows, with_wrong_arrows


def test_every_room_has_a_layer() -> None:
    """A new room must be put into the order by whoever adds it."""
    for package, contract in (("engine", "engine-layers"), ("tunevlseg_gui", "window-layers")):
        (found,) = (entry for entry in CONTRACTS if entry["id"] == contract)
        layers = {name for line in found["layers"] for name in re.findall(r"\w+", line)}
        rooms = {
            path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        assert rooms - layers == {"__init__"}
