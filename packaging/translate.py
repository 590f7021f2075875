"""Adds or brings up to date the translation into one language: `translate.py de`, with the environment's Python.

It collects every text of the window and the fixed texts of the engine into `resources/translations/tunevlseg_de.ts`
(Qt Linguist edits it; what was translated stays), and makes the `.qm` file beside it, which the window loads.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
SHOWN = ("title", "description", "help", "unit", "why_capped")
"""Keys of the catalogue whose values the window shows."""


def engine_texts() -> list[str]:
    """Fixed texts of the engine: titles, help and units of settings, stages of jobs, the research-use line."""
    catalogue = json.loads((ROOT / "resources" / "catalogue.json").read_text(encoding="utf-8"))
    found = dict.fromkeys(_shown(catalogue))
    stage = re.compile(r"""\b(?:stage|unit)=\s*"([^"{}]+)\"""")
    for source in sorted((ROOT / "engine").rglob("*.py")):
        found.update(dict.fromkeys(stage.findall(source.read_text(encoding="utf-8"))))
    sys.path.insert(0, str(ROOT))
    from engine.contract.notices import RESEARCH_ONLY
    from engine.data.palette import NAMES
    from engine.volumes.ct_windows import CT_WINDOWS, window_title

    return [*found, RESEARCH_ONLY, *NAMES, *(window_title(name) for name in CT_WINDOWS)]


def _shown(node: Any, *, setting: bool = False) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                # Of what a setting may be (a number or nothing, a class of its own) the schema's titles are not shown.
                yield from (found["title"] for found in value.values() if found.get("title"))
                yield from (text for found in value.values() for text in _shown(found, setting=True))
                continue
            if key in SHOWN and isinstance(value, str) and value and not (setting and key == "title"):
                yield value
            yield from _shown(value, setting=setting)
    elif isinstance(node, list):
        for value in node:
            yield from _shown(value, setting=setting)


def counted_texts() -> Iterator[tuple[str, str, str]]:
    """Context, text for many and text for one of each call of `counted` in the window."""
    for source in sorted((ROOT / "tunevlseg_gui").rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "counted":
                context, many, one = (ast.literal_eval(argument) for argument in node.args[:3])
                yield context, many, one


def collect(ts: Path) -> None:
    """Texts into `ts`; translations that are in it stay."""
    # lupdate sees no plural in Python's `translate`, and no text in a catalogue: both are shown to it as C++.
    lines = [f"QCoreApplication::translate({_quoted('Engine')}, {_quoted(text)});" for text in engine_texts()]
    lines += [
        f"QCoreApplication::translate({_quoted(context)}, {_quoted(many)}, {_quoted(one)}, n);"
        for context, many, one in counted_texts()
    ]
    with tempfile.TemporaryDirectory() as folder:
        others = Path(folder) / "others.cpp"
        others.write_text("void texts(int n) {\n" + "\n".join(lines) + "\n}\n", encoding="utf-8")
        sources = [str(path) for path in sorted((ROOT / "tunevlseg_gui").rglob("*.py"))]
        # Where a text stands changes with every edit: without it, a file of translations changes with its texts only.
        options = ["-locations", "none", "-no-ui-lines", "-silent"]
        subprocess.run([tool("lupdate"), *options, *sources, str(others), "-ts", str(ts)], check=True)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def tool(name: str) -> str:
    """Qt's tool as PySide6 installs it beside Python."""
    found = next(Path(sys.executable).parent.glob(f"pyside6-{name}*"), None)
    if found is None:
        raise SystemExit(f"pyside6-{name} is not beside {sys.executable}: run this with the environment's Python.")
    return str(found)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("language", nargs="?", help="such as de or pt_BR")
    parser.add_argument("--only-collect", type=Path, metavar="FILE", help="write the untranslated texts into this file")
    chosen = parser.parse_args(arguments)
    if chosen.only_collect:
        collect(chosen.only_collect)
    elif chosen.language and re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", chosen.language):
        FOLDER.mkdir(parents=True, exist_ok=True)
        ts = FOLDER / f"tunevlseg_{chosen.language}.ts"
        collect(ts)
        subprocess.run([tool("lrelease"), "-silent", str(ts), "-qm", str(ts.with_suffix(".qm"))], check=True)
        print(f"{ts}: edit it with pyside6-linguist, then run this again.")  # noqa: T201
    else:
        parser.error("name a language, such as de or pt_BR")
    return 0


if __name__ == "__main__":
    sys.exit(main())
