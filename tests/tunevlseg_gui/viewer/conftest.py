"""A small head: 6 slices of 20 × 30 voxels, 1 × 1 × 4 mm, a block of tissue in air."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.volumes.geometry import Geometry
from engine.volumes.slicing import SliceStack
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer, count_levels
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.window_level import WindowLevel

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture
def geometry() -> Geometry:
    return Geometry((1.0, 1.0, 4.0), (10.0, -20.0, 5.0), IDENTITY)


@pytest.fixture
def volume(geometry: Geometry) -> ViewedScan:
    voxels = np.full((6, 20, 30), -1000, np.int16)
    voxels[:, 5:15, 8:22] = 40
    return ViewedScan(Path("head.nii.gz"), voxels, geometry, WindowLevel(40, 400), (-1000.0, 40.0))


@pytest.fixture
def photo() -> ViewedScan:
    """20 × 30 pixels, dark red."""
    voxels = np.zeros((1, 20, 30, 3), np.uint8)
    voxels[..., 0] = 100
    return ViewedScan(Path("photo.png"), voxels, None, WindowLevel(127.5, 255), (0.0, 100.0))


def layer_of(levels: np.ndarray, phrase: str = "liver", colour: tuple[int, int, int] = COLOURS[0]) -> Layer:
    return Layer(phrase, levels, colour, counts=count_levels(levels))


@pytest.fixture
def block() -> Layer:
    """Probability 0.6 in rows 5-14, columns 8-21 of every slice, 0.8 in its left half."""
    levels = np.zeros((6, 20, 30), np.uint8)
    levels[:, 5:15, 8:22] = 153
    levels[:, 5:15, 8:15] = 204
    return layer_of(levels)


EDITED_SHAPE = (20, 32, 40)


@pytest.fixture
def edited_layer() -> Layer:
    """An empty mask on the grid of `turned_stack`."""
    layer = layer_of(np.zeros(EDITED_SHAPE, np.uint8))
    layer.edited = True
    return layer


@pytest.fixture
def turned_stack() -> SliceStack:
    """Coronal slices of a volume stored turned round: voxels of 1 × 2 × 3 mm (x, y, z), two axes flipped."""
    direction = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
    return SliceStack(
        np.zeros(EDITED_SHAPE, np.int16), Geometry((1.0, 2.0, 3.0), (0.0, 0.0, 0.0), direction), "coronal"
    )


@pytest.fixture
def viewer(qtbot: Any, volume: ViewedScan) -> ScanViewer:
    made = ScanViewer()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    made.show_scan(volume)
    return made
