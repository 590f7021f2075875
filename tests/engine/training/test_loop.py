"""The loop: learns, resumes to the same numbers, stops when told, keeps the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, EngineError
from engine.contract.events import EpochEnded, Event, PreviewReady
from engine.contract.events import Progress as Ticked
from engine.data.prompts import Said
from engine.runs import layout
from engine.runs.layout import finished_epochs as epochs
from engine.runs.writer import best_epoch, read_metrics
from engine.strategies.base import Prompts
from engine.training.checkpoint import load_checkpoint, load_learner
from engine.training.loop import Trainer
from engine.training.questions import Texts

Make = Callable[..., Trainer]
Table = Callable[[Trainer], Any]
DEEP = {"prompt_depth": 2}
EVERY = [
    ("vpt", {**DEEP, "upsampler": "blend"}, "none", "plateau"),
    ("vpt", DEEP, "published", "cosine"),
    ("coop", DEEP, "none", "plateau"),
    ("coop", DEEP, "published", "constant"),
    ("coop", {**DEEP, "per_label": True, "class_position": "front"}, "published", "plateau"),
    ("cocoop", {**DEEP, "per_label": True}, "published", "plateau"),
    ("maple", {**DEEP, "per_label": True}, "none", "cosine"),
    ("shared_attention", {**DEEP, "per_label": True}, "none", "plateau"),
    ("upsampler_only", {}, "none", "plateau"),
    ("full_finetune", {}, "none", "plateau"),
]


def run_folder(trainer: Trainer) -> Any:
    return trainer.sink.folder  # type: ignore[attr-defined]


def last(trainer: Trainer) -> Any:
    folder = run_folder(trainer)
    return load_checkpoint(layout.epoch_folder(folder, epochs(folder)[-1]))


def test_it_learns_tells_and_keeps_the_best(make_trainer: Make) -> None:
    events: list[Event] = []
    trainer = make_trainer(settings=DEEP, epochs=6, emit=events.append, keep_epochs=2, previews=True)
    frozen = {name: value.clone() for name, value in trainer.model.vlsm.state_dict().items()}
    fitted = trainer.fit()
    rows = read_metrics(run_folder(trainer))
    assert fitted.ended == "epochs"
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    labels = {f"{split}_dice[{name}]" for split in ("train", "val") for name in ("disc", "rest")}
    assert set(layout.METRIC_COLUMNS) | labels == set(rows[0])
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    best = max(rows, key=lambda row: row["val_dice"])
    assert (fitted.best_epoch, fitted.best_dice) == (best["epoch"], best["val_dice"])
    ended = [event for event in events if isinstance(event, EpochEnded)]
    assert [event.metrics["val_dice"] for event in ended] == [row["val_dice"] for row in rows]
    assert [event.epoch for event in ended if event.best][-1] == fitted.best_epoch
    assert sum(isinstance(event, PreviewReady) for event in events) == 6
    folder = run_folder(trainer)
    assert best_epoch(folder) == fitted.best_epoch
    assert set(epochs(folder)) == {5, 6, fitted.best_epoch}
    assert set(load_learner(folder / layout.BEST)) == {"learner.context_vectors"}
    assert all(torch.equal(value, frozen[name]) for name, value in trainer.model.vlsm.state_dict().items())


@pytest.mark.parametrize(("strategy", "settings", "augment", "schedule"), EVERY)
def test_a_resumed_run_has_the_same_numbers(
    make_trainer: Make, table_of: Table, strategy: str, settings: dict[str, Any], augment: str, schedule: str
) -> None:
    common = {"strategy": strategy, "settings": settings, "augment": augment, "epochs": 4, "schedule": schedule}
    common |= {"plateau_patience": 0, "min_delta": 0.5, "weight_decay": 0.01, "warmup_steps": 2}
    straight = make_trainer(folder="straight", **common)
    straight.fit()

    cancel = CancelToken()

    def kill(event: Event) -> None:
        # In the middle of epoch 3, after an optimiser step: what it did is lost, as with a killed process.
        if isinstance(event, Ticked) and event.stage.startswith("epoch 3/4: tuning"):
            cancel.cancel()

    first = make_trainer(folder="broken", emit=kill, cancel=cancel, **common)
    with pytest.raises(Cancelled):
        first.fit()
    assert epochs(run_folder(first)) == [1, 2]
    second = make_trainer(folder="broken", **common)
    torch.manual_seed(99)
    second.fit(last(first))
    assert table_of(second) == table_of(straight)
    assert len(table_of(straight)) == 5
    for name, value in straight.model.learner_state().items():
        assert torch.equal(value, second.model.learner_state()[name]), name


def test_resuming_a_finished_run_adds_nothing(make_trainer: Make, table_of: Table) -> None:
    early = {"settings": DEEP, "epochs": 9, "min_epochs": 1, "patience": 2, "min_delta": 1e6}
    first = make_trainer(**early)
    assert first.fit().ended == "early"
    table = table_of(first)
    assert len(table) == 1 + 3  # one that counts as better than infinity, two that do not
    again = make_trainer(**early).fit(last(first))
    assert again.ended == "early"
    assert again.epochs == 3
    assert table_of(first) == table


def test_early_stopping_waits_for_min_epochs(make_trainer: Make) -> None:
    fitted = make_trainer(settings=DEEP, epochs=7, min_epochs=5, patience=1, min_delta=1e6).fit()
    assert (fitted.ended, fitted.epochs) == ("early", 5)


@pytest.mark.parametrize(
    ("strategy", "settings"),
    [
        ("coop", DEEP),
        ("coop", {**DEEP, "per_label": True}),
        ("cocoop", DEEP),
        ("cocoop", {**DEEP, "per_label": True}),
        ("upsampler_only", {}),
    ],
)
@pytest.mark.parametrize("augment", ["none", "published"])
def test_kept_features_change_nothing(
    make_trainer: Make, strategy: str, settings: dict[str, Any], augment: str
) -> None:
    common = {"strategy": strategy, "settings": settings, "epochs": 3, "augment": augment}
    kept, fresh = (make_trainer(folder=str(keep), keep_features=keep, **common) for keep in (True, False))
    for trainer in (kept, fresh):
        trainer.fit()
    for one, other in zip(read_metrics(run_folder(kept)), read_metrics(run_folder(fresh)), strict=True):
        for name in ("train_loss", "val_loss", "val_dice"):
            assert one[name] == pytest.approx(other[name], rel=1e-4), name


@pytest.mark.parametrize("per_label", [False, True])
@pytest.mark.parametrize("strategy", ["coop", "cocoop"])
def test_kept_features_spare_the_tower(make_trainer: Make, strategy: str, per_label: bool) -> None:
    calls = []
    trainer = make_trainer(strategy, {**DEEP, "per_label": per_label}, epochs=3)
    trainer.model.vlsm.network.clip.vision_model.pre_layrnorm.register_forward_hook(lambda *_: calls.append(1))
    trainer.fit()
    assert len(calls) == 3  # the 10 training and the 6 validation images, once each, eight at a time


@pytest.mark.parametrize(("strategy", "times"), [("vpt", 1), ("coop", 2 * 3 + 2)])
def test_phrases_are_encoded_once_a_step(make_trainer: Make, strategy: str, times: int) -> None:
    calls = []
    trainer = make_trainer(strategy, DEEP, epochs=2)
    trainer.model.vlsm.network.clip.text_projection.register_forward_hook(lambda *_: calls.append(1))
    trainer.fit()
    assert len(calls) == times  # not once per image: the number of training and validation steps


TEXTS = torch.tensor([[1, 4, 8, 10, 12, 3], [1, 9, 3, 0, 0, 0], [1, 9, 13, 3, 0, 0], [1, 5, 3, 0, 0, 0]])


def with_texts(trainer: Trainer, numbers: tuple[int, int, int]) -> None:
    """Every third image says something else of its first label; the second label always says the last text."""
    columns = torch.tensor([0, 0, 0, 1])
    for loader, name in ((trainer.train, "train_texts"), (trainer.val, "val_texts")):
        groups = tuple((((numbers[at % 3],),), ((3,),)) for at in range(len(loader.dataset)))
        loader.dataset.said = Said(("", "", "", ""), tuple(columns.tolist()), groups)
        setattr(trainer, name, Texts(TEXTS, (TEXTS != 0).long(), columns))


def test_texts_of_images_are_encoded_once_a_run_where_text_stays(make_trainer: Make) -> None:
    calls: list[int] = []
    trainer = make_trainer("vpt", DEEP, epochs=3)
    with_texts(trainer, (0, 1, 2))
    trainer.model.vlsm.network.clip.text_projection.register_forward_hook(lambda *given: calls.append(len(given[2])))
    trainer.fit()
    assert calls == [4, 4]  # the texts of the training images and those of the validation images


def test_texts_of_a_batch_are_encoded_once_a_step_at_their_own_length(make_trainer: Make) -> None:
    shapes: set[tuple[int, ...]] = set()
    trainer = make_trainer("coop", DEEP, epochs=1)
    with_texts(trainer, (1, 1, 2))
    trainer.model.vlsm.network.clip.text_model.final_layer_norm.register_forward_hook(
        lambda *given: shapes.add(tuple(given[2].shape))
    )
    trainer.fit()
    assert {shape[0] for shape in shapes} <= {2, 3}  # distinct texts, not the 8 pairs of a batch
    assert {shape[1] for shape in shapes} <= {4 + 3, 4 + 4}  # learned words and tokens, not the longest of the dataset


@pytest.mark.parametrize("strategy", ["vpt", "coop", "cocoop"])
def test_texts_of_images_give_what_each_text_gives_alone(make_trainer: Make, strategy: str) -> None:
    trainer = make_trainer(strategy, DEEP)
    with_texts(trainer, (0, 1, 2))
    model = trainer.model.eval()
    batch = next(trainer.val.epoch(1))
    assert batch.said is not None
    assert batch.images is not None
    texts, index = trainer.val_texts, trainer.phrases.label_index
    assert texts is not None
    prompts = Prompts() if model.learner.needs_pooled else model.learner(None, index)
    with torch.no_grad():
        image = model.encode_images(batch.images, prompts)
        found = model.ask_each(image, prompts, texts.ids, texts.mask, texts.columns, batch.said, index)
        for row, said in enumerate(batch.said.tolist()):
            for column, text in enumerate(said):
                alone = model(batch.images[row : row + 1], TEXTS[text : text + 1], (TEXTS != 0).long()[text : text + 1])
                assert torch.allclose(found[row, column], alone[0, 0], atol=1e-5)


@pytest.mark.parametrize("strategy", ["coop", "cocoop", "maple", "shared_attention", "shared_separate"])
def test_every_label_learns_its_own_words(make_trainer: Make, strategy: str) -> None:
    trainer = make_trainer(strategy, {**DEEP, "per_label": True}, epochs=6)
    before = trainer.model.learner.context_vectors.detach().clone()
    trainer.fit()
    moved = (trainer.model.learner.context_vectors - before).abs().amax(dim=(1, 2, 3))
    assert (moved > 0).all()
    rows = read_metrics(run_folder(trainer))
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]


def test_cancel_acts_inside_a_step(make_trainer: Make) -> None:
    """A step of a large network takes minutes on a processor; cancel may not wait for its end."""
    cancel = CancelToken()
    trainer = make_trainer("full_finetune", {}, cancel=cancel, epochs=3)
    seen = []

    def in_the_backward_pass(gradient: torch.Tensor) -> None:
        seen.append("last block")
        cancel.cancel()

    tower = trainer.model.vlsm.network.clip.vision_model.encoder.layers
    tower[2].register_forward_hook(lambda module, args, out: out.register_hook(in_the_backward_pass) and None)
    tower[0].mlp.fc1.weight.register_hook(lambda gradient: seen.append("first block"))
    with pytest.raises(Cancelled):
        trainer.fit()
    assert seen == ["last block"]
    assert epochs(run_folder(trainer)) == []


def test_stop_keeps_the_best_and_drops_half_an_epoch(make_trainer: Make, table_of: Table) -> None:
    cancel = CancelToken()

    def stop(event: Event) -> None:
        if isinstance(event, Ticked) and event.stage.startswith("epoch 2/9: tuning"):
            cancel.stop_keep_best()

    trainer = make_trainer(settings=DEEP, epochs=9, cancel=cancel, emit=stop)
    fitted = trainer.fit()
    assert (fitted.ended, fitted.epochs, fitted.best_epoch) == ("stopped", 1, 1)
    assert len(table_of(trainer)) == 2
    # A stopped run goes on as if it had never stopped.
    make_trainer(settings=DEEP, epochs=3).fit(last(trainer))
    straight = make_trainer(settings=DEEP, epochs=3, folder="straight")
    straight.fit()
    assert table_of(trainer) == table_of(straight)


def test_a_stop_in_the_first_epoch_still_gives_a_result(make_trainer: Make, table_of: Table) -> None:
    cancel = CancelToken()

    def stop(event: Event) -> None:
        if isinstance(event, Ticked) and event.stage.startswith("epoch 1/9: tuning"):
            cancel.stop_keep_best()

    trainer = make_trainer(settings=DEEP, epochs=9, cancel=cancel, emit=stop)
    fitted = trainer.fit()
    assert (fitted.ended, fitted.best_epoch) == ("stopped", 1)
    assert math.isfinite(fitted.best_dice)
    assert (run_folder(trainer) / layout.BEST).is_file()
    make_trainer(settings=DEEP, epochs=2).fit(last(trainer))
    straight = make_trainer(settings=DEEP, epochs=2, folder="straight")
    straight.fit()
    assert table_of(trainer) == table_of(straight)


def test_a_loss_that_is_no_number_is_told_at_once(make_trainer: Make) -> None:
    trainer = make_trainer(settings=DEEP)
    with torch.no_grad():
        trainer.model.learner.context_vectors.fill_(math.nan)
    with pytest.raises(EngineError, match="epoch 1, step 1") as caught:
        trainer.fit()
    assert caught.value.field == "training.learning_rate"
    assert "learning_rate" in caught.value.hint


def test_zero_shot_is_one_pass_of_validation(make_trainer: Make) -> None:
    trainer = make_trainer("zero_shot")
    fitted = trainer.fit()
    rows = read_metrics(run_folder(trainer))
    assert (fitted.epochs, fitted.best_epoch, len(rows)) == (1, 1, 1)
    assert math.isnan(rows[0]["train_loss"])
    assert math.isfinite(rows[0]["val_dice"])


def test_the_gradient_is_clipped_to_its_norm(make_trainer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of everything that learns together, and only where a limit is set."""
    norms: dict[float | None, list[float]] = {None: [], 1e-3: []}
    take = torch.optim.AdamW.step
    for limit in norms:
        trainer = make_trainer("vpt", {**DEEP, "upsampler": "blend"}, folder=str(limit), grad_clip=limit, epochs=1)
        learned = list(trainer.model.learned().values())

        def watched(self: Any, *args: Any, limit: float | None = limit, learned: Any = learned) -> Any:
            squares = [parameter.grad.square().sum() for parameter in learned if parameter.grad is not None]
            norms[limit].append(math.sqrt(float(torch.stack(squares).sum())))
            return take(self, *args)

        monkeypatch.setattr(torch.optim.AdamW, "step", watched)
        trainer.fit()
    assert min(norms[None]) > 2e-3
    assert norms[1e-3] == pytest.approx([1e-3] * len(norms[None]), rel=1e-3)


def test_the_seed_decides_the_numbers(make_trainer: Make, table_of: Table) -> None:
    tables = []
    for folder, seed in (("a", 7), ("b", 7), ("c", 8)):
        trainer = make_trainer("vpt", DEEP, folder=folder, epochs=2)
        trainer.seed = trainer.train.seed = seed
        trainer.fit()
        tables.append(table_of(trainer))
    assert tables[0] == tables[1] != tables[2]


def test_absent_labels_take_part_by_their_share(make_trainer: Make) -> None:
    """The drawn set's second label is missing in every third image; at share 0 those pairs teach nothing."""
    rows = {}
    for share in (0.0, 1.0):
        trainer = make_trainer("vpt", DEEP, folder=str(share), absent_labels=share, epochs=1, learning_rate=1e-9)
        trainer.fit()
        rows[share] = read_metrics(run_folder(trainer))[0]
    # Nothing learns at this rate: the same answers, of which share 0 leaves the pairs with an empty truth out.
    assert rows[0.0]["val_loss"] == rows[1.0]["val_loss"]
    assert rows[0.0]["train_loss"] < rows[1.0]["train_loss"] - 0.05
