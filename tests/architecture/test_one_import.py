"""What tests share is imported in one way: as `tests.fakes.…`, since another one makes a second module of the file."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SHARED = {path.name for path in TESTS.iterdir() if path.is_dir()} - {"engine", "packaging", "tunevlseg_gui"}
"""Folders that a bare import would name; those left out are called as parts of the project."""


def bare_imports(text: str) -> list[str]:
    """Modules of the tests that are imported without `tests.` before them."""
    nodes = ast.walk(ast.parse(text))
    found = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return [module for module in found if module.split(".")[0] in SHARED]


def test_shared_files_are_imported_by_one_name() -> None:
    named = {
        str(path.relative_to(TESTS)): bare_imports(path.read_text(encoding="utf-8")) for path in TESTS.rglob("*.py")
    }
    assert not {path: modules for path, modules in named.items() if modules}, "write from tests.… import"


def test_a_bare_import_is_found() -> None:
    assert bare_imports("from fakes.processes import Command\nfrom tests.fakes import processes") == ["fakes.processes"]
