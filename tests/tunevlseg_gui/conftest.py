"""A client that talks to the fake engine, and an application with our look."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.settings.model import WindowSettings

FAKE = Path(__file__).resolve().parents[1] / "fakes" / "fake_engine.py"


@pytest.fixture
def fake_program() -> list[str]:
    return [sys.executable, str(FAKE)]


@pytest.fixture
def client(qapp: object, fake_program: list[str]) -> Iterator[EngineClient]:
    made = EngineClient(fake_program)
    yield made
    made.close()


@pytest.fixture
def window(qtbot: QtBot, client: EngineClient) -> Iterator[MainWindow]:
    """The whole window on the fake engine, shown."""
    # A run that still goes on when a test ends would otherwise be asked about.
    made = MainWindow(client, WindowSettings(closing="background"))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
