"""The light base needs no torch; what each room imports is declared in pyproject.toml."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "transformers", "optuna", "onnx", "onnxscript", "scipy", "monai", "ray"}
# The rooms that tuning needs; everything else works after `pip install tunevlseg` without the extra `tune`.
# Of the synthetic room only what trains needs torch; what draws is imported below.
HEAVY_ROOMS = re.compile(
    r"engine/((models|strategies|training|export|search|insight|synthetic)/|assemble\.py|data/batch\.py)"
)
ALWAYS_THERE = {"engine", "tunevlseg_gui", *sys.stdlib_module_names}
PACKAGE_OF = {
    "PIL": "pillow",
    "SimpleITK": "simpleitk",
    "yaml": "pyyaml",
    "PySide6": "pyside6-essentials",
    "shiboken6": "pyside6-essentials",
    "onnxruntime": "onnxruntime",
    "pydantic_core": "pydantic",
}


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


imports_of = _load("imports_of").imports_of


def sources() -> list[str]:
    return sorted(
        str(path.relative_to(ROOT).as_posix())
        for room in ("engine", "tunevlseg_gui")
        for path in (ROOT / room).rglob("*.py")
    )


def declared(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {re.split(r"[\s<>=!;\[]", line)[0].lower() for line in lines}


@pytest.mark.parametrize("source", sources())
def test_imports_are_declared_and_light_rooms_stay_light(source: str) -> None:
    heavy_room = HEAVY_ROOMS.match(source) is not None
    may_use = declared("tune", "cluster")
    base = declared()
    for found in imports_of(ROOT / source):
        top = found.module.split(".")[0]
        if top in ALWAYS_THERE:
            continue
        where = f"{source}:{found.line} imports {found.module}"
        package = PACKAGE_OF.get(top, top.lower())
        assert package in may_use or found.optional, f"{where}, which pyproject.toml does not declare"
        if not heavy_room and found.at_start and not found.optional:
            assert top not in HEAVY, f"{where} at the top: import it inside the function that needs it"
            assert package in base, f"{where} at the top, but the light base does not install {package}"


@pytest.mark.parametrize(
    "module",
    [
        "engine.cli",
        "engine.volumes.reading",
        "engine.text.tokenizer",
        "engine.data.config",
        "engine.data.report",
        "engine.runs.reader",
        "engine.bundle.reader",
        "engine.inference.segment",
        "engine.models.weights",
        "engine.synthetic.scenes",
        "tunevlseg_gui.app",
        "tunevlseg_gui.main_window",
    ],
)
def test_importing_a_light_module_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({HEAVY | {'tunevlseg_gui'}!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    allowed = {"tunevlseg_gui"} if module.startswith("tunevlseg_gui") else set()
    assert set(done.stdout.split()) <= allowed
