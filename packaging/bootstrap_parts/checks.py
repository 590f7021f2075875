"""The one check: lint, format, types, import contracts, tests."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bootstrap_parts.display import virtual_screen
from bootstrap_parts.environment import Environment
from bootstrap_parts.terminal import Problem, run_shown, say

NO_TESTS_COLLECTED = 5  # pytest's own exit code


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    seconds: float


def marker_expression(*, everything: bool, cuda: bool, under_x: bool) -> str:
    """Which tests one pytest call takes.

    Tests marked xvfb need a process of their own: Qt chooses its platform once.
    """
    wanted = ["xvfb" if under_x else "not xvfb"]
    if not everything:
        wanted += ["not slow", "not network"]
    if not (everything and cuda):
        wanted.append("not gpu")
    return " and ".join(wanted)


def run_checks(environment: Environment, *, everything: bool, lint_only: bool, pytest_arguments: Sequence[str]) -> bool:
    """Run every check, whatever the earlier ones said; prints a summary. Returns whether all passed."""
    outcomes: list[Outcome] = []

    def check(name: str, run: Callable[[], int]) -> None:
        say(f"\n== {name}")
        begun = time.monotonic()
        passed = run() == 0
        outcomes.append(Outcome(name, passed, time.monotonic() - begun))

    root = str(environment.root)
    python = str(environment.python)

    def program(*command: str) -> Callable[[], int]:
        return lambda: run_shown(command, cwd=root)

    if not pytest_arguments:
        check("lint (ruff)", program(python, "-m", "ruff", "check", "."))
        check("format (ruff)", program(python, "-m", "ruff", "format", "--check", "."))
        check("types (mypy)", program(python, "-m", "mypy"))
        check("import contracts (import-linter)", program(str(environment.script("lint-imports"))))
    if not lint_only:
        cuda = environment.device == "cuda"

        def tests(*, under_x: bool) -> int:
            marks = marker_expression(everything=everything, cuda=cuda, under_x=under_x)
            return _pytest(environment, ["-m", marks, *(pytest_arguments or usual_arguments(under_x))], under_x=under_x)

        check("tests (pytest)", lambda: tests(under_x=False))
        if sys.platform.startswith("linux"):
            check("tests in a real window (pytest, virtual screen)", lambda: tests(under_x=True))
        else:
            say("\nTests in a real window under X run on Linux only; left out here.")

    say("\n== summary")
    for outcome in outcomes:
        say(f"  {'passed' if outcome.passed else 'FAILED'}  {outcome.name}  ({outcome.seconds:.0f} s)")
    return all(outcome.passed for outcome in outcomes)


def usual_arguments(under_x: bool) -> list[str]:
    """Where nothing else is asked: a process for each core, but one for the screen, which has one keyboard focus.

    Tests of one file share what they made, so they stay in one process.
    """
    return (
        ["--durations=10"]
        if under_x
        else ["--durations=10", "--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]
    )


def _pytest(environment: Environment, arguments: Sequence[str], *, under_x: bool) -> int:
    command = [str(environment.python), "-m", "pytest", *arguments]
    with ExitStack() as stack:
        display = None
        if under_x:
            try:
                display = stack.enter_context(virtual_screen())
            except Problem as problem:
                say(f"{problem.message} {problem.hint}")
                return 1
        code = run_shown(command, env=environment_for_tests(os.environ, display), cwd=str(environment.root))
    return 0 if code == NO_TESTS_COLLECTED else code


def environment_for_tests(env: Mapping[str, str], display: str | None) -> dict[str, str]:
    """No network, one computing thread, and the Qt platform that the tests are for."""
    chosen = {**env, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
    chosen.pop("WAYLAND_DISPLAY", None)
    if display is None:
        return {**chosen, "QT_QPA_PLATFORM": "offscreen"}
    return {**chosen, "QT_QPA_PLATFORM": "xcb", "DISPLAY": display}
