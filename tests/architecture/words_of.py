"""Which literals of a source file are words for people that no translator would see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

TRANSLATING = {"tr", "translate", "counted", "QT_TRANSLATE_NOOP"}
NOT_SHOWN = set(
    # what goes to a log, a pattern, a key, an id or a style
    "debug info warning error exception getLogger compile match search sub fullmatch startswith endswith removeprefix "
    "removesuffix partition rpartition split replace find index count strip QKeySequence setObjectName setProperty "
    "property setStyleSheet setStyle TypeVar getattr setattr hasattr import_module findChild findChildren setShortcut "
    "get Signal Slot add_argument ArgumentParser setFamily getenv QFont encode writelines NoOpenGL "
    "setApplicationName fromString "
    # bugs, which end in a crash file
    "ValueError TypeError KeyError RuntimeError AssertionError NotImplementedError LookupError".split()
)
NOT_SHOWN_NAMES = {"name", "role", "picture", "keys", "key", "family", "kind"}
"""Keywords whose values are ids."""
WORDS = re.compile(r"^\d+ [a-z]{3,}|[A-Za-z’']{2,}[,:;.]? [A-Za-z(]|^\W*[A-Z][a-z]+[^A-Z:/=+]*:?$")


OBJECT_NAME = re.compile(r"^\{\}[A-Z][a-z]+$")
BESIDE_VALUE = re.compile(r"(?:^|[ (])[A-Za-z]{3,}(?=[ .,:;)]|$)")


@dataclass(frozen=True)
class Words:
    line: int
    text: str
    node: ast.expr
    above: tuple[ast.AST, ...]  # what it stands in, the file first

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"


def words_of(source: str, allowed: frozenset[str] = frozenset()) -> Iterator[Words]:
    """Literals that look like words for people and stand in no call of `TRANSLATING`."""
    for node, above in _walk(ast.parse(source), ()):
        text = _text(node)
        if text is not None and looks_like_words(text) and text not in allowed and not _spared(node, above):
            yield Words(node.lineno, text, node, above)


def looks_like_words(text: str) -> bool:
    """Two words beside each other, a capitalised one alone, or a word of three letters beside a value."""
    if OBJECT_NAME.search(text):
        return False
    plain = text.replace("&", "")
    beside = "{}" in plain and " " in plain and BESIDE_VALUE.search(plain)
    return bool(WORDS.search(plain.replace("{}", "")) or beside)


def untranslatable(source: str) -> Iterator[Words]:
    """Texts given to a translator that can never be found: put together before, or at import, before there is one."""
    for node, above in _walk(ast.parse(source), ()):
        if not isinstance(node, ast.Call) or _name(node.func) not in TRANSLATING - {"QT_TRANSLATE_NOOP"}:
            continue
        if any(isinstance(part, ast.JoinedStr) for argument in node.args for part in ast.walk(argument)):
            yield Words(node.lineno, "an f-string is translated: use .format() on the translation", node, above)
        if not any(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) for one in above):
            yield Words(node.lineno, "translated at import: use QT_TRANSLATE_NOOP, and translate at use", node, above)


def _walk(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[tuple[ast.expr, tuple[ast.AST, ...]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child, (*above, node)
        if not isinstance(child, ast.JoinedStr):
            yield from _walk(child, (*above, node))
        else:  # words within its braces
            for value in child.values:
                if isinstance(value, ast.FormattedValue):
                    yield from _walk(value.value, (*above, node, child))


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _text(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in values)
    return None


def _spared(node: ast.expr, above: tuple[ast.AST, ...]) -> bool:
    inner: ast.AST = node
    for outer in reversed(above):
        match outer:
            case ast.Expr():
                if inner is node:
                    return True  # a docstring
            case ast.Call(func=func):
                name = _name(func)
                if name in NOT_SHOWN and inner is not func:
                    return True
                if name in TRANSLATING:
                    return True
            case ast.keyword(arg=str(name)) if name in NOT_SHOWN_NAMES:
                return True
            case ast.Compare() | ast.MatchValue() | ast.arguments() | ast.AnnAssign(annotation=ast.Constant()):
                return True
            case ast.Subscript(slice=part) if part is inner:
                return True
            case ast.Dict(keys=keys) if inner in keys:
                return True
            case ast.AnnAssign(annotation=part) if part is inner:
                return True
            case ast.FunctionDef(returns=part) if part is inner:
                return True
        inner = outer
    return False
