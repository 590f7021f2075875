"""`python -m engine serve | work JOB.json` is the worker; any other argument is a command of `tunevlseg`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and ends the process with its exit code."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        # Ctrl+C while the program itself is still loading: nothing has begun.
        sys.stderr.write("cancelled\n")
        sys.stderr.flush()
        os._exit(130)


def _run(arguments: list[str]) -> int:
    from engine.runs.cores import share_cores

    share_cores()  # before numpy, torch and SimpleITK are loaded
    if arguments[:1] == ["serve"]:
        from engine.worker import leave, serve

        leave(serve())
    if arguments[:1] == ["work"] and len(arguments) == 2:
        from engine.worker import leave, work

        leave(work(Path(arguments[1])))
    from engine.cli.main import main as command_line
    from engine.worker import leave

    code = command_line(arguments)
    leave(code)
    return code


if __name__ == "__main__":
    main()
