"""Letters at the edges against bodies whose sides are known: the liver lies on the right, the spine behind it.

What is looked at is what is painted: where a mask changes the picture of the view. The masks are TotalSegmentator's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from PySide6.QtGui import QImage

from engine.volumes.reading import read_mask_here, read_scan_here
from engine.volumes.slicing import Plane
from engine.volumes.view_export import export_for_view
from tests.tunevlseg_gui.viewer.conftest import layer_of
from tunevlseg_gui.viewer.scan import ViewedScan, scan_of_folder
from tunevlseg_gui.viewer.scan_viewer import ScanViewer

LIVER, SPLEEN, BLADDER = 5, 1, 21
SPINE = (27, 28, 29, 30, 31, 32)
"""Vertebrae L5 to T12."""
LETTERS: dict[Plane, str] = {"axial": "APRL", "coronal": "SIRL", "sagittal": "SIAP"}
"""Radiological: at the top, the bottom, the left and the right edge."""


def shown_of(path: Path, folder: Path, series: str = "") -> ViewedScan:
    export_for_view(read_scan_here(path, series), folder)
    return scan_of_folder(path, folder, series)


@pytest.fixture
def viewer(qtbot: Any) -> ScanViewer:
    made = ScanViewer()
    qtbot.addWidget(made)
    made.resize(500, 640)
    made.show()
    qtbot.waitExposed(made)
    return made


def pixels(view: Any) -> np.ndarray:
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1).copy()


def distances(viewer: ScanViewer, mask: np.ndarray, plane: Plane) -> dict[str, float]:
    """By letter: how far the painted middle of a mask [z, y, x] is from the edge that has the letter, in pixels."""
    state = viewer.state
    state.set_plane(plane)
    stack = state.stack
    state.set_index(int(np.argmax(stack.like(mask).sum(axis=(1, 2)))))
    state.layers = []
    before = pixels(viewer.view)
    state.layers = [layer_of(mask * np.uint8(255))]
    state.opacity = 1.0
    after = pixels(viewer.view)
    changed = before != after
    changed[:40, -140:] = False  # the legend
    rows, columns = np.nonzero(changed)
    assert len(rows) > 20
    height, width = changed.shape
    away = (rows.mean(), height - rows.mean(), columns.mean(), width - columns.mean())
    return dict(zip(stack.edge_letters, away, strict=True))


def check_sides(viewer: ScanViewer, scan: ViewedScan, labels: np.ndarray, *, has_bladder: bool) -> None:
    viewer.show_scan(scan)
    liver, spleen, spine = labels == LIVER, labels == SPLEEN, np.isin(labels, SPINE)
    for plane, letters in LETTERS.items():
        viewer.state.set_plane(plane)
        assert "".join(viewer.state.stack.edge_letters) == letters
    for plane in ("axial", "coronal"):
        assert distances(viewer, liver, plane)["R"] < distances(viewer, spleen, plane)["R"], plane
        assert distances(viewer, liver, plane)["L"] > distances(viewer, spleen, plane)["L"], plane
    for plane in ("axial", "sagittal"):
        assert distances(viewer, spine, plane)["P"] < distances(viewer, liver, plane)["P"], plane
    if has_bladder:
        for plane in ("coronal", "sagittal"):
            bladder = labels == BLADDER
            assert distances(viewer, liver, plane)["S"] < distances(viewer, bladder, plane)["S"], plane


@pytest.mark.parametrize("order", ["", "LPS", "RAS", "PIR", "ASL", "SRP"])
def test_a_real_ct_however_it_is_stored(order: str, viewer: ScanViewer, shared_data: Path, tmp_path: Path) -> None:
    """Flipped, turned and as a sagittal acquisition would store it (P or A runs along the rows)."""
    folder = shared_data / "totalsegmentator_ct"
    scan, truth = folder / "example_ct.nii.gz", folder / "example_seg_fast_force_split.nii.gz"
    if order:
        for name, path in (("scan", scan), ("truth", truth)):
            turned = SimpleITK.DICOMOrient(SimpleITK.ReadImage(path), order)
            SimpleITK.WriteImage(turned, tmp_path / f"{name}.nii.gz")
        scan, truth = tmp_path / "scan.nii.gz", tmp_path / "truth.nii.gz"
    check_sides(viewer, shown_of(scan, tmp_path / "view"), read_mask_here(truth).voxels, has_bladder=True)


@pytest.mark.parametrize("degrees", [-25.0, 25.0])
def test_an_oblique_ct_tells_its_angle_and_has_the_nearest_letters(
    degrees: float, viewer: ScanViewer, shared_data: Path, tmp_path: Path
) -> None:
    """The patient lay turned about the long axis and nodding: the grid's own axes are shown."""
    folder = shared_data / "totalsegmentator_ct"
    image = SimpleITK.ReadImage(folder / "example_ct.nii.gz")
    turn = SimpleITK.Euler3DTransform((0.0, 0.0, 0.0), np.radians(degrees), 0.0, np.radians(degrees))
    turned = np.reshape(turn.GetMatrix(), (3, 3)) @ np.reshape(image.GetDirection(), (3, 3))
    image.SetDirection(turned.ravel().tolist())
    SimpleITK.WriteImage(image, tmp_path / "oblique.nii.gz")
    labels = read_mask_here(folder / "example_seg_fast_force_split.nii.gz").voxels
    check_sides(viewer, shown_of(tmp_path / "oblique.nii.gz", tmp_path / "view"), labels, has_bladder=True)
    viewer.state.set_plane("axial")
    assert viewer.state.stack.tilt_degrees == pytest.approx(25.0, abs=0.1)


def test_a_real_dicom_series(viewer: ScanViewer, shared_data: Path, tmp_path: Path) -> None:
    """Its label file stores the rows the other way round: ITK brings it onto the series' order."""
    folder = shared_data / "totalsegmentator_ct"
    truth = SimpleITK.DICOMOrient(SimpleITK.ReadImage(folder / "example_seg_dicom.nii.gz"), "LPS")
    scan = shown_of(folder / "example_ct_dicom", tmp_path / "view")
    check_sides(viewer, scan, SimpleITK.GetArrayFromImage(truth), has_bladder=False)


def test_a_head_in_many_storage_orders_looks_the_same(viewer: ScanViewer, shared_data: Path, tmp_path: Path) -> None:
    """And as ITK turns it: rows to the back, columns to the left, slices up."""
    files = sorted((shared_data / "niivue_nifti_odd" / "nifti_space").glob("*.nii.gz"))[::4]
    painted: dict[str, np.ndarray] = {}
    for file in files:
        viewer.show_scan(shown_of(file, tmp_path / file.name[:3]))
        turned = SimpleITK.GetArrayFromImage(SimpleITK.DICOMOrient(SimpleITK.ReadImage(file), "LPS"))
        viewer.state.set_plane("axial")
        assert np.array_equal(viewer.state.stack.slices, turned)
        for plane in LETTERS:
            viewer.state.set_plane(plane)
            viewer.state.set_index(viewer.state.slices // 2)
            image = pixels(viewer.view)
            assert np.array_equal(image, painted.setdefault(plane, image)), (file.name, plane)


@pytest.mark.parametrize(
    ("folder", "plane", "letters"), [("sag", "sagittal", "SIAP"), ("cor", "coronal", "SIRL"), ("axmb", "axial", "APRL")]
)
def test_acquisitions_along_other_planes(
    folder: str, plane: str, letters: str, viewer: ScanViewer, shared_data: Path, tmp_path: Path
) -> None:
    """As they were acquired: the plane is named, and the letters are those of its nearest anatomical one."""
    path = next(path for path in sorted((shared_data / "dcm_qa_mosaic_mr" / folder).rglob("*")) if path.is_file())
    viewer.show_scan(shown_of(path, tmp_path / "view"))
    viewer.state.set_plane("acquisition")
    stack = viewer.state.stack
    assert (stack.display_plane, "".join(stack.edge_letters)) == (plane, letters)
    # One pixel to the right, one down: the world direction is that of the letters there.
    signs = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
    here = np.array(stack.world_of(0, 10, 10))
    for letter, there in ((letters[3], stack.world_of(0, 10, 11)), (letters[1], stack.world_of(0, 11, 10))):
        step = np.array(there) - here
        axis, sign = signs[letter]
        assert np.argmax(np.abs(step)) == axis
        assert np.sign(step[axis]) == sign
