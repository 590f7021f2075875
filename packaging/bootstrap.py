"""From a fresh clone to a running program: install, run, test. Standard library only.

    python3 packaging/bootstrap.py install [--launcher]     the environment, and the program in your menu
    python3 packaging/bootstrap.py run                      install if needed, then the window with the demo project
    python3 packaging/bootstrap.py test [--all]             install if needed, then every check

Each can be run again: what is already there costs nothing.
Exit codes: 0 done · 1 a check or the program failed · 2 you can mend it, the text says how · 130 interrupted.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this may have an older one
    sys.stderr.write(
        f"TuneVLSeg Desktop needs Python 3.11 or newer; this is Python {sys.version_info[0]}.{sys.version_info[1]}.\n"
        "Install a newer one and start it by name, for example: python3.11 packaging/bootstrap.py install\n"
    )
    sys.exit(2)

import argparse
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bootstrap_parts.checks import run_checks
from bootstrap_parts.display import has_display, virtual_screen
from bootstrap_parts.environment import Environment, Options
from bootstrap_parts.launcher import install_launcher
from bootstrap_parts.system_libraries import ensure_libraries, install_command
from bootstrap_parts.terminal import BUG, DONE, INTERRUPTED, MENDABLE, Problem, run_shown, say

ROOT = Path(__file__).resolve().parents[1]

DEVICE_HELP = """choice of builds:
  --device cpu    ONNX Runtime for the CPU. torch: the default index has the CPU build on Windows and macOS; on Linux
                  it has the CUDA build (runs on the CPU too, but several GB): add --torch-index with the address of
                  PyTorch's CPU index to get the small one.
  --device cuda   ONNX Runtime for CUDA (Linux and Windows, x86-64). torch: the default index has the CUDA build on
                  Linux; on Windows add --torch-index with the address of PyTorch's CUDA index. Not on macOS.
  --device auto   cuda if nvidia-smi answers, else cpu. The first choice when nothing is said; later calls keep what
                  was installed. On Apple machines torch uses the Apple GPU in either case.
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        description="Install, run and test TuneVLSeg Desktop from its source folder.",
        epilog=DEVICE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="install | run | test")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--device", choices=["auto", "cpu", "cuda"], help="which builds of torch and ONNX Runtime")
    common.add_argument("--torch-index", metavar="URL", help="package index to take torch from")
    common.add_argument("--wheels", type=Path, metavar="FOLDER", help="folder of downloaded wheels to install from")
    common.add_argument("--offline", action="store_true", help="ask no index; use what is installed or in --wheels")
    common.add_argument(
        "--no-system-packages", action="store_true", help="never call apt-get; say what is missing instead"
    )

    def add(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=help,
            description=help,
            parents=[common],
            epilog=DEVICE_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    install = add("install", "make .venv with the pinned packages, and what Qt needs")
    install.add_argument("--dev", action="store_true", help="also what the checks need")
    install.add_argument("--launcher", action="store_true", help="put the program into your menu")
    run = add("run", "install if needed, then open the window on the demo project")
    run.add_argument(
        "--out",
        type=Path,
        default=ROOT / "demo-output",
        help="where screenshots and results go when there is no display (default: demo-output)",
    )
    test = add("test", "install if needed, then lint, types, import contracts and tests")
    test.add_argument("--all", action="store_true", help="also the slow tests")
    test.add_argument("--lint-only", action="store_true", help="everything but the tests")
    test.add_argument("pytest", nargs="*", metavar="-- PYTEST ARGUMENT", help="run only pytest, with these arguments")
    return parser


def prepare(arguments: argparse.Namespace, extras: Sequence[str], *, virtual_screen: bool) -> Environment:
    """Environment and system libraries. Raises Problem when something is missing that only the user can get."""
    begun = time.monotonic()
    environment = Environment(ROOT)
    options = Options(arguments.device, arguments.torch_index, arguments.wheels, arguments.offline)
    worked = environment.ensure(extras, options)
    missing = ensure_libraries(
        virtual_screen=virtual_screen, install=not arguments.no_system_packages, offline=arguments.offline
    )
    if missing:
        raise Problem(
            f"Qt needs system libraries that are not here (Debian packages: {', '.join(missing)}).",
            hint=f"Install them, then run this again: {install_command(missing)}",
        )
    if worked:
        say(f"  Installed for {environment.device} in {time.monotonic() - begun:.0f} s.")
    return environment


def install(arguments: argparse.Namespace) -> int:
    extras = ["tune", "dev"] if arguments.dev else ["tune"]
    environment = prepare(arguments, extras, virtual_screen=False)
    say(f"Ready. The window: {environment.script('tunevlseg-gui')}")
    say(f"       The command line: {environment.script('tunevlseg')} --help")
    if arguments.launcher:
        for path in install_launcher(ROOT, environment.script("tunevlseg-gui")):
            say(f"In your menu: {path}")
    return DONE


def run(arguments: argparse.Namespace) -> int:
    shown = has_display()
    environment = prepare(arguments, ["tune"], virtual_screen=not shown)
    python = str(environment.python)
    if shown:
        say("Opening the window on the demo project.")
        code = run_shown([python, "-m", "tunevlseg_gui", "--demo"], cwd=str(ROOT))
        return DONE if code == 0 else BUG
    out = arguments.out.resolve()
    say("No display here: the demo runs in the window on a virtual screen.")
    with virtual_screen() as display:
        env = {key: value for key, value in os.environ.items() if key != "WAYLAND_DISPLAY"}
        env |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        code = run_shown([python, "-m", "tunevlseg_gui.demo_driver", "--out", str(out)], env=env, cwd=str(ROOT))
    if code != 0:
        say(f"The demo ended with exit code {code}; what it left is in {out}.")
        return BUG
    say(f"Screenshots and results: {out}")
    return DONE


def test(arguments: argparse.Namespace) -> int:
    extras = ["tune", "dev", *(["cluster"] if arguments.all else [])]
    environment = prepare(arguments, extras, virtual_screen=not arguments.lint_only)
    passed = run_checks(
        environment,
        everything=arguments.all,
        lint_only=arguments.lint_only,
        pytest_arguments=arguments.pytest,
    )
    return DONE if passed else BUG


def _terminated(number: int, frame: FrameType | None) -> None:
    # Unwind, so that a virtual screen or a child does not outlive us.
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.offline and arguments.torch_index:
        parser.error("--offline asks no index, so it cannot be given together with --torch-index")
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return {"install": install, "run": run, "test": test}[arguments.command](arguments)
    except Problem as problem:
        sys.stderr.write(f"\n{problem.message}\n{problem.hint}\n")
        return MENDABLE
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. Run the same command again to go on.\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
