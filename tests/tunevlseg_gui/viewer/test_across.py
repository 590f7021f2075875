from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.volumes.geometry import Geometry
from tests.tunevlseg_gui.viewer.conftest import layer_of
from tunevlseg_gui.viewer import across
from tunevlseg_gui.viewer.across import AcrossCopies, Wanted, swapped
from tunevlseg_gui.viewer.panes import Panes
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slabs import is_across
from tunevlseg_gui.viewer.slice_state import SliceState

SHAPE = (70, 20, 24)


@pytest.fixture
def mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray[Any, Any]:
    monkeypatch.setattr(across, "SMALLEST", 0)
    np.save(tmp_path / "voxels.npy", np.random.default_rng(0).integers(-999, 999, SHAPE).astype(np.int16))
    return np.load(tmp_path / "voxels.npy", mmap_mode="r")  # type: ignore[no-any-return]


def test_a_copy_has_the_same_values_and_leaves_no_file(mapped: np.ndarray[Any, Any], tmp_path: Path) -> None:
    copy = swapped(mapped)
    assert copy is not None
    assert np.array_equal(copy, mapped)
    assert copy[:, :, 3].flags.c_contiguous
    assert is_across(np.moveaxis(np.asarray(mapped), 2, 0))
    assert not is_across(np.moveaxis(copy, 2, 0))
    assert [file.name for file in tmp_path.iterdir()] == ["voxels.npy"]


def test_it_is_wanted_once(mapped: np.ndarray[Any, Any]) -> None:
    copies, wanted = AcrossCopies(), []
    copies.want = wanted.append
    assert copies.of(mapped) is None
    assert copies.of(mapped) is None
    assert len(wanted) == 1
    wanted[0].make()
    assert copies.of(mapped) is not None


def test_an_answer_that_fills_in_is_read_as_it_lies(mapped: np.ndarray[Any, Any], volume: ViewedScan) -> None:
    state, wanted = SliceState(), []
    state.shared.across.want = wanted.append
    state.open(replace(volume, voxels=np.zeros(SHAPE, np.int16)))
    state.set_plane("sagittal")
    layer = layer_of(mapped.view(np.uint16) > 0)  # type: ignore[arg-type]
    layer.levels, layer.revision = mapped, 1  # type: ignore[assignment]
    state.layers = [layer]
    state.picture()
    assert wanted == []


def test_what_is_not_mapped_or_can_be_written_to_is_left_alone(mapped: np.ndarray[Any, Any], tmp_path: Path) -> None:
    copies, wanted = AcrossCopies(), []
    copies.want = wanted.append
    copies.of(np.zeros(SHAPE, np.uint8))
    copies.of(np.load(tmp_path / "voxels.npy", mmap_mode="r+"))
    assert wanted == []


def test_copies_of_layers_that_are_gone_are_stopped_and_forgotten(mapped: np.ndarray[Any, Any]) -> None:
    copies, wanted = AcrossCopies(), []
    copies.want = wanted.append
    copies.of(mapped)
    copies.keep([])
    assert wanted[0].stopped
    wanted[0].make()
    assert wanted[0].copy is None


def test_a_full_disk_costs_time_only(mapped: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(across, "ROOM", 1 << 60)
    wanted = Wanted(mapped)
    wanted.make()
    assert wanted.copy is None


@pytest.mark.parametrize("direction", [(1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0), (-1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0)])
def test_slices_are_the_same_from_the_copy(
    mapped: np.ndarray[Any, Any], volume: ViewedScan, direction: tuple[float, ...]
) -> None:
    geometry = Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), direction)
    scan = replace(volume, voxels=mapped, geometry=geometry)
    plain, quick = SliceState(), SliceState()
    quick.shared.across.want = Wanted.make
    for state in (plain, quick):
        state.open(scan)
        state.layers = [layer_of((np.asarray(mapped) > 0).view(np.uint8) * np.uint8(255))]
    for plane in ("axial", "coronal", "sagittal"):
        for state in (plain, quick):
            state.set_plane(plane)  # type: ignore[arg-type]
        quick.picture()
        for index in (0, 5, plain.slices - 1):
            for state in (plain, quick):
                state.set_index(index)
            assert np.array_equal(plain.picture(), quick.picture())
    assert quick.shared.across.of(mapped) is not None


def test_the_planes_make_it_on_another_thread(mapped: np.ndarray[Any, Any], volume: ViewedScan, qtbot: Any) -> None:
    panes = Panes()
    qtbot.addWidget(panes)
    panes.main.state.open(
        replace(volume, voxels=mapped, geometry=Geometry((1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    )
    panes.main.state.set_plane("sagittal")
    panes.main.state.picture()
    qtbot.waitUntil(lambda: panes.shared.across.of(mapped) is not None)
