"""Which masks are on show, and how they look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QToolButton

from tests.tunevlseg_gui.pages.segment.conftest import LEFT, answered, ask, block, child
from tunevlseg_gui.pages.segment.page import SegmentPage


def test_the_threshold_changes_the_mask_without_a_new_job(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    levels = block(140)
    levels[2:4, 5:15, 8:12] = 230
    desk.answer(liver=levels)
    (layer,) = answered(opened, qtbot)
    state, jobs = opened.viewer.state, len(desk.jobs)
    before = opened.viewer.view.grab().toImage()
    assert np.count_nonzero(state.mask_of(layer)) == 140
    slider = opened.side.answers.threshold_slider
    slider.setFocus()
    for _ in range(6):
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
    assert state.threshold == pytest.approx(0.8)
    assert np.count_nonzero(state.mask_of(layer)) == 40
    assert child(opened, QLabel, "layerAmount0").text() == "0.32 ml"
    assert opened.viewer.view.grab().toImage() != before
    slider.setValue(99)
    assert child(opened, QLabel, "layerAmount0").text() == "not found"
    assert len(desk.jobs) == jobs


def test_layers_are_hidden_and_removed(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver", "spleen")
    desk.answer(liver=block(200), spleen=block(200))
    layers = answered(opened, qtbot, 2)
    check = child(opened, QCheckBox, "layerCheck0")
    QTest.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))
    assert [layer.phrase for layer in opened.viewer.state.shown_layers] == ["spleen"]
    QTest.mouseClick(child(opened, QToolButton, "layerRemove1"), LEFT)
    assert opened.viewer.state.layers == layers[:1]
    QTest.mouseClick(child(opened, QToolButton, "layerRemove0"), LEFT)
    assert not opened.side.answers.isVisible()


def test_sliders_checks_and_keys_agree(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    answered(opened, qtbot)
    state, view = opened.viewer.state, opened.viewer.view
    assert opened.side.answers.opacity_slider.value() == 45
    opened.side.answers.opacity_slider.setValue(70)
    assert state.opacity == 0.7
    QTest.keyClick(view, Qt.Key.Key_A)
    assert opened.side.answers.opacity_slider.value() == 60
    QTest.keyClick(view, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert opened.side.answers.outline_check.isChecked()
    QTest.mouseClick(
        opened.side.answers.outline_check, LEFT, pos=QPoint(8, opened.side.answers.outline_check.height() // 2)
    )
    assert not state.outline
    QTest.keyClick(view, Qt.Key.Key_S)
    assert not opened.side.answers.overlay_check.isChecked()
