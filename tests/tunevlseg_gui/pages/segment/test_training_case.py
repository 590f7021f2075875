"""From a corrected mask to a training case in one click, and on to tuning again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.contract.jobs import AddCase
from engine.data.readers.dataset_yaml import DatasetYaml
from engine.runs.folders import corrections_folder
from engine.volumes.reading import read_mask
from tests.fakes.tiny_bundle import write_tiny_bundle
from tests.tunevlseg_gui.pages.segment.conftest import DeskClient
from tests.tunevlseg_gui.pages.segment.test_mask_editor import drag, key, mask
from tunevlseg_gui.pages.segment.page import SegmentPage

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def drawn(page: SegmentPage, desk: DeskClient, picture: Path, qtbot: Any) -> SegmentPage:
    page.open_scan(picture)
    desk.open()
    qtbot.waitUntil(lambda: page.controller.scan is not None)
    page.side.prompt_edit.setPlainText("polyp")
    page.edit_bar.new_action.trigger()
    page.viewer.view.setFocus()
    key(page, Qt.Key.Key_P)
    drag(page, (8, 8), (12, 20))
    return page


def test_one_click_adds_the_case_and_offers_to_tune_again(drawn: SegmentPage, desk: DeskClient, qtbot: Any) -> None:
    side = drawn.side
    assert not side.answers.tune_again.isVisible()
    QTest.mouseClick(side.answers.case_button, LEFT)
    qtbot.waitUntil(lambda: desk.count(AddCase) == 1)
    desk.do(AddCase)
    (case,) = DatasetYaml().cases(corrections_folder()).cases
    assert np.array_equal(read_mask(case.masks[0].path).voxels > 0, mask(drawn))
    assert "holds 1 case." in side.answers.case_words.text()
    with qtbot.waitSignal(drawn.tune_again_requested) as asked:
        QTest.mouseClick(side.answers.tune_again, LEFT)
    assert asked.args == [corrections_folder(), None]


def test_tuning_again_starts_from_the_run_of_the_chosen_model(
    drawn: SegmentPage, desk: DeskClient, tmp_path: Path, qtbot: Any
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "recipe.yaml").write_text("version: 1\n")
    (run / "best.safetensors").write_bytes(b"")
    bundle = write_tiny_bundle(run / "tiny.vlseg")
    drawn.open_bundle(bundle)
    qtbot.waitUntil(lambda: drawn.side.model is not None and drawn.side.model.reference == str(bundle))
    assert drawn.controller.models.tuned_run() == run


def test_another_dataset_may_be_chosen_and_a_wrong_one_is_told(
    drawn: SegmentPage, desk: DeskClient, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "ask_dataset", lambda: str(tmp_path / "mine"))
    QTest.mouseClick(drawn.side.answers.case_other, LEFT)
    qtbot.waitUntil(lambda: desk.count(AddCase) == 1)
    desk.fail(AddCase, "It is organised in a way of its own.", "Choose a new folder.")
    assert drawn.banner.notice is not None
    assert desk.last(AddCase)[1].folder == str(tmp_path / "mine")
    assert not drawn.side.answers.tune_again.isVisible()
