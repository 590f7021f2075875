"""The system libraries that Qt loads at run time, and the Debian packages that hold them."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from bootstrap_parts.terminal import run_told, say

# Verified in an empty root. Qt's own message names libxcb-cursor0 even when another one is missing.
LIBRARIES: Mapping[str, str] = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def loads(soname: str) -> bool:
    """Whether the dynamic linker finds the library: the question that Qt will ask."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def missing_packages(
    *, virtual_screen: bool, loads: Callable[[str], bool] = loads, which: Callable[[str], str | None] = shutil.which
) -> list[str]:
    """Debian packages whose libraries are not there; with `virtual_screen`, the X server without a screen too."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [package for soname, package in LIBRARIES.items() if not loads(soname)]
    if virtual_screen and which("Xvfb") is None:
        missing.append("xvfb")
    return missing


def install_command(packages: list[str]) -> str:
    """The exact command that a person can paste."""
    if shutil.which("apt-get") or not shutil.which("dnf"):
        return f"sudo apt-get install {' '.join(packages)}"
    sonames = [soname for soname, package in LIBRARIES.items() if package in packages]
    wanted = [f"'{soname}()(64bit)'" for soname in sonames]
    wanted += ["xorg-x11-server-Xvfb"] if "xvfb" in packages else []
    return f"sudo dnf install {' '.join(wanted)}"


def may_install() -> list[str] | None:
    """How to call apt-get without asking for a password: [] as root, ["sudo", "-n"], or None where it cannot be."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    return ["sudo", "-n"] if allowed else None


def ensure_libraries(*, virtual_screen: bool, install: bool, offline: bool) -> list[str]:
    """Install what Qt lacks where that is allowed; returns the packages still missing afterwards."""
    missing = missing_packages(virtual_screen=virtual_screen)
    if not missing or not install or offline:
        return missing
    prefix = may_install()
    if prefix is None:
        return missing
    say(f"  Installing Debian packages that Qt needs: {' '.join(missing)}.")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*prefix, "apt-get", "install", "--yes", "--no-install-recommends", *missing]
    code, _ = run_told(command, env=env, tell=("Setting up", "E:"))
    if code != 0:
        # The usual reason: package lists that are missing or old.
        run_told([*prefix, "apt-get", "update"], env=env, tell=("E:",))
        run_told(command, env=env, tell=("Setting up", "E:"))
    return missing_packages(virtual_screen=virtual_screen)
