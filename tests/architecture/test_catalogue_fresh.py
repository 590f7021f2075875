"""resources/catalogue.json, from which the window draws its forms, is what the engine says today."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_catalogue_is_what_describe_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "describe"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shipped = json.loads((ROOT / "resources" / "catalogue.json").read_text(encoding="utf-8"))
    hint = "renew it: .venv/bin/tunevlseg describe > resources/catalogue.json"
    assert json.loads(done.stdout) == shipped, hint
