"""Kept image features: the same numbers wherever they lie and whoever made them; the tower rests; damage is mended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.contract.control import CancelToken
from engine.contract.errors import EngineError
from engine.contract.events import Event, Log
from engine.data.augment import Augmentation
from engine.models.base import ImageFeatures
from engine.strategies import STRATEGIES
from engine.training.feature_cache import FeatureCache, usage
from engine.training.features import Hearing, ImageSource, Keeping
from engine.training.image_sources import image_sources
from engine.training.loop import Trainer
from engine.training.plan import Plan

Make = Callable[..., Trainer]
DEEP = {"prompt_depth": 2}
VIEWS = Augmentation("published", views=4)
FIXED = [
    name
    for name in STRATEGIES.names()
    if name not in ("vpt", "maple", "shared_attention", "shared_separate", "full_finetune")
]


class Watched:
    """A trainer's training images as a source, and how often the tower ran."""

    def __init__(
        self, trainer: Trainer, keeping: Keeping | None = None, keep: bool = True, epochs: int = 8, ahead: bool = False
    ) -> None:
        self.trainer = trainer
        self.events: list[Event] = []
        self.runs = 0
        trainer.model.eval()
        trainer.model.vlsm.network.clip.vision_model.pre_layrnorm.register_forward_hook(self._count)
        self.source = ImageSource(
            trainer.model, trainer.train, trainer.device, keep=keep, epochs=epochs, keeping=keeping, ahead=ahead
        )

    def _count(self, *_: Any) -> None:
        self.runs += 1

    def epoch(self, epoch: int) -> ImageFeatures:
        """Features of a whole epoch, in the order of the dataset."""
        self.source.prepare(epoch, Hearing(self.events.append, CancelToken(), "job", "training"))
        batches = list(self.trainer.train.epoch(epoch, images=not self.source.keeps))
        found = [self.source.features(batch) for batch in batches]
        order = torch.cat([batch.positions for batch in batches]).argsort()
        taps = tuple(torch.cat([one.taps[at] for one in found])[order] for at in range(len(found[0].taps)))
        pooled = None if found[0].pooled is None else torch.cat([one.pooled for one in found if one.pooled is not None])
        return ImageFeatures(taps, None if pooled is None else pooled[order])

    @property
    def told(self) -> str:
        return " ".join(event.message for event in self.events if isinstance(event, Log))


def trainer_of(make_trainer: Make, strategy: str = "coop", augment: Augmentation = VIEWS, seed: int = 7) -> Trainer:
    settings = DEEP if strategy in ("coop", "cocoop") else {}
    trainer = make_trainer(strategy, settings)
    trainer.train.augment = augment
    trainer.train.seed = seed
    return trainer


def same(one: ImageFeatures, other: ImageFeatures, atol: float = 0.0) -> bool:
    pairs = [*zip(one.taps, other.taps, strict=True)]
    if one.pooled is not None and other.pooled is not None:
        pairs.append((one.pooled, other.pooled))
    return all(torch.allclose(a, b, rtol=0, atol=atol) for a, b in pairs)


@pytest.mark.parametrize(
    "augment", [Augmentation(), Augmentation("published"), VIEWS], ids=["none", "published", "views"]
)
@pytest.mark.parametrize("strategy", FIXED)
def test_kept_features_are_those_of_the_tower(make_trainer: Make, strategy: str, augment: Augmentation) -> None:
    kept = Watched(trainer_of(make_trainer, strategy, augment))
    fresh = Watched(trainer_of(make_trainer, strategy, augment), keep=False)
    assert kept.source.keeps
    for epoch in (1, 2, 5, 6):
        found = kept.epoch(epoch)
        assert same(found, fresh.epoch(epoch), 1e-6)
        assert (found.pooled is not None) == (strategy == "cocoop")


def test_views_come_round_and_the_tower_rests(make_trainer: Make) -> None:
    watched = Watched(trainer_of(make_trainer, augment=Augmentation(flip_horizontal=True, rotate=9, views=3)))
    rounds = [watched.epoch(epoch) for epoch in range(1, 4)]
    runs = watched.runs
    again = [watched.epoch(epoch) for epoch in range(4, 7)]
    assert watched.runs == runs == 3 * 2  # ten images, eight at a time, each turned by another angle in each view
    assert all(same(one, other) for one, other in zip(rounds, again, strict=True))
    assert not same(rounds[0], rounds[1], 1e-3)


def test_views_may_all_be_encoded_before_the_first_epoch(make_trainer: Make) -> None:
    """Then no later epoch runs the tower; the numbers are those that each epoch would have computed."""
    lazy, ahead = Watched(trainer_of(make_trainer)), Watched(trainer_of(make_trainer), ahead=True)
    first = ahead.epoch(1)
    runs = ahead.runs
    assert same(first, lazy.epoch(1))
    assert runs > lazy.runs
    for epoch in range(2, 7):
        assert same(ahead.epoch(epoch), lazy.epoch(epoch))
    assert ahead.runs == runs


def test_unchanged_views_are_one(make_trainer: Make) -> None:
    trainer = trainer_of(make_trainer)
    watched = Watched(trainer)
    touched = np.stack([trainer.train.changes(np.arange(10), epoch).touched for epoch in range(1, 5)])  # type: ignore[union-attr]
    expected = int(touched.sum() + (~touched).any(axis=0).sum())
    for epoch in range(1, 5):
        watched.epoch(epoch)
    assert f"{expected} views of 10 images" in watched.told
    assert "in memory" in watched.told


def test_a_second_run_reads_what_the_first_wrote(make_trainer: Make, tmp_path: Path) -> None:
    first = Watched(trainer_of(make_trainer), Keeping(cache=FeatureCache("kind", 10**9, tmp_path)))
    one = [first.epoch(epoch) for epoch in (1, 2)]
    second = Watched(trainer_of(make_trainer), Keeping(cache=FeatureCache("kind", 10**9, tmp_path)))
    other = [second.epoch(epoch) for epoch in (1, 2)]
    assert first.runs > 0
    assert second.runs == 0
    assert all(same(a, b) for a, b in zip(one, other, strict=True))
    # Another seed changes other images: the unchanged ones are there.
    third = Watched(trainer_of(make_trainer, seed=8), Keeping(cache=FeatureCache("kind", 10**9, tmp_path)))
    third.epoch(1)
    assert 0 < third.runs < first.runs


def test_numbers_do_not_depend_on_who_computed_them(make_trainer: Make, tmp_path: Path) -> None:
    """A run that goes on at its third epoch computes other images together than one that went straight there."""
    straight, resumed = (Watched(trainer_of(make_trainer)) for _ in range(2))
    for epoch in (1, 2):
        straight.epoch(epoch)
    assert same(straight.epoch(3), resumed.epoch(3))


@pytest.mark.parametrize("harm", ["cut", "flip", "empty"])
def test_a_damaged_entry_is_computed_again(make_trainer: Make, tmp_path: Path, harm: str) -> None:
    keeping = Keeping(cache=FeatureCache("kind", 10**9, tmp_path))
    whole = Watched(trainer_of(make_trainer, augment=Augmentation()), keeping).epoch(1)
    victim = max((path for path in tmp_path.glob("kind/*/*")), key=lambda path: path.name)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes({"cut": bytes(content[:100]), "flip": bytes(content), "empty": b""}[harm])
    again = Watched(trainer_of(make_trainer, augment=Augmentation()), keeping)
    assert same(again.epoch(1), whole)
    assert again.runs == 1
    third = Watched(trainer_of(make_trainer, augment=Augmentation()), keeping)
    third.epoch(1)
    assert third.runs == 0


def test_on_disk_a_lost_entry_costs_time_alone(make_trainer: Make, tmp_path: Path) -> None:
    keeping = Keeping("disk", cache=FeatureCache("kind", 10**9, tmp_path))
    watched = Watched(trainer_of(make_trainer, "cocoop", Augmentation()), keeping)
    one = watched.epoch(1)
    assert "on disk" in watched.told
    next(tmp_path.glob("kind/*/*")).unlink()
    assert same(watched.epoch(2), one, 1e-6)
    assert watched.runs > 2


@pytest.mark.parametrize("on_disk", [True, False])
def test_memory_is_given_back(make_trainer: Make, tmp_path: Path, on_disk: bool) -> None:
    keeping = Keeping(cache=FeatureCache("kind", 10**9, tmp_path) if on_disk else None)
    watched = Watched(trainer_of(make_trainer), keeping)
    one = watched.epoch(1)
    runs = watched.runs
    assert watched.source.forget()
    assert not watched.source.forget()
    assert watched.source.keeps is on_disk
    assert same(watched.epoch(1), one, 1e-6)
    assert (watched.runs == runs) is on_disk


def test_half_the_size_is_rounded(make_trainer: Make, tmp_path: Path) -> None:
    exact = Watched(trainer_of(make_trainer), Keeping(cache=FeatureCache("a", 10**9, tmp_path))).epoch(1)
    large = usage(tmp_path).bytes
    rounded = Watched(
        trainer_of(make_trainer), Keeping(dtype=torch.float16, cache=FeatureCache("b", 10**9, tmp_path))
    ).epoch(1)
    assert usage(tmp_path).bytes - large < 0.6 * large
    assert rounded.taps[0].dtype == torch.float32
    assert same(rounded, exact, 5e-3)
    assert not same(rounded, exact, 1e-6)


def test_what_fits_nowhere_is_computed_each_time(make_trainer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.feature_bank._SHARE_OF_MEMORY", 0.0)
    watched = Watched(trainer_of(make_trainer))
    found = watched.epoch(1)
    assert "fit nowhere" in watched.told
    assert not watched.source.keeps
    assert same(found, Watched(trainer_of(make_trainer), keep=False).epoch(1), 1e-6)


def test_the_decoders_first_layers_learn_from_kept_features(make_trainer: Make) -> None:
    """Raw taps are kept; gradients reach the layers that reduce them, and they move."""
    runs = []
    trainer = make_trainer("decoder_finetune", {}, epochs=3)
    trainer.model.vlsm.network.clip.vision_model.pre_layrnorm.register_forward_hook(lambda *_: runs.append(1))
    reduce = trainer.model.vlsm.network.decoder.reduces[0].weight
    before = reduce.detach().clone()
    trainer.fit()
    assert len(runs) == 3
    assert not torch.equal(reduce, before)


def test_the_loop_shares_features_between_runs(
    make_trainer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNEVLSEG_HOME", str(tmp_path / "home"))
    runs: list[int] = []

    def fit(folder: str, base: str) -> Any:
        trainer = make_trainer("coop", DEEP, folder=folder)
        trainer.base = base
        trainer.model.vlsm.network.clip.vision_model.pre_layrnorm.register_forward_hook(lambda *_: runs.append(1))
        trainer.fit()
        return trainer.model.learner_state()

    one = fit("one", "abc")
    first = len(runs)
    other = fit("other", "abc")
    assert first == len(runs) == 3
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    fit("third", "def")  # other weights
    assert len(runs) == 6
    trainer = make_trainer("coop", DEEP, folder="fourth")
    sources = [
        image_sources(
            trainer.model, (trainer.train, trainer.val), trainer.device, trainer.config, plan, "abc", epochs=2
        )[0]
        for plan in (Plan(), Plan(channels_last=True))
    ]
    assert len({source._keeping.cache._folder for source in sources if source._keeping.cache}) == 2


def test_a_stop_does_not_wait_for_all_images(make_trainer: Make, tmp_path: Path) -> None:
    """What was not encoded yet is computed for the one batch that is still asked about."""
    straight, stopped = (Watched(trainer_of(make_trainer, augment=Augmentation())) for _ in range(2))
    cancel = CancelToken()
    cancel.stop_keep_best()
    stopped.source.prepare(1, Hearing(stopped.events.append, cancel, "job", "training"))
    assert stopped.runs == 0
    batch = next(iter(stopped.trainer.train.epoch(1, images=not stopped.source.keeps)))
    expected = straight.epoch(1).rows(batch.positions)
    assert same(stopped.source.features(batch), expected, 1e-6)


@pytest.mark.parametrize(("place", "means"), [("memory", "later runs compute"), ("disk", "in every step")])
def test_a_disk_that_takes_nothing_is_told_once(make_trainer: Make, tmp_path: Path, place: str, means: str) -> None:
    (tmp_path / "kind").write_text("a file where the folder should be")
    watched = Watched(trainer_of(make_trainer), Keeping(place, cache=FeatureCache("kind", 10**9, tmp_path)))
    fresh = Watched(trainer_of(make_trainer), keep=False)
    for epoch in (1, 2):
        assert same(watched.epoch(epoch), fresh.epoch(epoch), 1e-6)
    warned = [event.message for event in watched.events if isinstance(event, Log) and event.level == "warning"]
    assert len(warned) == 1
    assert means in warned[0]


def test_numbers_beyond_fp16_are_refused(make_trainer: Make) -> None:
    trainer = trainer_of(make_trainer)
    with torch.no_grad():
        trainer.model.vlsm.network.decoder.reduces[0].bias.fill_(1e5)
    with pytest.raises(EngineError) as refused:
        Watched(trainer, Keeping(dtype=torch.float16)).epoch(1)
    assert refused.value.field == "training.feature_numbers"
    Watched(trainer, Keeping(dtype=torch.float32)).epoch(1)


@pytest.mark.parametrize("augment", [VIEWS, Augmentation("published")], ids=["views", "published"])
def test_bf16_and_half_sized_features_go_together(make_trainer: Make, augment: Augmentation) -> None:
    trainer = make_trainer("decoder_finetune", {}, precision="bf16", feature_numbers="fp16")
    trainer.train.augment = augment
    trainer.plan = Plan(precision="bf16")
    assert trainer.fit().epochs == 2
