"""The pieces of pretraining: batches, losses, the optimiser, the pool, and a run that stops and goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from engine.synthetic.batches import CELL, UNSAID, describe_cells, draw_batch, random_view
from engine.synthetic.checkpoint import MIDDLE, load_weights, save_weights
from engine.synthetic.mask_loss import mask_loss
from engine.synthetic.muon import orthogonalise
from engine.synthetic.pool import ScenePool
from engine.synthetic.pretrain import Pretraining, PretrainSettings, write_report
from engine.synthetic.scenes import MAX_OBJECTS, draw_scene


def test_a_pool_keeps_what_was_written(tmp_path: Path) -> None:
    pool = ScenePool(tmp_path, slots=4)
    scenes = [draw_scene(np.random.default_rng(number)) for number in range(6)]
    for scene in scenes:
        pool.write(scene, conjunction=False)
    again = ScenePool(tmp_path, slots=4)
    assert (again.written, again.filled) == (6, 4)
    for slot, scene in ((0, scenes[4]), (1, scenes[5]), (2, scenes[2])):
        stored = again.read(slot)
        assert np.array_equal(stored.image, scene.image)
        assert np.array_equal(stored.labels, scene.labels)
        assert stored.objects.colour.tolist() == scene.objects.colour.tolist()
        assert stored.gray == scene.style.gray


def test_a_pool_of_another_size_starts_anew(tmp_path: Path) -> None:
    ScenePool(tmp_path, slots=4).write(draw_scene(np.random.default_rng(0)), conjunction=False)
    assert ScenePool(tmp_path, slots=5).written == 0


def test_positions_follow_a_mirrored_view(pool: ScenePool) -> None:
    moved = 0
    for slot in range(pool.filled):
        view = random_view(pool.read(slot), np.random.default_rng(slot))
        for index in range(len(view.objects)):
            ys, xs = np.nonzero(view.labels == index + 1)
            if len(xs) < 200 or min(*xs, *ys) < 1 or max(*xs, *ys) > 126:
                continue
            # Half-hidden and lopsided objects have their middle elsewhere, but not across the picture.
            assert abs(xs.mean() / 128 - view.objects.x[index]) < 0.15
            assert abs(ys.mean() / 128 - view.objects.y[index]) < 0.15
            moved += 1
    assert moved > 10


def test_a_batch_fits_together(pool: ScenePool) -> None:
    batch = draw_batch(pool, np.random.default_rng(5), images=6, phrases=4)
    assert batch.images.shape == (6, 128, 128, 3)
    assert batch.masks.shape == (6, 4, 128, 128)
    assert len(batch.phrases) == 24
    assert batch.said.shape == (24, 5)
    assert not bool((batch.masks & ~batch.objects[:, None]).any()), "a mask outside all objects breaks the loss"
    again = draw_batch(pool, np.random.default_rng(5), images=6, phrases=4)
    assert batch.phrases == again.phrases


def test_cells_name_the_object_that_fills_them() -> None:
    scene = draw_scene(np.random.default_rng(3), kind="conjunction")
    kinds, cover = describe_cells(scene.labels, scene.objects)
    assert kinds.shape == (4, 128 // CELL, 128 // CELL)
    assert scene.objects.shape.shape[0] <= MAX_OBJECTS
    whole = 0
    for row in range(kinds.shape[1]):
        for column in range(kinds.shape[2]):
            block = scene.labels[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
            assert cover[row, column] == pytest.approx((block > 0).mean())
            if (block == 0).all():
                assert (kinds[:, row, column] == UNSAID).all()
            elif (block == block[0, 0]).all():
                assert kinds[0, row, column] == scene.objects.shape[block[0, 0] - 1]
                assert kinds[1, row, column] == scene.objects.colour[block[0, 0] - 1]
                whole += 1
    assert whole > 10


def test_the_mask_loss_and_its_gradient_are_what_autograd_says() -> None:
    torch.manual_seed(0)
    logits = torch.randn(3, 4, 10, 10, dtype=torch.double)
    masks = torch.zeros(3, 4, 10, 10, dtype=torch.bool)
    masks[:, 1:, 2:6, 3:8] = True
    objects = masks.any(dim=1)
    objects[:, 0] = True

    def plain(values: torch.Tensor) -> torch.Tensor:
        target = masks.double()
        weight = 1 + 2 * objects.double()[:, None]
        entropy = F.binary_cross_entropy_with_logits(values, target, weight.expand_as(values), reduction="none")
        chance = values.sigmoid()
        area, truth = chance.sum((2, 3)), target.sum((2, 3))
        dice = 1 - (2 * (chance * target).sum((2, 3)) + 20) / (area + truth + 20)
        region = torch.where(truth == 0, 0.5 * area / (area + 80), dice)
        return (4 * entropy.mean((2, 3)) + region).mean()

    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    first, second = mask_loss(ours, masks, objects), plain(theirs)
    (2 * first).backward()
    (2 * second).backward()
    assert first.item() == pytest.approx(second.item())
    assert ours.grad is not None
    assert theirs.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("shape", [(2, 16, 48), (2, 48, 16), (3, 24, 24)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    matrices = torch.randn(shape)
    result = orthogonalise(matrices)
    assert result.shape == matrices.shape
    values = torch.linalg.svdvals(result)
    well_conditioned = values[torch.linalg.svdvals(matrices) > 0.5]
    assert float(well_conditioned.min()) > 0.4
    assert float(values.max()) < 1.4
    # The directions stay: the product with the original is positive, as of a step downhill.
    assert float((result * matrices).sum()) > 0


@pytest.fixture
def short_run(tmp_path: Path, pool: ScenePool) -> Pretraining:
    settings = PretrainSettings(out=tmp_path, images=4, phrases=2, slots=pool.slots, warm_up_steps=2)
    return Pretraining(settings)


def test_a_run_goes_on_as_if_it_had_not_stopped(short_run: Pretraining) -> None:
    short_run.train_step()
    short_run.train_step()
    short_run.save()
    expected = [short_run.train_step()["loss"] for _ in range(2)]
    resumed = Pretraining(replace(short_run.settings, seed=short_run.settings.seed))
    with torch.no_grad():
        for parameter in resumed.network.parameters():
            parameter.zero_()
    resumed.resume()
    assert resumed.step == 2
    assert [resumed.train_step()["loss"] for _ in range(2)] == pytest.approx(expected, rel=1e-4)


def test_a_crash_while_saving_leaves_the_last_checkpoint(
    short_run: Pretraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_run.train_step()
    short_run.save()
    before = short_run.checkpoint_path.read_bytes()

    def crash(tensors: object, path: Path, metadata: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("engine.synthetic.checkpoint.save_file", crash)
    with pytest.raises(OSError, match="disk full"):
        short_run.save()
    assert short_run.checkpoint_path.read_bytes() == before


def test_steps_learn_something(short_run: Pretraining) -> None:
    first = short_run.train_step()
    for _ in range(7):
        last = short_run.train_step()
    assert last["phrase"] < first["phrase"] - 1
    assert last["mask"] < first["mask"]


def test_the_report_exports_the_better_weights(short_run: Pretraining, monkeypatch: pytest.MonkeyPatch) -> None:
    short_run.train_step()
    short_run.save()
    save_weights(short_run.settings.out / MIDDLE, short_run.average)
    worse, better = (
        {"scenes": {"dice": 0.2}, "absent": {"empty": 0.9}},
        {"scenes": {"dice": 0.8}, "absent": {"empty": 0.5}},
    )
    monkeypatch.setattr(
        "engine.synthetic.pretrain.measure_weights",
        lambda run, which, scenes, seed: better if which == "network" else worse,
    )
    write_report(short_run.settings.out, scenes=1)
    report = json.loads((short_run.settings.out / "report.json").read_text(encoding="utf-8"))
    assert report["exported"] == "network"
    shipped = load_file(short_run.settings.out / "model" / "model.safetensors")
    name = "decoder.film_mul.weight"
    torch.testing.assert_close(shipped[name], short_run.network.state_dict()[name].half())


def test_a_blend_lies_half_way_between_middle_and_end(short_run: Pretraining) -> None:
    save_weights(short_run.settings.out / MIDDLE, short_run.average)
    middle = {name: tensor.clone() for name, tensor in short_run.average.items()}
    for _ in range(2):
        short_run.train_step()
    short_run.save()
    end, blend = (load_weights(short_run.settings.out, which) for which in ("average", "blend"))
    name = "decoder.film_mul.weight"
    assert not torch.equal(middle[name], end[name])
    torch.testing.assert_close(blend[name], (middle[name] + end[name]) / 2)
