"""`python -m tunevlseg_gui [--demo] [FILE…]` and the program `tunevlseg-gui`."""

from __future__ import annotations

import sys

from tunevlseg_gui.viewer.surface import FLAG


def main() -> int:
    if sys.argv[1:2] == [FLAG]:
        from tunevlseg_gui.viewer.surface.renderer import main as draw

        return draw()
    from tunevlseg_gui.app import run

    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
