"""The virtual environment: made, filled with the pinned packages, stamped; repaired when half-made."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bootstrap_parts.requirements import (
    Device,
    find_device,
    fingerprint,
    name_of,
    onnxruntime_for,
    pinned,
    read_pyproject,
    requirements_for,
)
from bootstrap_parts.terminal import Problem, quoted, run_told, say

STAMP = "tunevlseg-installed.json"
VENV_FOLDERS = {"bin", "include", "lib", "lib64", "share", "Scripts", "Include", "Lib", "pyvenv.cfg", STAMP}
FIND_DAMAGE = """
import importlib.metadata as metadata
damaged = set()
for found in metadata.distributions():
    if not found.files:
        continue
    for file in found.files:
        path = file.locate()
        # Python rewrites what it compiled; everything else has the size that was recorded.
        if file.suffix == ".pyc":
            continue
        if not path.exists() or (file.size is not None and path.stat().st_size != file.size):
            damaged.add(found.metadata["Name"])
            break
print(*sorted(damaged))
"""
"""Run by the environment's own Python: names the packages of which a file is missing or cut short."""
NO_INDEX_REACHED = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "getaddrinfo failed",
    "nodename nor servname",
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Network is unreachable",
    "ProxyError",
)
NOT_FOUND = ("No matching distribution found", "ERROR: Cannot install")


@dataclass(frozen=True)
class Options:
    """How to install: `torch_index` is the address of an index that holds the wanted torch build,
    `wheels` a folder of downloaded wheels, `offline` forbids any index."""

    device: str | None = None
    torch_index: str | None = None
    wheels: Path | None = None
    offline: bool = False


@dataclass(frozen=True)
class Stamp:
    """What an environment holds; written last, so that its absence means half-made."""

    fingerprint: str
    device: Device
    extras: list[str]
    root: str
    torch_index: str  # a fingerprint of the address, which may hold a password
    python: list[int] = field(default_factory=lambda: list(sys.version_info[:2]))

    @classmethod
    def read(cls, venv: Path) -> Stamp | None:
        try:
            return cls(**json.loads((venv / STAMP).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, venv: Path) -> None:
        beside = venv / f"{STAMP}.part"
        beside.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        os.replace(beside, venv / STAMP)


class Environment:
    """The folder .venv of a source checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.constraints = root / "packaging" / "constraints.txt"

    @property
    def scripts(self) -> Path:
        return self.venv / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.script("python")

    def script(self, name: str) -> Path:
        return self.scripts / (f"{name}.exe" if os.name == "nt" else name)

    @property
    def device(self) -> Device:
        stamp = Stamp.read(self.venv)
        return stamp.device if stamp else "cpu"

    def ensure(self, extras: Iterable[str], options: Options) -> bool:
        """Install what is missing; returns whether anything had to be done. Raises Problem."""
        stamp = Stamp.read(self.venv)
        # Without a word from the user an environment keeps the device it was made for.
        device = stamp.device if options.device is None and stamp is not None else _chosen(options.device)
        wanted = sorted({*extras, *(stamp.extras if stamp else [])})
        print_of_now = fingerprint(self.root)
        torch_index = _index_print(options.torch_index) or (stamp.torch_index if stamp else "")
        if (
            stamp is not None
            and stamp.fingerprint == print_of_now
            and stamp.device == device
            and stamp.extras == wanted
            and stamp.root == str(self.root)
            and stamp.torch_index == torch_index
            and self._answers("import engine")
        ):
            return False
        moved = stamp is not None and stamp.root != str(self.root)
        self._make_venv(fresh=moved)
        other_device = stamp is not None and stamp.device != device
        other_index = stamp is not None and stamp.torch_index != torch_index
        self._install(wanted, device, options, torch_again=other_device or other_index)
        self._repair(wanted, options)
        Stamp(print_of_now, device, wanted, str(self.root), torch_index).write(self.venv)
        return True

    def _answers(self, code: str) -> bool:
        return self._complaint(code) is None

    def _complaint(self, code: str) -> str | None:
        """The last line that the environment's Python says against the code; None when it runs."""
        command = [str(self.python), "-c", code]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=self.venv, check=False)
        except OSError as error:
            return str(error)
        if done.returncode == 0:
            return None
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]

    def _repair(self, extras: Sequence[str], options: Options) -> None:
        """Install again what an earlier installation, cut short, left in pieces; pip believes it to be there."""
        found = subprocess.run([str(self.python), "-c", FIND_DAMAGE], capture_output=True, text=True, check=False)
        for name in found.stdout.split():
            try:
                package = pinned(self.constraints, name_of(name))
            except KeyError:
                continue  # not ours: the user put it there
            say(f"  {package} is damaged: installing it again.")
            self._pip("install", "--force-reinstall", "--no-deps", package, options=options)
        modules = ["numpy", "SimpleITK", "PIL.Image", "pydantic", "tokenizers", "onnxruntime", "engine"]
        modules += ["torch", "onnx"] if "tune" in extras else []
        # Qt is not tried here: it needs system libraries, which are looked at on their own.
        complaint = self._complaint(f"import {', '.join(modules)}")
        if complaint is not None:
            raise Problem(
                f"The packages are installed, but one cannot be loaded: {complaint}",
                hint=f"If that names no system library, remove {self.venv} and run the same command again.",
            )

    def _make_venv(self, *, fresh: bool) -> None:
        if self.venv.exists():
            strangers = {entry.name for entry in self.venv.iterdir()} - VENV_FOLDERS
            if strangers and not (self.venv / "pyvenv.cfg").exists():
                raise Problem(
                    f"{self.venv} exists, but is no virtual environment (it holds {sorted(strangers)[0]!r}).",
                    hint="Move that folder away, then run the same command again.",
                )
            if not fresh and self._answers("import pip, sys; sys.exit(sys.version_info < (3, 11))"):
                return
            say("  .venv is incomplete or was moved: making it afresh.")
            shutil.rmtree(self.venv)
        say(f"  Making the virtual environment .venv (Python {sys.version_info[0]}.{sys.version_info[1]}).")
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(self.venv)], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            shutil.rmtree(self.venv, ignore_errors=True)
            output = made.stdout + made.stderr
            if "ensurepip" in output:
                version = f"{sys.version_info[0]}.{sys.version_info[1]}"
                raise Problem(
                    "This Python cannot make virtual environments: its ensurepip is missing.",
                    hint=f"On Debian or Ubuntu: sudo apt-get install python{version}-venv",
                )
            raise Problem("The virtual environment could not be made.", hint=output.strip()[-600:])

    def _install(self, extras: Sequence[str], device: Device, options: Options, *, torch_again: bool) -> None:
        runtime = onnxruntime_for(device)
        other = "onnxruntime" if runtime == "onnxruntime-gpu" else "onnxruntime-gpu"
        with tempfile.TemporaryDirectory() as fetched:
            if self._has(other):
                # The two builds share one folder, so the old one must go first: only once the new one is at hand.
                self._pip(
                    "download", "--no-deps", "--dest", fetched, pinned(self.constraints, runtime), options=options
                )
                (self.venv / STAMP).unlink(missing_ok=True)
                self._pip("uninstall", "--yes", other)
                self._pip("install", "--force-reinstall", "--no-deps", "--no-index", "--find-links", fetched, runtime)
        (self.venv / STAMP).unlink(missing_ok=True)
        if "tune" in extras:
            self._install_torch(device, options, again=torch_again)
        wanted = requirements_for(read_pyproject(self.root), device, extras)
        say(f"  Installing the pinned packages ({', '.join(['base', *extras])}; {runtime}).")
        self._pip("install", "--constraint", str(self.constraints), *wanted, options=options)
        # Built here, without an index: the build backend is already in the environment.
        self._pip("install", "--no-deps", "--no-build-isolation", "--editable", str(self.root), options=options)

    def _install_torch(self, device: Device, options: Options, *, again: bool) -> None:
        """torch first, since its builds differ by index and not by name; the rest then finds it installed."""
        torch = pinned(self.constraints, "torch")
        note = torch_note(device, options.torch_index)
        if note and not self._has("torch"):
            say(f"  Note: {note}")
        index = ["--index-url", options.torch_index] if options.torch_index is not None else []
        if index or again:
            say(f"  Installing {torch}{' from the index given' if index else ''}.")
            replace = ["--force-reinstall"] if again else []
            self._pip("install", "--no-deps", *replace, *index, torch, options=options)

    def _has(self, name: str) -> bool:
        return self._answers(f"import importlib.metadata as m; m.version({name!r})")

    def _pip(self, *arguments: str, options: Options | None = None) -> None:
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
        if options is not None:
            command += ["--find-links", str(options.wheels)] if options.wheels else []
            command += ["--no-index"] if options.offline else []
        env = {**os.environ, "PIP_USER": "0"}  # a user-wide setting that cannot work in an environment
        code, output = run_told(command, env=env, tell=("Downloading", "Installing", "ERROR"))
        if code != 0:
            raise explain(command, output, self.constraints, offline=options is not None and options.offline)


def _chosen(asked: str | None) -> Device:
    match asked:
        case "cpu" | "cuda":
            return asked
        case _:
            return find_device()


def _index_print(address: str | None) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16] if address else ""


def torch_note(device: Device, torch_index: str | None, system: str = sys.platform) -> str:
    """What the default index will give, where that may surprise."""
    if torch_index is not None:
        return ""
    if system.startswith("linux") and device == "cpu":
        return (
            "on Linux the usual index holds the CUDA build of torch, which also runs on the CPU but downloads several "
            "GB. To get the small CPU build: --torch-index with the address of PyTorch's CPU index."
        )
    if system == "win32" and device == "cuda":
        return (
            "on Windows the usual index holds the CPU build of torch. To use the GPU: "
            "--torch-index with the address of PyTorch's CUDA index."
        )
    if system == "darwin" and device == "cuda":
        return "macOS has no CUDA; torch uses the Apple GPU (mps) where there is one."
    return ""


def explain(command: Sequence[str], output: str, constraints: Path, *, offline: bool) -> Problem:
    """pip's failure in words, with the command that goes on."""
    again = quoted([Path(sys.executable).name, *sys.argv])
    wheels = (
        "Without a network: on a connected machine of the same kind run "
        f"`python3 -m pip download --dest wheels --constraint packaging/{constraints.name} '.[tune,dev]' hatchling`, "
        "copy the folder wheels here, then run "
        "`python3 packaging/bootstrap.py install --offline --wheels wheels`."
    )
    if "No space left on device" in output:
        return Problem("The disk is full.", hint=f"Make room (some 3 GB are needed), then run again: {again}")
    if "CERTIFICATE_VERIFY_FAILED" in output:
        return Problem(
            "The package index was reached, but its certificate is not trusted here.",
            hint=f"Name your network's certificate file: PIP_CERT=FILE {again}",
        )
    if any(sign in output for sign in NO_INDEX_REACHED):
        return Problem("No package index could be reached.", hint=f"When the network is back: {again}\n{wheels}")
    if any(sign in output for sign in NOT_FOUND):
        missing = next(line for line in output.splitlines() if any(sign in line for sign in NOT_FOUND))
        missing = missing.strip().removeprefix("ERROR: ")
        if offline:
            return Problem(f"The wheels at hand are not all that is needed. {missing}", hint=wheels)
        reached = "from versions: none" not in output
        what = (
            "The package index does not hold" if reached else "No package index could be reached, or it does not hold"
        )
        return Problem(
            f"{what} a package that is needed. {missing}",
            hint=f"Check that the index is complete and that Python {sys.version_info[0]}.{sys.version_info[1]} "
            f"is supported by it; then run again: {again}\n{wheels}",
        )
    lines = [line for line in output.splitlines() if line.strip()]
    return Problem(
        "pip could not install the packages. Its last words: " + " / ".join(lines[-4:])[:800],
        hint=f"To see everything: {quoted(command)}",
    )
