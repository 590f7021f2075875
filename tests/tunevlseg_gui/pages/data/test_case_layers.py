"""What is read of a case before it is seen large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import ScanUnreadable
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.pages.data.case_layers import fullest, read_case

LABELS = [Label(1, "liver", "liver", "#FF0000"), Label(2, "spleen", "spleen", "#00FF00")]


def prepared(folder: Path, masks: list[np.ndarray[Any, Any]]) -> dict[str, Any]:
    """As the engine prepares a case: a scan of 4 × 5 × 6 and its masks, each with the values that it holds."""
    np.save(folder / "voxels.npy", np.zeros((4, 5, 6), np.int16))
    layers = []
    for number, mask in enumerate(masks):
        np.save(folder / f"mask-{number}.npy", mask)
        values, counts = np.unique(mask[mask > 0], return_counts=True)
        layers.append(
            {"file": f"mask-{number}.npy", "voxels": dict(zip(values.tolist(), counts.tolist(), strict=True))}
        )
    shown = {"value_range": [0, 1], "display_range": [0, 1], "geometry": None}
    return {"folder": str(folder), "voxels": "voxels.npy", "layers": layers, **shown}


def test_each_axis_has_its_fullest_slice_over_all_masks() -> None:
    first, second = np.zeros((4, 5, 6), np.uint8), np.zeros((4, 5, 6), np.uint8)
    first[2, 1:4, 3] = 255
    second[2, 3, 2:6] = 255
    assert fullest([first, second]) == (2, 3, 3)
    assert fullest([np.zeros((4, 5, 6), np.uint8)]) is None
    assert fullest([]) is None


def test_a_label_has_one_layer_from_all_files_that_hold_it(tmp_path: Path) -> None:
    first, second = np.zeros((4, 5, 6), np.uint8), np.zeros((4, 5, 6), np.uint8)
    first[0, 0, 0], first[1, 1, 1], second[3, 4, 5] = 1, 2, 2
    made = read_case(tmp_path / "scan.nii", prepared(tmp_path, [first, second]), LABELS, binary=False)
    assert [value for value, _ in made.layers] == [1, 2]
    spleen = made.layers[1][1]
    assert np.argwhere(spleen.levels == 255).tolist() == [[1, 1, 1], [3, 4, 5]]
    assert (spleen.phrase, spleen.colour) == ("spleen", (0, 255, 0))


def test_every_value_of_a_binary_mask_is_the_one_label(tmp_path: Path) -> None:
    mask = np.zeros((4, 5, 6), np.uint8)
    mask[2, :2, :2] = 7
    made = read_case(tmp_path / "scan.nii", prepared(tmp_path, [mask]), LABELS[:1], binary=True)
    assert int((made.layers[0][1].levels == 255).sum()) == 4
    assert made.fullest_zyx == (2, 0, 0)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    result = prepared(tmp_path, [])
    (tmp_path / "voxels.npy").unlink()
    with pytest.raises(ScanUnreadable, match="missing or damaged"):
        read_case(tmp_path / "scan.nii", result, LABELS, binary=False)
