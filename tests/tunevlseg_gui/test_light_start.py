"""The window starts light: no heavy library is imported, not even by pages that show curves."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tunevlseg_gui import app

SCRIPT = """
import json, sys
from tunevlseg_gui.app import make_application
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow
app = make_application(["window"])
window = MainWindow(EngineClient([sys.executable, sys.argv[1]]))
window.show()
app.processEvents()
first = sorted({name.partition(".")[0] for name in sys.modules})
for page in ("data", "tune", "runs", "segment", "models"):
    window.show_page(page)
window.page("runs").live
app.processEvents()
window.close()
print(json.dumps([first, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
HEAVY = {"torch", "transformers", "optuna", "onnxruntime", "onnx", "SimpleITK"}


def test_no_page_imports_a_heavy_library_and_the_first_paint_needs_not_even_numpy(fake_program: list[str]) -> None:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, fake_program[1]],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=Path(__file__).resolve().parents[2],
    )
    first, everything = (set(names) for names in json.loads(found.stdout.splitlines()[-1]))
    assert "PySide6" in first
    assert not first & (HEAVY | {"numpy", "pyqtgraph", "pydantic"})
    assert "pyqtgraph" in everything
    assert not everything & HEAVY


def test_modules_import_without_an_application() -> None:
    script = (
        "import tunevlseg_gui.app, tunevlseg_gui.main_window\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "assert QCoreApplication.instance() is None"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, cwd=root)


PRELOAD = """
import gc, sys
from PySide6.QtCore import QObject
from tunevlseg_gui import app as program
app = program.make_application(["window"])
program.import_ahead().join()
missing = set(program.AHEAD) - set(sys.modules)
assert not missing, missing
heavy = {name.partition(".")[0] for name in sys.modules} & set(sys.argv[1].split())
assert not heavy, heavy
elsewhere = [type(one) for one in gc.get_objects() if isinstance(one, QObject) and one.thread() is not app.thread()]
assert not elsewhere, elsewhere
"""


def test_pages_and_plots_are_imported_on_another_thread_which_leaves_no_object_of_qts_behind() -> None:
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", PRELOAD, " ".join(HEAVY)], check=True, timeout=120, cwd=root)


def test_a_window_that_closes_waits_for_the_module_that_is_being_imported_and_begins_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python and Qt would go down around the thread: the process ended by a fault."""
    (tmp_path / "ahead_gate.py").write_text("import threading\nstarted, go_on = threading.Event(), threading.Event()\n")
    (tmp_path / "ahead_slow.py").write_text("import ahead_gate\nahead_gate.started.set()\nahead_gate.go_on.wait(60)\n")
    (tmp_path / "ahead_next.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    gate: Any = importlib.import_module("ahead_gate")
    monkeypatch.setattr(app, "AHEAD", ("ahead_slow", "ahead_next"))
    monkeypatch.setattr(app, "_ending", threading.Event())
    importing = app.import_ahead()
    assert gate.started.wait(60)
    threading.Timer(0.05, gate.go_on.set).start()
    app.end_importing()
    assert not importing.is_alive()
    assert "ahead_next" not in sys.modules
