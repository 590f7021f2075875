"""Measurements against SimpleITK's label statistics, on an oblique grid, a sheared one, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from engine.volumes.geometry import Geometry
from engine.volumes.measure import COLUMNS, measure
from engine.volumes.volume import Volume


@pytest.fixture
def scan() -> Volume:
    turned, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    if np.linalg.det(turned) < 0:
        turned[:, 0] *= -1
    geometry = Geometry((0.7, 1.1, 3.3), (-40.0, 12.5, 99.0), tuple(float(v) for v in turned.ravel()))
    voxels = np.random.default_rng(6).normal(-200, 400, (9, 14, 17)).astype(np.float32)
    return Volume(voxels, geometry)


def test_as_simpleitk_counts(scan: Volume) -> None:
    mask = np.random.default_rng(7).random(scan.shape_zyx) < 0.12
    mask[:2], mask[:, :3], mask[..., -4:] = False, False, False
    found = measure(mask, scan)

    label, image = sitk.GetImageFromArray(mask.astype(np.uint8)), sitk.GetImageFromArray(scan.voxels)
    for made in (label, image):
        made.SetSpacing(scan.geometry.spacing_xyz)
        made.SetOrigin(scan.geometry.origin_xyz)
        made.SetDirection(scan.geometry.direction)
    shape, values = sitk.LabelShapeStatisticsImageFilter(), sitk.LabelIntensityStatisticsImageFilter()
    shape.Execute(label)
    values.Execute(label, image)
    assert found.voxels == shape.GetNumberOfPixels(1)
    assert found.ml == pytest.approx(shape.GetPhysicalSize(1) / 1000)
    assert found.centroid_mm_lps == pytest.approx(shape.GetCentroid(1))
    assert found.extent_voxels_xyz == shape.GetBoundingBox(1)[3:]
    assert found.extent_mm_xyz == pytest.approx(np.array(shape.GetBoundingBox(1)[3:]) * scan.geometry.spacing_xyz)
    inside = label.TransformContinuousIndexToPhysicalPoint(found.centroid_voxels_xyz)
    assert inside == pytest.approx(shape.GetCentroid(1))
    assert found.mean == pytest.approx(values.GetMean(1), rel=1e-5)
    assert (found.minimum, found.maximum) == pytest.approx((values.GetMinimum(1), values.GetMaximum(1)))
    # ITK divides by n - 1, IBSI by n.
    n = found.voxels
    assert found.sd == pytest.approx(values.GetStandardDeviation(1) * np.sqrt((n - 1) / n), rel=1e-5)
    assert found.unit == "HU"


def test_parts_hang_together_by_their_faces(scan: Volume) -> None:
    mask = np.zeros(scan.shape_zyx, bool)
    mask[1, 1, 1] = mask[2, 2, 2] = True  # a corner is not enough
    mask[5, 5, 5:8] = True
    assert measure(mask, scan).components == 3


def test_a_sheared_grids_voxels_are_no_boxes() -> None:
    matrix = np.eye(4)
    matrix[:3, 2] = (0.0, 3.0, 4.0)  # 5 mm from slice to slice, 4 mm apart
    scan = Volume(np.zeros((2, 3, 4), np.int16), Geometry.from_matrix(matrix))
    assert measure(np.ones((2, 3, 4), bool), scan).ml == pytest.approx(24 * 4 / 1000)


def test_a_picture_has_pixels_only() -> None:
    photo = Volume(np.zeros((1, 5, 6, 3), np.uint8), None, format="picture")
    mask = np.zeros((1, 5, 6), bool)
    mask[0, 1:3, 2:6] = True
    found = measure(mask, photo)
    assert (found.voxels, found.extent_voxels_xyz, found.components) == (8, (4, 2, 1), 1)
    assert found.centroid_voxels_xyz == (3.5, 1.5, 0.0)
    assert (found.ml, found.area_mm2, found.extent_mm_xyz, found.centroid_mm_lps, found.mean) == (None,) * 5


def test_one_slice_has_an_area() -> None:
    grid = Geometry((0.5, 0.8, 5.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    found = measure(np.ones((1, 2, 3), bool), Volume(np.zeros((1, 2, 3), np.uint8), grid))
    assert found.area_mm2 == pytest.approx(6 * 0.4)
    assert found.ml == pytest.approx(6 * 2.0 / 1000)


def test_nothing_measures_nothing(scan: Volume) -> None:
    found = measure(np.zeros(scan.shape_zyx, bool), scan)
    assert (found.voxels, found.ml, found.components) == (0, 0.0, 0)
    assert (found.mean, found.centroid_mm_lps, found.extent_mm_xyz) == (None, None, None)


def test_columns_are_those_of_the_table(scan: Volume) -> None:
    mask = np.zeros(scan.shape_zyx, bool)
    mask[3, 4, 5] = True
    found = measure(mask, scan)
    assert tuple(found.columns()) == COLUMNS
    assert found.columns()["extent_mm_y"] == pytest.approx(1.1)
    assert found.sd == 0.0


def test_another_shape_is_a_bug(scan: Volume) -> None:
    with pytest.raises(ValueError, match="the mask is"):
        measure(np.zeros((1, 1, 1), bool), scan)
