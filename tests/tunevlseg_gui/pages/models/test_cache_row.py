"""The line about decoded slices on the Models page, with the real engine behind it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.data.cache.pack import PackWriter, RowFacts
from engine.data.cache.room import UseMark, slices_folder
from engine.inference.encoding_files import EncodingFiles, encodings_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.models.page import ModelsPage


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[ModelsPage]:
    client = EngineClient()
    made = ModelsPage(client)
    qtbot.addWidget(made)
    yield made
    client.close()


def test_shown_and_cleared(qtbot: QtBot, page: ModelsPage) -> None:
    writer = PackWriter(slices_folder() / "settings", 1_000_000, {"dataset": "d", "size": 16}, 10_000_000)
    for number in range(3):
        row = np.random.default_rng(number).integers(0, 255, 1_000_000, dtype=np.uint8)
        writer.add(row, RowFacts(f"case{number}", 0, (4, 4), (1,)))
    writer.finish()
    path = writer.packs[0].path
    mark = UseMark(slices_folder())
    mark.set([path])
    kept = EncodingFiles(encodings_folder())
    assert kept.put("stack", 0, {"features": np.zeros((1, 500_000), np.float32)})
    told: list[str] = []
    page.notice.connect(lambda notice: told.append(notice.message))
    page.came_to_front()
    qtbot.waitUntil(lambda: "3 in 3.0 MB" in page.cache.words.text(), timeout=30_000)
    assert "Encoded scans: 2.0 MB." in page.cache.words.text()
    page.cache.clear.click()
    qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    assert "Encoded scans" not in page.cache.words.text()
    assert not kept.nbytes
    assert told == ["3.0 MB stay."]
    assert path.exists()
    mark.remove()
    page.cache.clear.click()
    qtbot.waitUntil(lambda: "0 in 0.0 MB" in page.cache.words.text(), timeout=30_000)
    assert not path.exists()
    assert not page.cache.clear.isEnabled()
