"""Imports go one way. The contracts are in pyproject.toml; here each is a test of its own, and shown able to break."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    arguments = [argument for contract in contracts for argument in ("--contract", contract)]
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("contract", [contract["id"] for contract in CONTRACTS])
def test_contract_is_kept(contract: str) -> None:
    done = lint(ROOT, contract)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy_of_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arrows")
    ignore = shutil.ignore_patterns("__pycache__")
    for package in ("engine", "tunevlseg_gui"):
        shutil.copytree(ROOT / package, folder / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("engine/contract/errors.py", "import engine.config.fields", "engine-layers"),
        ("engine/volumes/geometry.py", "import engine.text.phrases", "engine-layers"),
        ("engine/runs/layout.py", "import PySide6.QtCore", "engine-no-window"),
        ("engine/volumes/volume.py", "import torch", "light-rooms"),
        ("tunevlseg_gui/project.py", "import torch", "window-light"),
        ("tunevlseg_gui/project.py", "import engine.training.loop", "window-asks"),
        ("tunevlseg_gui/theme/__init__.py", "import tunevlseg_gui.app", "window-layers"),
    ],
)
def test_a_wrong_arrow_is_noticed(copy_of_sources: Path, file: str, line: str, contract: str) -> None:
    victim = copy_of_sources / file
    before = victim.read_text(encoding="utf-8")
    try:
        victim.write_text(f"{before}\n{line}\n", encoding="utf-8")
        done = lint(copy_of_sources, contract)
    finally:
        victim.write_text(before, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
