"""The bootstrap's decisions: what is installed for which device, what is asked of the user, when nothing is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOTSTRAP = ROOT / "packaging" / "bootstrap.py"


@pytest.fixture(autouse=True)
def _parts_importable() -> Iterator[None]:
    # As when the script itself is run: its own folder comes first.
    sys.path.insert(0, str(BOOTSTRAP.parent))
    yield
    sys.path.remove(str(BOOTSTRAP.parent))


def bootstrap(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BOOTSTRAP), *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


PYPROJECT = {
    "build-system": {"requires": ["hatchling>=1.26"]},
    "project": {
        "dependencies": [
            "numpy>=2.0",
            "onnxruntime-gpu>=1.24; sys_platform == 'linux'",
            "onnxruntime>=1.24; sys_platform != 'linux'",
        ],
        "optional-dependencies": {"tune": ["torch>=2.9"], "dev": ["hatchling>=1.26", "ruff"]},
    },
}


@pytest.mark.parametrize(
    ("system", "machine", "device", "runtime"),
    [
        ("linux", "x86_64", "cuda", "onnxruntime-gpu"),
        ("linux", "x86_64", "cpu", "onnxruntime"),
        ("linux", "aarch64", "cuda", "onnxruntime"),
        ("win32", "AMD64", "cuda", "onnxruntime-gpu"),
        ("win32", "ARM64", "cuda", "onnxruntime"),
        ("darwin", "arm64", "cuda", "onnxruntime"),
    ],
)
def test_exactly_one_onnxruntime(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, device: str, runtime: str
) -> None:
    from bootstrap_parts import requirements

    monkeypatch.setattr(
        requirements, "gpu_build_exists", lambda: (system, machine) in {("linux", "x86_64"), ("win32", "AMD64")}
    )
    lines = requirements.requirements_for(PYPROJECT, device, ["tune"])  # type: ignore[arg-type]
    chosen = [line for line in lines if line.startswith("onnxruntime")]
    assert chosen == [f"{runtime}>=1.24"]
    assert lines == ["numpy>=2.0", *chosen, "torch>=2.9", "hatchling>=1.26"]


def test_gpu_build_exists_where_wheels_do() -> None:
    from bootstrap_parts.requirements import gpu_build_exists

    assert gpu_build_exists("linux", "x86_64")
    assert gpu_build_exists("win32", "AMD64")
    assert not gpu_build_exists("linux", "aarch64")
    assert not gpu_build_exists("darwin", "arm64")


def test_extras_are_not_asked_for_twice() -> None:
    from bootstrap_parts.requirements import requirements_for

    lines = requirements_for(PYPROJECT, "cpu", ["tune", "dev"])
    assert lines.count("hatchling>=1.26") == 1


def test_every_requirement_has_an_exact_version() -> None:
    from bootstrap_parts.requirements import name_of, pinned, read_pyproject

    constraints = ROOT / "packaging" / "constraints.txt"
    project = read_pyproject(ROOT)["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    for line in lines:
        assert "==" in pinned(constraints, name_of(line))


def test_the_constraints_are_what_runs_here() -> None:
    """Whoever runs these tests runs the pinned versions, so that the pins are what was tested."""
    import importlib.metadata as metadata

    from bootstrap_parts.requirements import name_of

    other = []
    for line in (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        assert line.count("==") == 1, line
        try:
            installed = metadata.version(name_of(line))
        except metadata.PackageNotFoundError:
            continue  # the other ONNX Runtime, the cluster
        if installed.split("+")[0] != line.split("==")[1]:
            other.append(f"{line}, installed {installed}")
    assert other == []


def test_the_fingerprint_heeds_packages_and_not_tools(tmp_path: Path) -> None:
    from bootstrap_parts.requirements import fingerprint

    (tmp_path / "packaging").mkdir()
    constraints = tmp_path / "packaging" / "constraints.txt"
    constraints.write_text("numpy==2.4.6\n")
    pyproject = tmp_path / "pyproject.toml"
    head = "[build-system]\nrequires = ['hatchling']\n[project]\nname = 'x'\ndependencies = ['numpy']\n"
    pyproject.write_text(head)
    first = fingerprint(tmp_path)
    pyproject.write_text(head + "[tool.ruff]\nline-length = 99\n")
    assert fingerprint(tmp_path) == first
    constraints.write_text("numpy==2.4.7\n")
    assert fingerprint(tmp_path) != first


def test_a_stamp_is_read_back_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    from bootstrap_parts.environment import STAMP, Stamp

    stamp = Stamp("abc", "cpu", ["tune"], "/somewhere", "")
    stamp.write(tmp_path)
    assert Stamp.read(tmp_path) == stamp
    (tmp_path / STAMP).write_text('{"fingerprint": "abc"')
    assert Stamp.read(tmp_path) is None
    (tmp_path / STAMP).write_text(json.dumps({"strange": 1}))
    assert Stamp.read(tmp_path) is None


@pytest.mark.parametrize(
    ("output", "offline", "says", "hints"),
    [
        ("WARNING: Retrying … NewConnectionError: x", False, "No package index could be reached", "--offline --wheels"),
        ("ERROR: No matching distribution found for torch==2.13.0", True, "torch==2.13.0", "pip download"),
        ("(from versions: none)\nERROR: No matching distribution found for torch", False, "could be reached", "again"),
        ("(from versions: 1, 2)\nERROR: No matching distribution found for x==3", False, "does not hold", "x==3"),
        ("OSError: [Errno 28] No space left on device", False, "disk is full", "Make room"),
        ("SSL: CERTIFICATE_VERIFY_FAILED", False, "certificate", "PIP_CERT"),
        ("one\ntwo\nthree", False, "three", "pip install x"),
    ],
)
def test_failures_of_pip_in_words(output: str, offline: bool, says: str, hints: str) -> None:
    from bootstrap_parts.environment import explain

    problem = explain(["pip", "install", "x"], output, Path("constraints.txt"), offline=offline)
    assert says in problem.message
    assert hints in problem.hint or hints in problem.message


@pytest.mark.parametrize(
    ("device", "index", "system", "part"),
    [
        ("cpu", None, "linux", "several GB"),
        ("cuda", None, "linux", ""),
        ("cpu", "given", "linux", ""),
        ("cuda", None, "win32", "CPU build"),
        ("cuda", None, "darwin", "no CUDA"),
        ("cpu", None, "darwin", ""),
    ],
)
def test_surprising_torch_builds_are_told(device: str, index: str | None, system: str, part: str) -> None:
    from bootstrap_parts.environment import torch_note

    note = torch_note(device, index, system)  # type: ignore[arg-type]
    assert part in note
    assert bool(note) == bool(part)


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    from bootstrap_parts.environment import Environment
    from bootstrap_parts.terminal import Problem

    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "thesis.docx").write_text("years of work")
    with pytest.raises(Problem, match=r"thesis\.docx"):
        Environment(tmp_path)._make_venv(fresh=True)
    assert (tmp_path / ".venv" / "thesis.docx").read_text() == "years of work"


def test_damage_is_found(tmp_path: Path) -> None:
    """A package of which a file is cut short is named; a whole one is not."""
    from bootstrap_parts.environment import FIND_DAMAGE

    for name, size in (("whole", 5), ("broken", 99)):
        (tmp_path / f"{name}.py").write_text("x = 1")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "RECORD").write_text(f"{name}.py,,{size}\n{name}-1.0.dist-info/METADATA,,\n")
    code = f"import sys; sys.path[:] = [{str(tmp_path)!r}, *sys.path[:]]\n{FIND_DAMAGE}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "broken" in done.stdout.split()
    assert "whole" not in done.stdout.split()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux libraries")
def test_missing_libraries_become_packages() -> None:
    from bootstrap_parts.system_libraries import install_command, missing_packages

    missing = missing_packages(virtual_screen=True, loads=lambda soname: soname != "libEGL.so.1", which=lambda _: None)
    assert missing == ["libegl1", "xvfb"]
    assert "libegl1 xvfb" in install_command(missing) or "libEGL.so.1" in install_command(missing)
    assert missing_packages(virtual_screen=True, loads=lambda _: True, which=lambda _: "/usr/bin/Xvfb") == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X and Wayland")
def test_displays(tmp_path: Path) -> None:
    from bootstrap_parts.display import has_display

    assert not has_display({})
    assert not has_display({"DISPLAY": ":9876"})
    assert not has_display({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Xvfb")
def test_a_virtual_screen_answers_and_ends() -> None:
    import shutil

    from bootstrap_parts.display import has_display, virtual_screen

    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    with virtual_screen("320x200x24") as display:
        assert has_display({"DISPLAY": display})
    until = time.monotonic() + 10
    while has_display({"DISPLAY": display}):
        assert time.monotonic() < until, "the virtual screen outlived its use"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="desktop entries")
def test_the_launcher_starts_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bootstrap_parts.launcher import install_launcher

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    program = tmp_path / "a folder" / "tunevlseg-gui"
    for _ in range(2):  # again at no cost
        entry, icon = install_launcher(ROOT, program)
    text = entry.read_text(encoding="utf-8")
    assert f'Exec="{program}" %F' in text
    assert f"Icon={icon}" in text
    assert "@" not in text
    assert os.access(entry, os.X_OK)
    assert icon.read_text(encoding="utf-8").lstrip().startswith("<svg")
    assert sorted(path.name for path in entry.parent.iterdir()) == ["tunevlseg.desktop"]


def test_awkward_paths_in_a_desktop_entry() -> None:
    from bootstrap_parts.launcher import exec_value

    assert exec_value(Path("/a/100%")) == '"/a/100%%"'
    assert exec_value(Path("/a/$b")) == r'"/a/\\$b"'


@pytest.mark.parametrize(
    ("everything", "cuda", "under_x", "expected"),
    [
        (False, False, False, "not xvfb and not slow and not network and not gpu"),
        (True, False, True, "xvfb and not gpu"),
        (True, True, False, "not xvfb"),
    ],
)
def test_which_tests_run(everything: bool, cuda: bool, under_x: bool, expected: str) -> None:
    from bootstrap_parts.checks import marker_expression

    assert marker_expression(everything=everything, cuda=cuda, under_x=under_x) == expected


def test_help_names_the_commands_and_the_devices() -> None:
    done = bootstrap("--help")
    assert done.returncode == 0
    for word in ("install", "run", "test", "--device", "nvidia-smi"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "arguments", [["install", "--device", "tpu"], ["fly"], ["install", "--offline", "--torch-index", "x"]]
)
def test_a_wrong_call_is_the_users_to_mend(arguments: list[str]) -> None:
    done = bootstrap(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_it_needs_the_standard_library_only() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(BOOTSTRAP), "install", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
