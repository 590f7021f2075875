"""The whole road without a window: drawn images, a short run, a bundle, and a mask on an oblique scan's own grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import yaml

from engine.contract.control import CancelToken
from engine.contract.events import EpochEnded, Event, JobFailed, JobFinished
from engine.contract.jobs import Export, Job, Segment, Tune
from engine.jobs.perform import DONE, perform
from engine.runs.writer import read_metrics
from engine.synthetic.sample_data import write_dataset

EPOCHS = 2


def done(job: Job) -> tuple[dict[str, Any], list[Event]]:
    """The job's result, through the same door as the window and the command line."""
    heard: list[Event] = []
    code = perform(job, "road", heard.append, CancelToken())
    failures = [event.message for event in heard if isinstance(event, JobFailed)]
    assert code == DONE, failures
    assert isinstance(heard[-1], JobFinished)
    return heard[-1].result, heard


@pytest.fixture(scope="module")
def recipe(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("road")
    write_dataset("abdomen-ct", place / "slices", count=20)  # four drawn patients
    values = {
        "version": 1,
        "name": "road",
        "seed": 3,
        "data": {"folder": str(place / "slices"), "split": {"train": 0.5, "val": 0.25, "test": 0.25}},
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 2, "num_context": 2},
        "training": {"epochs": EPOCHS, "batch_size": 5, "device": "cpu", "threads": 1, "learning_rate": 0.05},
    }
    path = place / "recipe.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Twelve slices, oblique, with voxels of three different sides, far from the origin."""
    rows, columns = np.mgrid[:40, :52]
    body = ((rows - 20) / 17) ** 2 + ((columns - 26) / 22) ** 2 < 1
    organ = (rows - 18) ** 2 + (columns - 16) ** 2 < 60
    voxels = np.where(organ, 110, np.where(body, 20, -1000)).astype(np.int16)
    image = sitk.GetImageFromArray(np.repeat(voxels[None], 12, axis=0))
    turn = np.deg2rad(12.0)
    image.SetDirection((np.cos(turn), -np.sin(turn), 0, np.sin(turn), np.cos(turn), 0, 0, 0, 1))
    image.SetSpacing((1.7, 2.1, 6.0))
    image.SetOrigin((-43.5, 128.25, -712.5))
    path = tmp_path / "scan.nii.gz"
    sitk.WriteImage(image, str(path))
    return path


def test_from_drawn_images_to_a_mask_on_a_scans_grid(recipe: Path, scan: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    tuned, heard = done(Tune(str(recipe), str(run)))
    assert [event.epoch for event in heard if isinstance(event, EpochEnded)] == [1, 2]
    assert len(read_metrics(run)) == tuned["epochs"] == EPOCHS
    assert {row["label"] for row in tuned["test"]} == {"liver", "spleen", "kidney", "all"}

    exported, _ = done(Export(str(run), str(tmp_path / "road.vlseg")))
    assert exported["parity"]["verified"]
    assert exported["parity"]["dice"] >= 0.999

    # A network of random weights is sure of nothing: a threshold below its highest answer leaves some of the scan.
    first, _ = done(Segment([str(scan)], exported["bundle"], ["liver"], out=str(tmp_path / "first.nii.gz")))
    highest = first["masks"][0]["highest"]
    assert 0 < highest < 1
    target = tmp_path / "mask.nii.gz"
    job = Segment([str(scan)], exported["bundle"], ["liver"], out=str(target), threshold=max(highest * 0.9, 0.01))
    found, _ = done(job)

    like, mask = sitk.ReadImage(str(scan)), sitk.ReadImage(str(target))
    assert mask.GetSize() == like.GetSize()
    assert mask.GetSpacing() == like.GetSpacing()
    assert mask.GetOrigin() == like.GetOrigin()
    assert mask.GetDirection() == like.GetDirection()
    labels = sitk.GetArrayFromImage(mask)
    assert set(np.unique(labels)) <= {0, 1}
    assert np.count_nonzero(labels) == found["masks"][0]["voxels"] > 0
    # Every slice of this scan is the same picture, so every slice of the mask must be.
    assert (labels == labels[:1]).all()
