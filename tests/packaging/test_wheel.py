"""A built wheel is complete: its resources, its programs, and all that needs no torch, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_LIGHT = ("torch", "transformers", "optuna", "onnx-", "onnx.", "onnxscript", "scipy", "tunevlseg", "ray")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("tunevlseg-*.whl")
    return built


def in_environment(python: Path) -> Run:
    """Run a program of the environment, far from the sources."""

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        env["TUNEVLSEG_HOME"] = str(python.parents[1] / "home")
        found = python.parent / program
        return subprocess.run(
            [str(found), *arguments], cwd=python.parents[1], env=env, capture_output=True, text=True, check=False
        )

    return run


def make_venv(folder: Path, *options: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", *options, str(folder)], check=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


@pytest.fixture(scope="module")
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The wheel in a new environment that sees the packages installed here, but none of those that tuning needs."""
    if os.name == "nt":
        pytest.skip("links to installed packages need rights on Windows; the slow test covers it")
    folder = tmp_path_factory.mktemp("light")
    packages = folder / "packages"
    packages.mkdir()
    for entry in Path(sysconfig.get_path("platlib")).iterdir():
        name = entry.name.lower()
        if entry.suffix != ".pth" and name not in ("onnx", "pip") and not name.startswith(NOT_LIGHT):
            (packages / entry.name).symlink_to(entry)
    python = make_venv(folder / "env", "--without-pip")
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    (site / "light.pth").write_text(f"{packages}\n", encoding="utf-8")
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    return in_environment(python)


def shipped_files() -> set[str]:
    """What git tracks of the program, by its place in the wheel."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs a git checkout")
    found = set()
    for name in done.stdout.split("\0"):
        if not (ROOT / name).is_file():
            continue
        if name.startswith("resources/") and not name.startswith("resources/screenshots/"):
            found.add("engine/_resources/" + name.removeprefix("resources/"))
        elif name.startswith(("engine/", "tunevlseg_gui/")):
            found.add(name)
    return found


def test_the_wheel_holds_the_program_and_its_resources(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert sorted(shipped_files() - names) == []
    strangers = {name.split("/")[0] for name in names if ".dist-info/" not in name} - {"engine", "tunevlseg_gui"}
    assert strangers == set()
    assert not [name for name in names if "screenshots" in name or "__pycache__" in name]


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    metadata = archive.read(f"{info}/METADATA").decode()
    base = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert not [line for line in base if line.split()[1].startswith(("torch", "transformers", "optuna"))]
    assert any("extra == 'tune'" in line and "torch" in line for line in metadata.splitlines())
    assert "License-Expression: Apache-2.0" in metadata
    assert f"{info}/licenses/LICENSE" in archive.namelist()
    programs = archive.read(f"{info}/entry_points.txt").decode()
    assert "[console_scripts]\ntunevlseg = " in programs
    assert "[gui_scripts]\ntunevlseg-gui = " in programs


def there_is_no_torch(run: Run) -> None:
    assert run("python", "-c", "import torch").returncode != 0


def the_command_line_helps(run: Run) -> None:
    done = run("tunevlseg", "--help")
    assert done.returncode == 0, done.stderr
    assert "segment" in done.stdout


def resources_come_from_the_wheel(run: Run) -> None:
    done = run("python", "-c", "from engine.runs.folders import resources; print(resources())")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert (folder / "catalogue.json").is_file()
    assert ROOT not in folder.parents


def models_are_listed(run: Run) -> None:
    done = run("tunevlseg", "models", "list", "--json")
    assert done.returncode == 0, done.stderr
    assert '"starter"' in done.stdout


def settings_are_described(run: Run) -> None:
    done = run("tunevlseg", "describe", "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    last = json.loads(done.stdout.splitlines()[-1])
    assert "vpt" in last["result"]["strategies"]


def the_window_can_be_imported(run: Run) -> None:
    done = run("python", "-c", "import tunevlseg_gui.app, tunevlseg_gui.main_window")
    assert done.returncode == 0, done.stderr


CHECKS = [
    there_is_no_torch,
    the_command_line_helps,
    resources_come_from_the_wheel,
    models_are_listed,
    settings_are_described,
    the_window_can_be_imported,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_wheel_works_without_torch(light: Run, check: Callable[[Run], None]) -> None:
    check(light)


def test_tuning_without_torch_says_what_to_install(light: Run, tmp_path: Path) -> None:
    done = light("tunevlseg", "demo", "--out", str(tmp_path / "demo"))
    assert done.returncode == 2, done.stderr
    assert "tune" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(1500)
def test_pip_install_into_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """What a user types: `pip install tunevlseg`. Everything of the light base comes from the index."""
    python = make_venv(tmp_path / "env")
    constraints = ROOT / "packaging" / "constraints.txt"
    command = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(constraints), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and ("Connection" in done.stderr or "from versions: none" in done.stderr):
        pytest.skip(f"needs a package index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    run = in_environment(python)
    checked = run("python", "-m", "pip", "check")
    assert checked.returncode == 0, checked.stdout
    for check in CHECKS:
        check(run)
