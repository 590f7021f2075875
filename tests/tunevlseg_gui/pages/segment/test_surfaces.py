"""Masks on show → surfaces in the 3-D pane, made by the engine's own job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.jobs import Surface
from tunevlseg_gui.pages.segment.page import SegmentPage
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer, count_levels


@pytest.fixture
def masked(opened: SegmentPage, qtbot: Any) -> SegmentPage:
    levels = np.zeros((6, 20, 30), np.uint8)
    levels[1:5, 5:15, 8:22] = 200
    opened.controller.layers.show([Layer("liver", levels, COLOURS[0], counts=count_levels(levels))])
    return opened


def asked(page: SegmentPage, desk: Any, qtbot: Any, before: int = 0) -> None:
    qtbot.waitUntil(lambda: desk.count(Surface) == before + 1)


def test_the_masks_as_they_are_shown_become_surfaces(masked: SegmentPage, desk: Any, qtbot: Any) -> None:
    pane = masked.viewer.panes.surface
    masked.surfaces.make()
    asked(masked, desk, qtbot)
    desk.do(Surface)
    qtbot.waitUntil(lambda: "triangles" in pane.words.text())
    (made,) = pane._surfaces
    assert made.phrase == "liver"
    assert made.colour == COLOURS[0]
    # Voxels of 1 × 1 × 4 mm, 8 to 21 along x.
    assert (made.low[0], made.high[0]) == pytest.approx((7.5, 21.5), abs=0.6)
    masked.controller.layers.set_threshold(0.9)
    assert pane.is_stale
    masked.surfaces.make()
    asked(masked, desk, qtbot, 1)
    desk.do(Surface)
    qtbot.waitUntil(lambda: pane._surfaces == [])


def test_they_are_saved_as_stl(masked: SegmentPage, desk: Any, qtbot: Any, tmp_path: Path) -> None:
    masked.ask_surface_path = lambda: str(tmp_path / "liver")  # type: ignore[method-assign]
    masked.viewer.panes.surface.save_button.click()
    asked(masked, desk, qtbot)
    desk.do(Surface)
    qtbot.waitUntil(lambda: masked.status.text() == f"Saved {tmp_path / 'liver.stl'}")
    assert (tmp_path / "liver.stl").stat().st_size > 84
    masked.viewer.panes.surface.save_button.click()  # the dialog asked about "liver", which is not there
    assert masked.banner.notice is not None
    assert masked.banner.notice.message.endswith("liver.stl is there already.")


def test_a_failure_is_told_and_can_be_tried_again(masked: SegmentPage, desk: Any, qtbot: Any) -> None:
    masked.surfaces.make()
    asked(masked, desk, qtbot)
    desk.fail(Surface, "The disk is full.")
    assert masked.banner.notice is not None
    assert masked.banner.notice.message == "The disk is full."
    masked.surfaces.make()
    asked(masked, desk, qtbot, 1)


def test_another_scan_leaves_nothing_of_it(masked: SegmentPage, desk: Any, qtbot: Any) -> None:
    pane, scan = masked.viewer.panes.surface, masked.viewer.state.scan
    assert scan is not None
    masked.surfaces.make()
    asked(masked, desk, qtbot)
    desk.do(Surface)
    qtbot.waitUntil(lambda: bool(pane._surfaces))
    masked.viewer.show_scan(replace(scan, path=scan.path.with_name("other.nii.gz")))
    assert pane._surfaces == []
