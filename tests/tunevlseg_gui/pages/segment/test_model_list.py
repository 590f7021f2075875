"""Which models are offered, and what choosing one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox

from engine.contract.jobs import ListModels, Segment
from tests.fakes.tiny_bundle import write_tiny_bundle
from tests.tunevlseg_gui.pages.segment.conftest import LEFT, answered, ask, block, child
from tunevlseg_gui.pages.segment.page import SegmentPage


def test_a_base_model_shows_its_notice_and_the_way_to_tuning(page: SegmentPage, qtbot: Any) -> None:
    assert page.side.bundle_combo.currentText().startswith("Starter")
    assert page.side.notice.isVisible()
    assert page.side.notice.text() == "has never seen medical images: tune first"
    with qtbot.waitSignal(page.tune_requested) as asked:
        QTest.mouseClick(page.side.tune_button, LEFT)
    assert asked.args == ["starter"]


def test_a_folder_that_is_no_bundle(page: SegmentPage, tmp_path: Path, qtbot: Any) -> None:
    chosen = page.side.model
    page.open_bundle(tmp_path)
    qtbot.waitUntil(lambda: page.banner.notice is not None)
    assert "bundle" in page.banner.notice.message
    assert page.side.model == chosen


def test_models_are_looked_for_again_when_the_page_is_shown(page: SegmentPage, desk: Any) -> None:
    asked = desk.count(ListModels)
    page.hide()
    page.show()
    assert desk.count(ListModels) == asked + 1


def test_a_label_is_picked_only_where_labels_have_words_of_their_own(
    opened: SegmentPage, desk: Any, tmp_path: Path, qtbot: Any
) -> None:
    combo = child(opened, QComboBox, "labelCombo")
    assert not combo.isVisible()
    opened.open_bundle(write_tiny_bundle(tmp_path / "shared.vlseg"))
    qtbot.waitUntil(lambda: opened.side.model is not None and opened.side.model.reference.endswith("shared.vlseg"))
    assert not combo.isVisible()
    ask(opened, "blight")
    assert desk.last(Segment)[1].label == ""
    desk.answer(blight=block(200))
    answered(opened, qtbot)

    opened.open_bundle(write_tiny_bundle(tmp_path / "own.vlseg", by_label=True))
    qtbot.waitUntil(combo.isVisible)
    assert [combo.itemText(row) for row in range(combo.count())] == ["nearest name", "rose", "leaf"]
    ask(opened, "blight")
    assert desk.last(Segment)[1].label == ""
    desk.answer("leaf", blight=block(200))
    qtbot.waitUntil(lambda: [layer.label_used for layer in opened.viewer.state.layers] == ["leaf"])
    assert child(opened, QCheckBox, "layerCheck0").text() == "blight  ·  leaf"

    combo.setCurrentIndex(1)
    ask(opened, "blight", "rose")
    assert desk.last(Segment)[1].label == "rose"
    desk.answer("rose", blight=block(200), rose=block(210))
    answered(opened, qtbot, 2)
    # Saving asks again, as it was asked.
    opened.controller.saver.save(tmp_path / "mask.nii.gz", lambda _path: True)
    assert desk.last(Segment)[1].label == "rose"
    # The label itself needs no word about whose words it took.
    assert child(opened, QCheckBox, "layerCheck1").text() == "rose"
