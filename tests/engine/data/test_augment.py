"""Random changes: rare, slight, the same for image and mask, the same after a resume, never in validation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.contract.control import CancelToken
from engine.data.augment import PUBLISHED, UNCHANGED, Augmentation, Changes, draw_changes
from engine.data.batch import apply_changes
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.findings import DatasetReport
from engine.data.loader import Loader
from engine.volumes.preprocess import Preprocess


def test_shares_and_limits() -> None:
    changes = draw_changes(PUBLISHED, np.arange(4000), seed=1, epoch=1)
    assert changes.moved.mean() == pytest.approx(0.2, abs=0.03)
    assert changes.relit.mean() == pytest.approx(0.2, abs=0.03)
    assert changes.touched.mean() == pytest.approx(0.36, abs=0.03)
    assert np.array_equal(changes.theta[~changes.moved], np.tile(np.eye(2, 3), ((~changes.moved).sum(), 1, 1)))
    moved = changes.theta[changes.moved]
    angles = np.degrees(np.arctan2(moved[:, 0, 1], moved[:, 0, 0]))
    assert 4.5 < np.abs(angles).max() <= 5
    scales = np.hypot(moved[:, 0, 0], moved[:, 0, 1])
    assert scales.min() >= 1 / 1.02 - 1e-6
    assert scales.max() <= 1 / 0.98 + 1e-6
    assert 0.035 < np.abs(moved[:, :, 2]).max() <= 0.04
    assert 0.09 < np.abs(changes.gain[changes.relit] - 1).max() <= 0.1
    assert np.abs(changes.offset).max() <= 25.5


def test_draws_depend_on_seed_epoch_and_position_alone() -> None:
    together = draw_changes(PUBLISHED, np.arange(50), seed=1, epoch=2)
    alone = draw_changes(PUBLISHED, np.array([37]), seed=1, epoch=2)
    assert np.array_equal(together.theta[37], alone.theta[0])
    assert together.gain[37] == alone.gain[0]
    assert not np.array_equal(together.theta, draw_changes(PUBLISHED, np.arange(50), seed=1, epoch=3).theta)
    assert not np.array_equal(together.theta, draw_changes(PUBLISHED, np.arange(50), seed=2, epoch=2).theta)


def test_views_are_the_first_epochs_again() -> None:
    """Four draws as published, which come round: each epoch sees the published share of changed images."""
    views = Augmentation("published", views=4)
    positions = np.arange(300)
    for epoch in range(1, 10):
        found = draw_changes(views, positions, 1, epoch)
        drawn = draw_changes(PUBLISHED, positions, 1, (epoch - 1) % 4 + 1)
        assert np.array_equal(found.theta, drawn.theta)
        assert np.array_equal(found.gain, drawn.gain)
        assert found.touched.mean() == pytest.approx(0.36, abs=0.1)
    assert [views.view(epoch) for epoch in (1, 4, 5, 8, 9)] == [1, 4, 1, 4, 1]
    assert PUBLISHED.view(9) == 9


@pytest.mark.parametrize(
    ("values", "kept", "expected"),
    [
        ({}, True, Augmentation("published", views=4)),
        ({}, False, PUBLISHED),
        ({"augment": "published"}, True, PUBLISHED),
        ({"augment": "none"}, True, Augmentation(views=4)),
        ({"augment": "none", "rotate": 5, "augment_views": 2}, True, Augmentation(rotate=5, views=2)),
        ({"augment": "none", "flip_horizontal": True}, False, Augmentation(flip_horizontal=True)),
    ],
)
def test_settings_choose(values: dict[str, Any], kept: bool, expected: Augmentation) -> None:
    found = Augmentation.of(DataConfig.model_validate(values), kept=kept)
    assert found == expected
    assert bool(found) == (values.get("augment") != "none" or len(values) > 1)


def test_the_loader_remembers_views(tmp_path: Path, make: Any, inspected: Callable[..., DatasetReport]) -> None:
    report = inspected(make.pairs(tmp_path, 20))
    dataset = SliceDataset.build(report, "train", Preprocess(size=32), lambda event: None, CancelToken())
    loader = Loader(dataset, 4, seed=5, training=True, augment=Augmentation("published", views=2))
    at = np.array([7, 3])
    for epoch in (1, 2, 3, 6):
        found, expected = loader.changes(at, epoch), draw_changes(PUBLISHED, at, 5, 2 - epoch % 2)
        assert found is not None
        assert np.array_equal(found.theta, expected.theta)
        assert [found.digest(row) for row in range(2)] == [expected.digest(row) for row in range(2)]
    first, third = (
        {int(at): row for batch in loader.epoch(epoch) for at, row in zip(batch.positions, batch.images, strict=True)}
        for epoch in (1, 3)
    )
    assert all(torch.equal(first[at], third[at]) for at in first)
    assert next(Loader(dataset, 4, seed=5).epoch(1, images=False)).images is None


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="flips"):
        draw_changes(Augmentation("flips"), np.arange(3), 1, 1)


def test_nothing_asked_changes_nothing() -> None:
    assert not UNCHANGED
    assert not draw_changes(UNCHANGED, np.arange(200), 1, 1).touched.any()


@pytest.mark.parametrize("extra", [{"flip_horizontal": True}, {"flip_vertical": True}, {"rotate": 30.0}])
def test_flips_and_turns_leave_the_published_draws_alone(extra: dict[str, Any]) -> None:
    plain = draw_changes(PUBLISHED, np.arange(400), 1, 1)
    more = draw_changes(Augmentation("published", **extra), np.arange(400), 1, 1)
    assert np.array_equal(more.gain, plain.gain)
    assert np.array_equal(more.offset, plain.offset)
    alone = draw_changes(Augmentation(**extra), np.arange(400), 1, 1)
    neither = plain.moved & ~alone.moved
    assert np.array_equal(more.theta[neither], plain.theta[neither])
    assert np.array_equal(more.theta[~plain.moved], alone.theta[~plain.moved])
    assert not alone.relit.any()


@pytest.mark.parametrize(("setting", "axis"), [("flip_horizontal", 0), ("flip_vertical", 1)])
def test_half_of_the_images_are_mirrored(setting: str, axis: int) -> None:
    changes = draw_changes(Augmentation(**{setting: True}), np.arange(2000), 1, 1)
    assert changes.moved.mean() == pytest.approx(0.5, abs=0.04)
    expected = np.eye(2, 3)
    expected[axis, axis] = -1
    assert all(np.array_equal(theta, expected) for theta in changes.theta[changes.moved])
    both = draw_changes(Augmentation(flip_horizontal=True, flip_vertical=True), np.arange(2000), 1, 1)
    assert both.moved.mean() == pytest.approx(0.75, abs=0.04)


def test_turns_are_rigid_and_within_their_limit() -> None:
    theta = draw_changes(Augmentation(rotate=90.0), np.arange(3000), 1, 1).theta
    turns = theta[:, :, :2]
    assert np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(2), atol=1e-6)
    assert np.allclose(np.linalg.det(turns), 1)
    assert not theta[:, :, 2].any()
    angles = np.degrees(np.arctan2(turns[:, 0, 1], turns[:, 0, 0]))
    assert 89 < angles.max() <= 90
    assert -90 <= angles.min() < -89
    assert abs(float(angles.mean())) < 3


@pytest.mark.parametrize(
    ("theta", "dims"),
    [([[-1, 0, 0], [0, 1, 0]], [3]), ([[1, 0, 0], [0, -1, 0]], [2]), ([[-1, 0, 0], [0, -1, 0]], [2, 3])],
)
def test_a_flip_is_exact(theta: list[list[float]], dims: list[int]) -> None:
    images = torch.rand(1, 3, 15, 15) * 255
    masks = (torch.rand(1, 2, 15, 15) > 0.5).float()
    moved, truth = apply_changes(images, masks, _changes(theta))
    assert torch.allclose(moved, images.flip(dims), atol=1e-2)
    assert torch.equal(truth, masks.flip(dims))


def test_a_quarter_turn_is_exact_for_image_and_mask() -> None:
    masks = torch.zeros(1, 1, 16, 16)
    masks[..., 2:5, 3:12] = 1
    images = 200 * masks.repeat(1, 3, 1, 1)
    moved, truth = apply_changes(images, masks, _changes([[0, 1, 0], [-1, 0, 0]]))
    # From output to input: the place (x, y) shows what was at (y, -x).
    assert torch.equal(truth, torch.rot90(masks, -1, dims=(2, 3)))
    assert torch.allclose(moved, torch.rot90(images, -1, dims=(2, 3)), atol=1e-2)


def _changes(theta: list[list[float]], gain: float = 1.0, offset: float = 0.0) -> Changes:
    return Changes(
        np.array([theta], np.float32),
        np.array([gain], np.float32),
        np.array([offset], np.float32),
        np.array([True]),
        np.array([True]),
    )


def test_image_and_mask_move_alike() -> None:
    images = torch.zeros(1, 3, 40, 40)
    images[:, :, 10:20, 8:16] = 200.0
    masks = (images[:, :1] > 100).float()
    # A shift of 0.2 in coordinates from -1 to 1 is 4 of 40 pixels.
    moved, truth = apply_changes(images, masks, _changes([[1, 0, -0.2], [0, 1, 0]]))
    assert torch.equal(truth[0, 0], torch.roll(masks[0, 0], 4, dims=1))
    assert torch.equal((moved[:, :1] > 100).float(), truth)
    assert set(truth.unique().tolist()) == {0.0, 1.0}


def test_borders_are_replicated_and_values_stay_in_range() -> None:
    images = torch.full((1, 3, 16, 16), 250.0)
    moved, _ = apply_changes(images, torch.zeros(1, 1, 16, 16), _changes([[1, 0, 0.5], [0, 1, 0.5]], 1.1, 20.0))
    assert torch.equal(moved, torch.full_like(images, 255.0))


def test_the_originals_are_left_alone() -> None:
    images = torch.rand(1, 3, 16, 16) * 255
    before = images.clone()
    apply_changes(images, torch.zeros(1, 1, 16, 16), _changes([[1, 0, 0.5], [0, 1, 0]], 0.9))
    assert torch.equal(images, before)


def test_training_is_changed_and_validation_is_not(
    tmp_path: Path, make: Any, inspected: Callable[..., DatasetReport]
) -> None:
    report = inspected(make.pairs(tmp_path, 20))
    dataset = SliceDataset.build(report, "train", Preprocess(size=32), lambda event: None, CancelToken())
    training = Loader(dataset, 16, seed=5, training=True, augment=PUBLISHED)
    first, again = next(training.epoch(3)), next(training.epoch(3))
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.masks, again.masks)
    plain = next(Loader(dataset, 16, seed=5, training=True).epoch(3))
    assert torch.equal(plain.positions, first.positions)
    same = torch.tensor([torch.equal(a, b) for a, b in zip(plain.images, first.images, strict=True)])
    assert torch.equal(~same, first.changed)
    assert first.changed.any()
    validation = Loader(dataset, 16, seed=5, augment=PUBLISHED)
    assert not any(bool(batch.changed.any()) for batch in validation.epoch(3))


@pytest.mark.parametrize("extra", [{"flip_horizontal": True}, {"flip_vertical": True}, {"rotate": 45.0}])
def test_validation_is_never_flipped_or_turned(
    tmp_path: Path, make: Any, inspected: Callable[..., DatasetReport], extra: dict[str, Any]
) -> None:
    report = inspected(make.pairs(tmp_path, 8))
    dataset = SliceDataset.build(report, "train", Preprocess(size=32), lambda event: None, CancelToken())
    plain = next(Loader(dataset, 16, seed=5).epoch(3))
    validation = next(Loader(dataset, 16, seed=5, augment=Augmentation(**extra)).epoch(3))
    assert torch.equal(plain.images, validation.images)
    assert torch.equal(plain.masks, validation.masks)
    training = next(Loader(dataset, 16, seed=5, training=True, augment=Augmentation(**extra)).epoch(3))
    assert training.changed.any()
    assert set(training.masks.unique().tolist()) == {0.0, 1.0}
