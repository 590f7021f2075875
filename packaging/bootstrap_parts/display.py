"""Where a window can open: the user's screen, or an X server without one."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bootstrap_parts.terminal import Problem

START_TIMEOUT_S = 30.0


def has_display(env: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can be shown to a person. Windows and macOS always have a screen for whoever is logged in."""
    if not sys.platform.startswith("linux"):
        return True
    if env.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal", "vnc")):
        return False
    return _wayland_answers(env) or _x_answers(env)


def _wayland_answers(env: Mapping[str, str]) -> bool:
    name = env.get("WAYLAND_DISPLAY")
    if not name:
        return False
    return (Path(env.get("XDG_RUNTIME_DIR", "/")) / name).is_socket()


def _x_answers(env: Mapping[str, str]) -> bool:
    name = env.get("DISPLAY")
    if not name:
        return False
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        # Qt speaks X without libX11; believe the variable.
        return True
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    connection = x11.XOpenDisplay(name.encode())
    if not connection:
        return False
    x11.XCloseDisplay(connection)
    return True


@contextmanager
def virtual_screen(size: str = "2800x1800x24") -> Iterator[str]:
    """Run Xvfb on a free display number; yields the name for DISPLAY (":7"). Raises Problem where it cannot start.

    Its size has room for the window at 200 %.
    """
    program = shutil.which("Xvfb")
    if program is None:
        raise Problem("There is no virtual screen (Xvfb) here.", hint="sudo apt-get install xvfb")
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as complaints:
        command = [program, "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
        process = subprocess.Popen(command, pass_fds=(writing,), stdout=complaints, stderr=complaints)
        os.close(writing)
        try:
            number = _read_number(reading, process)
            if number is None:
                complaints.seek(0)
                last_words = complaints.read().decode(errors="replace").strip()[-400:]
                raise Problem(f"The virtual screen (Xvfb) did not start. {last_words}", hint="Try: Xvfb -displayfd 1")
            yield f":{number}"
        finally:
            os.close(reading)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _read_number(reading: int, process: subprocess.Popen[bytes]) -> int | None:
    """Xvfb writes its display number and a line end once it accepts connections."""
    text = b""
    until = time.monotonic() + START_TIMEOUT_S
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([reading], [], [], max(0.0, until - time.monotonic()))
        chunk = os.read(reading, 16) if ready else b""
        if not chunk:  # it ended, or it took too long
            return None
        text += chunk
    return int(text) if process.poll() is None else None
