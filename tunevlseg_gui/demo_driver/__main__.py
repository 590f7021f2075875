"""`python -m tunevlseg_gui.demo_driver --out FOLDER`: the demo in the real window, driven by mouse and keyboard events.

Exit codes: 0 the whole road was taken · 1 a step failed · 2 something you can mend, the text says how.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

DONE = 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tunevlseg_gui.demo_driver", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="receives pictures and results")
    parser.add_argument("--epochs", type=int, help="a shorter run: typed into the wizard")
    parser.add_argument("--patience", type=float, default=900.0, help="seconds that one step may take (default: 900)")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--size", default="1360x880", help="of the window, in pixels (default: 1360x880)")
    parser.add_argument("--pictures", type=Path, help="folder that receives the README's pictures")
    arguments = parser.parse_args(argv)
    out = arguments.out.absolute()
    # Before anything asks for the user's folders: the demo leaves them alone.
    os.environ.setdefault("TUNEVLSEG_HOME", str(out / "home"))

    from tunevlseg_gui.demo_driver.visit import keep_pictures, visit

    width, _, height = arguments.size.partition("x")
    code = visit(out, (int(width), int(height)), arguments.theme, arguments.patience, arguments.epochs)
    if code == DONE and arguments.pictures is not None:
        keep_pictures(out, arguments.pictures)
    return code


if __name__ == "__main__":
    sys.exit(main())
