"""`python -m tunevlseg_gui [--demo] [FILE…]` and the program `tunevlseg-gui`."""

from __future__ import annotations

import sys


def main() -> int:
    from tunevlseg_gui.app import run

    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
