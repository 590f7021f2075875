"""A patient planted in DICOM headers turns up nowhere: no output, log, file name, cache, export or window text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.fakes.dicom_files import MR, SECRETS, SERIES_UID, dataset, evenly, pattern, placed, save, write_series
from tests.fakes.tiny_bundle import write_tiny_bundle
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow

WAIT = 120_000


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Sound series, and series with every kind of fault; the folders' names are neutral, two files' are not."""
    root = tmp_path / "in"
    write_series(root / "sound", evenly(4), SeriesDescription="Quagmire, chest")
    uid = SERIES_UID + ".2"
    write_series(root / "several", evenly(3), SeriesDescription="plain words")
    write_series(root / "several", evenly(3), first=60, sop_class=MR, SeriesInstanceUID=uid)
    write_series(root / "uneven", [(0.0, 0.0, z) for z in (0.0, 1.0, 5.0)])
    write_series(root / "twice", [(0.0, 0.0, 0.0)] * 2)
    for number, position in enumerate(evenly(3), 1):
        made = dataset(pattern(6, 8, number), number, **placed(position))
        if number == 2:
            made.PixelData = made.PixelData[:20]
        save(made, root / "damaged" / f"Quagmire.{SERIES_UID}.{number}")
    bad = dataset(pattern(6, 8, 1), **placed((0.0, 0.0, 0.0)))
    bad.add_new("RescaleSlope", "LO", "Quagmire")
    save(bad, root / "nonsense" / "a.dcm")
    return root


def leaks_in(folder: Path) -> list[str]:
    """Files of a folder whose name or content holds a secret."""
    found = []
    for file in folder.rglob("*"):
        content = file.read_bytes().lower() if file.is_file() else b""
        for secret in SECRETS:
            if secret.lower() in file.name.lower() or secret.lower().encode() in content:
                found.append(f"{file.relative_to(folder)}: {secret}")
    return found


def leaks_of(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_line_names_nobody(study: Path, tmp_path: Path, repo_root: Path, as_json: bool) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle" / "tiny.vlseg")
    home, out, temporary = tmp_path / "home", tmp_path / "out", tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TUNEVLSEG_HOME": str(home), "TMPDIR": str(temporary)}
    codes = {}
    assert len(leaks_in(study)) > 100  # the search finds what it looks for
    for place in sorted(study.iterdir()):
        done = subprocess.run(
            [sys.executable, "-m", "engine", "segment", str(place), "--bundle", str(bundle), "--prompt", "bright",
             "green", "--out", str(out), *(["--json"] if as_json else [])],
            cwd=repo_root, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        codes[place.name] = done.returncode
        assert leaks_of(done.stdout + done.stderr) == [], place.name
        assert "Traceback" not in done.stderr
    assert codes == {"damaged": 2, "nonsense": 2, "several": 2, "sound": 0, "twice": 2, "uneven": 2}
    # Three masks with a receipt each, and the legend of one.
    assert len(list(out.iterdir())) == 7
    for folder in (home, out, temporary):
        assert leaks_in(folder) == []


def test_a_dicom_seg_names_whom_it_was_told_to(study: Path, tmp_path: Path, repo_root: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle" / "tiny.vlseg")
    environment = {**os.environ, "TUNEVLSEG_HOME": str(tmp_path / "home")}
    for choice, code in (("", 2), ("deidentify", 0), ("keep", 0)):
        out = tmp_path / (choice or "none")
        chosen = ["--dicom-seg-identity", choice] if choice else []
        done = subprocess.run(
            [sys.executable, "-m", "engine", "segment", str(study / "sound"), "--bundle", str(bundle), "--prompt",
             "bright", "--out", str(out), "--format", ".dcm", "--measure", *chosen],
            cwd=repo_root, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert leaks_of(done.stdout + done.stderr) == []  # what would go along is told by its kind, not its value
        assert "Patient ID" in done.stderr or choice == "deidentify"
        found = leaks_in(out) if out.exists() else []
        assert bool(found) == (choice == "keep")
        assert all(".dcm" in leak for leak in found)  # nothing beside the file that was asked for
    assert leaks_in(tmp_path / "home") == []


@pytest.fixture
def real(qapp: object) -> Iterator[EngineClient]:
    client = EngineClient()
    yield client
    client.close()


def test_the_window_names_nobody(
    study: Path, tmp_path: Path, qtbot: QtBot, real: EngineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("TUNEVLSEG_HOME", str(home))
    window = MainWindow(real)
    qtbot.addWidget(window)
    window.show()
    page = window.page("segment")
    asked: list[str] = []

    def choose(entries: list) -> object:
        asked.extend(str(entry.to_dict()) for entry in entries)
        return entries[1]

    monkeypatch.setattr(page, "ask_series", choose)
    for place, slices in (("sound", 4), ("several", 3)):
        before = page.controller.scan
        window.open_path(study / place)
        qtbot.waitUntil(lambda before=before: page.controller.scan not in (None, before), timeout=WAIT)
        assert page.controller.scan.shape_zyx[0] == slices
        assert leaks_of(_texts(window)) == []
        assert leaks_of(page.controller.scan.named.name) == []
    for place in ("uneven", "damaged", "nonsense"):
        page.banner.hide()
        window.open_path(study / place)
        qtbot.waitUntil(page.banner.isVisible, timeout=WAIT)
        assert leaks_of(_texts(window)) == []
    window.close()
    assert len(asked) == 2
    assert leaks_of("".join(asked)) == []
    assert leaks_in(home) == []


def _texts(window: QWidget) -> str:
    words = [window.windowTitle()]
    for widget in window.findChildren(QWidget):
        words += [widget.toolTip(), widget.accessibleName(), widget.windowTitle()]
        if isinstance(widget, QLabel):
            words.append(widget.text())
    return "\n".join(words)
