"""The command that starts the engine, for the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.runs.detached import own_program


def engine_program() -> list[str]:
    """This Python, or the program beside a packaged window."""
    if getattr(sys, "frozen", False):
        suffix = ".exe" if os.name == "nt" else ""
        return [str(Path(sys.executable).with_name(f"tunevlseg-engine{suffix}"))]
    return own_program()
