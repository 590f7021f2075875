"""Models from elsewhere, in the window: the real engine asks a hub on this machine, and only after a click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.models.known import known_model, known_models
from engine.runs.folders import models_folder
from tests.fakes.model_hub import ModelHub
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.settings.model import NetworkSettings
from tunevlseg_gui.weights.more_models import MoreModels
from tunevlseg_gui.weights.network import network, without_password
from tunevlseg_gui.weights.store import WeightStore

ID, NAME = "CIDAS/clipseg-rd64-refined", "clipseg-rd64-refined"
WAIT = 30_000


@pytest.fixture
def client(qapp: object) -> Iterator[EngineClient]:
    made = EngineClient()
    yield made
    made.close()


@pytest.fixture
def hub(tiny_weights: Path) -> Iterator[ModelHub]:
    with ModelHub(tiny_weights, ID) as served:
        network().use(NetworkSettings(mirror=served.url, proxy="none"))
        yield served
        network().use(NetworkSettings())


@pytest.fixture
def panel(qtbot: QtBot, client: EngineClient) -> MoreModels:
    made = MoreModels(WeightStore.of(client))
    qtbot.addWidget(made)
    made.show_known([known.row() for known in known_models()])
    made.show()
    return made


def find(panel: QWidget, name: str, kind: Any = QPushButton) -> Any:
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def click(qtbot: QtBot, panel: QWidget, name: str) -> None:
    qtbot.mouseClick(find(panel, name), Qt.MouseButton.LeftButton)


def test_the_licence_is_in_sight_and_nothing_is_asked_before_the_click(panel: MoreModels, hub: ModelHub) -> None:
    licence = find(panel, f"fetchLicence_{NAME}", QLabel)
    assert licence.isVisible()
    assert "apache-2.0" in licence.text()
    assert find(panel, "fetchGet_CRIS-RN50").text() == "Open its page"
    assert "only a file" in find(panel, "fetchLicence_CRIS-RN50", QLabel).text()
    assert hub.asked == []


def test_a_download_is_cancelled_gone_on_with_and_installed(
    panel: MoreModels, hub: ModelHub, qtbot: QtBot, client: EngineClient
) -> None:
    store = WeightStore.of(client)
    told: list[Notice] = []
    store.notice.connect(told.append)
    hub.manners.stall_after = 20_000
    part = known_model(ID).begun / "model.safetensors.part"
    click(qtbot, panel, f"fetchGet_{NAME}")
    qtbot.waitUntil(lambda: part.exists() and part.stat().st_size >= 20_000, timeout=WAIT)
    words = find(panel, f"fetchWords_{NAME}", QLabel)
    qtbot.waitUntil(lambda: store.download(ID).done > 0, timeout=WAIT)
    assert " MB" in words.text()
    click(qtbot, panel, f"fetchCancel_{NAME}")
    qtbot.waitUntil(lambda: not store.download(ID).running, timeout=1500)
    assert not (models_folder() / NAME).exists()
    assert find(panel, f"fetchGet_{NAME}").text() == "Go on"
    assert "are here" in words.text()
    hub.manners.stall_after = 0
    hub.go_on.set()
    with qtbot.waitSignal(store.installed, timeout=WAIT) as heard:
        click(qtbot, panel, f"fetchGet_{NAME}")
    assert heard.args == [NAME]
    assert told[-1].message == f"{NAME} is installed."
    assert any(asked.startswith("bytes=") for _, asked in hub.asked)
    panel.show_known([known.row() for known in known_models()])
    assert panel.findChild(QPushButton, f"fetchGet_{NAME}") is None


def test_a_wrong_checksum_is_told_in_its_row(
    panel: MoreModels, hub: ModelHub, qtbot: QtBot, tiny_weights: Path
) -> None:
    hub.manners.content = {"model.safetensors": bytes((tiny_weights / "model.safetensors").stat().st_size)}
    click(qtbot, panel, f"fetchGet_{NAME}")
    problem = find(panel, f"fetchProblem_{NAME}", QLabel)
    qtbot.waitUntil(lambda: "another content" in problem.text(), timeout=WAIT)
    assert not (models_folder() / NAME).exists()


def test_what_was_fetched_can_be_thrown_away(qtbot: QtBot, client: EngineClient) -> None:
    begun = known_model(ID).begun
    begun.mkdir(parents=True)
    (begun / "model.safetensors.part").write_bytes(bytes(500_000))
    panel = MoreModels(WeightStore.of(client))
    qtbot.addWidget(panel)
    panel.show_known([known.row() for known in known_models()])
    panel.show()
    assert find(panel, f"fetchWords_{NAME}", QLabel).text() == "0.5 of 603 MB are here."
    click(qtbot, panel, f"fetchDiscard_{NAME}")
    qtbot.waitUntil(lambda: not begun.exists(), timeout=WAIT)
    qtbot.waitUntil(lambda: find(panel, f"fetchGet_{NAME}").text() == "Download", timeout=WAIT)


def test_how_the_network_is_reached_is_typed_and_kept_without_a_password(panel: MoreModels, qtbot: QtBot) -> None:
    click(qtbot, panel, "networkFold")
    proxy = find(panel, "networkProxy", QLineEdit)
    assert proxy.isVisible()
    qtbot.keyClicks(proxy, "http://ward:secret@proxy.hospital:8080")
    with qtbot.waitSignal(network().changed):
        qtbot.keyClick(proxy, Qt.Key.Key_Return)
    assert network().settings.proxy == "http://ward:secret@proxy.hospital:8080"
    assert network().to_keep().proxy == "http://proxy.hospital:8080"
    network().use(NetworkSettings())
    assert without_password("ward:secret@host:1") == "http://host:1"
    assert without_password("http://host:1") == "http://host:1"


def test_an_imported_folder_is_told(panel: MoreModels, qtbot: QtBot, client: EngineClient, tiny_weights: Path) -> None:
    store = WeightStore.of(client)
    with qtbot.waitSignal(store.installed, timeout=WAIT) as heard:
        store.import_from(str(tiny_weights))
    assert heard.args == [tiny_weights.name]
    assert (models_folder() / tiny_weights.name / "model.safetensors").is_file()
