"""The window on the real engine: a small dataset with a fault in it, and a recipe that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from engine.contract.events import Event, JobFailed
from engine.contract.jobs import Tune
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.widgets.turns import none_wait

WAIT = 120_000


@pytest.fixture
def real(qapp: object) -> Iterator[EngineClient]:
    client = EngineClient()
    yield client
    client.close()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "blobs"
    rows, columns = np.mgrid[:48, :48]
    for number in range(6):
        mask = ((rows - 24) ** 2 + (columns - 16 - number) ** 2 < 100).astype(np.uint8) * 255
        image = np.stack([mask // 2 + 60] * 3, axis=-1)
        for kind, array in (("images", image), ("masks", mask)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(folder / kind / f"case{number}.png")
    (folder / "masks" / "case5.png").unlink()
    return folder


def test_a_real_dataset_is_shown_with_its_faults(qtbot: QtBot, real: EngineClient, dataset: Path) -> None:
    window = MainWindow(real)
    qtbot.addWidget(window)
    window.show()
    window.open_path(dataset)
    qtbot.waitUntil(lambda: window.project.ready and none_wait(), timeout=WAIT)
    page = window.page("data")
    assert [row.case_id for row in page.browser.model.rows] == [f"case{number}" for number in range(5)]
    qtbot.waitUntil(lambda: page.browser.drawn, timeout=WAIT)
    assert page.side.labels.model.rowCount() == 1
    assert "case5" in page.side.problems.texts()[0]
    assert page.tune.isEnabled()
    window.close()


def test_an_empty_folder_is_told_in_the_banner(qtbot: QtBot, real: EngineClient, tmp_path: Path) -> None:
    window = MainWindow(real)
    qtbot.addWidget(window)
    (tmp_path / "nothing").mkdir()
    window.open_path(tmp_path / "nothing")
    qtbot.waitUntil(lambda: window.banner.notice is not None, timeout=WAIT)
    assert window.banner.notice is not None
    assert "nothing is empty" in window.banner.notice.message
    assert "images/" in window.banner.notice.hint
    assert not window.page("data").tune.isEnabled()
    window.close()


def test_a_recipe_that_the_engine_refuses_says_which_setting(qtbot: QtBot, real: EngineClient, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    recipe = run / "asked.yaml"
    recipe.write_text("version: 1\nname: x\nsed: 5\nstrategy: {name: vpt}\n", encoding="utf-8")
    heard: list[Event] = []
    real.run_event.connect(lambda _folder, event: heard.append(event))
    real.start_run(Tune(str(recipe), str(run)))
    qtbot.waitUntil(lambda: any(isinstance(event, JobFailed) for event in heard), timeout=WAIT)
    failed = heard[-1]
    assert isinstance(failed, JobFailed)
    assert failed.field == "sed"
    assert "seed" in failed.hint
