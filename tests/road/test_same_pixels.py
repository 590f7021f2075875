"""What tuning sees of a scan is what a bundle's graph is given of it: the same plane, grey levels, size and filter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.jobs import Segment
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.report import inspect
from engine.data.split import SPLITS
from engine.inference.session import BundleSession
from engine.jobs import segment
from engine.volumes.ct_windows import CT_WINDOWS
from engine.volumes.preprocess import Preprocess, normalise
from tests.fakes.tiny_bundle import SIZE, write_tiny_bundle

RANDOM = np.random.default_rng(0)
HEAD = RANDOM.integers(-1000, 1500, (6, 20, 24)).astype(np.int16)


def volumes(folder: Path, voxels: NDArray[Any], direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1)) -> Path:
    """Three scans with a box marked, as images/ and masks/."""
    truth = np.zeros(voxels.shape, np.uint8)
    truth[2:5, 6:15, 5:19] = 1
    for number in range(3):
        for name, values in (("images", voxels + number), ("masks", truth)):
            image = sitk.GetImageFromArray(values)
            image.SetDirection(direction)
            (folder / name).mkdir(parents=True, exist_ok=True)
            sitk.WriteImage(image, str(folder / name / f"s{number}.nii.gz"))
    return folder


def pictures(folder: Path) -> Path:
    for number in range(3):
        deep = RANDOM.integers(0, 5000, (20, 24)).astype(np.uint16)
        truth = np.zeros((20, 24), np.uint8)
        truth[4:9, 3 : 9 + number] = 255
        for name, values in (("images", deep), ("masks", truth)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(folder / name / f"s{number}.png")
    return folder


def tuned_on(folder: Path, **settings: Any) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """The bundle's settings, and the inputs of every slice of the case s0 as tuning has them, [n, 3, S, S]."""
    given = {"folder": str(folder), "slices": "all", **settings}
    config = DataConfig(**given)
    report = inspect(config, 1, lambda _event: None, CancelToken())
    preprocess = report.preprocess(Preprocess(size=SIZE))
    inputs = []
    for split in SPLITS:
        dataset = SliceDataset.build(report, split, preprocess, lambda _event: None, CancelToken())
        own = [dataset[at] for at in range(len(dataset))]
        inputs += [normalise(sample.image, preprocess) for sample in own if sample.case_id == "s0"]
    return {"preprocess": preprocess, "plane": config.plane}, np.stack(inputs)


def given_to_the_graph(
    bundle: dict[str, Any], scan: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> NDArray[np.float32]:
    """What image.onnx takes when the command segments the scan with a bundle of these settings."""
    seen: list[NDArray[np.float32]] = []
    own = BundleSession.encode_image

    def watched(self: BundleSession, pixels: NDArray[np.float32], **more: Any) -> Any:
        seen.append(pixels)
        return own(self, pixels, **more)

    monkeypatch.setattr(BundleSession, "encode_image", watched)
    place = write_tiny_bundle(out / "tiny.vlseg", **bundle)
    job = Segment(scans=[str(scan)], bundle=str(place), prompts=["bright"], out=str(out / "masks"))
    result: Mapping[str, Any] = segment.run(job, lambda _event: None, CancelToken(), "job")
    assert result["plane"] == bundle["plane"]
    return np.concatenate(seen)


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({"window": "lung"}, (-1350.0, 150.0)),
        ({"window_center": 100.0, "window_width": 300.0}, (-50.0, 250.0)),
        ({}, (-160.0, 240.0)),
        ({"intensity": "percentile", "lower_percentile": 2.0, "upper_percentile": 90.0}, None),
        ({"window": "bone", "plane": "coronal"}, (-770.0, 1730.0)),
        ({"plane": "sagittal"}, (-160.0, 240.0)),
        ({"plane": "acquisition", "window": "brain"}, (0.0, 80.0)),
    ],
)
def test_ct(settings: dict[str, Any], limits: tuple[float, float] | None, tmp_path: Path, monkeypatch: Any) -> None:
    folder = volumes(tmp_path / "set", HEAD, (0, 1, 0, -1, 0, 0, 0, 0, -1))
    bundle, tuned = tuned_on(folder, **settings)
    asked = given_to_the_graph(bundle, folder / "images" / "s0.nii.gz", tmp_path, monkeypatch)
    assert np.array_equal(tuned, asked)
    window = bundle["preprocess"].window
    assert (window is None) == (limits is None)
    if window is not None:
        assert window.limits == limits


def test_mr_by_percentiles_of_each_volume(tmp_path: Path, monkeypatch: Any) -> None:
    folder = volumes(tmp_path / "set", np.abs(HEAD).astype(np.float32) * 1.7)
    bundle, tuned = tuned_on(folder)
    assert bundle["preprocess"].intensity == "percentile"
    asked = given_to_the_graph(bundle, folder / "images" / "s0.nii.gz", tmp_path, monkeypatch)
    assert np.array_equal(tuned, asked)


def test_pictures_of_sixteen_bits(tmp_path: Path, monkeypatch: Any) -> None:
    folder = pictures(tmp_path / "set")
    bundle, tuned = tuned_on(folder)
    asked = given_to_the_graph(bundle, folder / "images" / "s0.png", tmp_path, monkeypatch)
    assert np.array_equal(tuned, asked)


def test_a_window_by_name_and_by_numbers_are_not_both_given() -> None:
    with pytest.raises(ValueError, match="say the same"):
        DataConfig(window="lung", window_center=0.0, window_width=10.0)
    assert DataConfig(window="lung").window_asked == CT_WINDOWS["lung"]
    assert DataConfig(window="lung", intensity="window").window_asked is not None
    with pytest.raises(ValueError, match="neither"):
        DataConfig(intensity="window")


def test_the_plane_asked_for_comes_before_the_bundles(tmp_path: Path) -> None:
    folder = volumes(tmp_path / "set", HEAD)
    place = write_tiny_bundle(tmp_path / "tiny.vlseg", plane="coronal")
    scan = str(folder / "images" / "s0.nii.gz")
    for axis, expected in (("", "coronal"), ("sagittal", "sagittal")):
        job = Segment(
            scans=[scan], bundle=str(place), prompts=["bright"], axis=axis, out=str(tmp_path / f"out-{expected}")
        )
        assert segment.run(job, lambda _event: None, CancelToken(), "job")["plane"] == expected
