"""Which modules a source file imports, and whether already at import time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    module: str
    line: int
    at_start: bool  # run when the file itself is imported: neither inside a function nor for type checkers only
    optional: bool  # inside a try: the file copes without it


def imports_of(file: Path) -> Iterator[Import]:
    yield from _walk(ast.parse(file.read_text(encoding="utf-8")), at_start=True, optional=False)


def _walk(node: ast.AST, *, at_start: bool, optional: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names, lineno=line):
                yield from (Import(name.name, line, at_start, optional) for name in names)
            case ast.ImportFrom(module=str(module), level=0, lineno=line):
                yield Import(module, line, at_start, optional)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _walk(child, at_start=False, optional=optional)
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                for other in child.orelse:
                    yield from _walk(other, at_start=at_start, optional=optional)
            case ast.Try():
                yield from _walk(child, at_start=at_start, optional=True)
            case _:
                yield from _walk(child, at_start=at_start, optional=optional)
