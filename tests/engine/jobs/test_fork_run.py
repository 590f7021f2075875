"""Forks: the same numbers where nothing was changed, others where something was, and refusals that name the field."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.contract.commands import Fork, Set
from engine.contract.control import CancelToken
from engine.contract.errors import EngineError, InputError, OutOfRange, RecipeError
from engine.contract.events import EpochEnded, Event, RunForked, SettingChanged, SettingRefused
from engine.contract.jobs import ForkRun, Tune
from engine.jobs import fork_run, tune
from engine.runs import commands, layout
from engine.runs.queue import hold, read_queue
from engine.runs.writer import best_epoch
from engine.synthetic.sample_data import write_dataset


def quiet(event: Event) -> None:
    del event


def tuned(recipe: Path, out: Path, hear: Callable[[Event], None] = quiet) -> Path:
    tune.run(Tune(str(recipe), str(out)), hear, CancelToken(), "job")
    return out


def forked(run: Path, epoch: int, out: Path, *overrides: str) -> Path:
    tune.run(Tune("", str(out), list(overrides), fork=str(run), epoch=epoch), quiet, CancelToken(), "job")
    return out


def rows(run: Path, *, seconds: bool = False) -> list[dict[str, str]]:
    head, *lines = (run / layout.METRICS).read_text(encoding="utf-8").splitlines()
    found = [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]
    return [{name: value for name, value in row.items() if seconds or name != "seconds"} for row in found]


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def recipe(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("forks")
    write_dataset("polyps", place / "polyps", count=12)
    values = {
        "version": 1,
        "name": "parent",
        "data": {"folder": str(place / "polyps"), "augment": "published"},
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 2},
        "training": {
            "device": "cpu", "threads": 1, "batch_size": 4, "epochs": 5, "keep_epochs": 5,
            "learning_rate": 0.01, "schedule": "cosine", "weight_decay": 0.01,
        },
    }  # fmt: skip
    (place / "recipe.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return place / "recipe.yaml"


@pytest.fixture(scope="module")
def parent(recipe: Path) -> Path:
    return tuned(recipe, recipe.with_name("parent"))


def test_a_fork_without_changes_gives_its_parents_numbers(parent: Path, tmp_path: Path) -> None:
    child = forked(parent, 2, tmp_path / "child")
    assert rows(child) == rows(parent)
    assert rows(child, seconds=True)[:2] == rows(parent, seconds=True)[:2]
    assert best_epoch(child) == best_epoch(parent)
    assert (child / layout.BEST).read_bytes() == (parent / layout.BEST).read_bytes()
    origin = read(child / layout.PARENT)
    assert (origin["run"], origin["epoch"], origin["inherited_epochs"]) == ("parent", 2, [1, 2])
    assert origin["changes"] == {}
    assert read(child / layout.ENVIRONMENT)["plan"] == read(parent / layout.ENVIRONMENT)["plan"]
    assert list(layout.previews(child)) == [1, 2, 3, 4, 5]
    assert yaml.safe_load((child / layout.RECIPE).read_text())["name"] == "parent (fork at 2)"


def test_a_fork_with_changes_shares_only_the_first_part(parent: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in parent.rglob("*") if path.is_file()}
    changes = ["training.learning_rate=0.1", "training.epochs=4", "data.augment=none", "training.dice_weight=2"]
    child = forked(parent, 2, tmp_path / "child", *changes)
    theirs, ours = rows(parent), rows(child)
    assert ours[:2] == theirs[:2]
    assert len(ours) == 4
    assert ours[2]["val_loss"] != theirs[2]["val_loss"]
    kept = yaml.safe_load((child / layout.RECIPE).read_text())
    assert kept["training"]["learning_rate"] == 0.1
    assert read(child / layout.PARENT)["changes"]["training.learning_rate"] == [0.01, 0.1]
    [first] = (child / layout.CHANGES).read_text().splitlines()
    assert json.loads(first)["change"] == "forked"
    assert {path: path.stat().st_mtime_ns for path in parent.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("strategy.prompt_depth=3", "strategy.prompt_depth"),
        ("strategy.name=maple", "strategy.name"),
        ("data.plane=coronal", "data.plane"),
        ("seed=7", "seed"),
        ("training.start_from=/nowhere", "training.start_from"),
        ("training.epochs=2", "training.epochs"),
        ("training.learning_rate=-1", "training.learning_rate"),
        ("training.nonsense=1", "training.nonsense"),
    ],
)
def test_what_may_not_change_is_refused_by_its_field(parent: Path, tmp_path: Path, override: str, field: str) -> None:
    for only_check in (True, False):
        job = ForkRun(str(parent), 2, [override], str(tmp_path / "child"), only_check)
        with pytest.raises(RecipeError) as caught:
            fork_run.run(job, quiet, CancelToken(), "job")
        assert caught.value.field is not None
        assert caught.value.field.startswith(field)
    assert list(tmp_path.iterdir()) == []


def test_epochs_that_are_not_there_are_refused(parent: Path, recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(OutOfRange, match="Epoch 9 of parent is not kept") as caught:
        fork_run.fork(parent, 9, [])
    assert "1, 2, 3, 4, 5" in caught.value.hint
    with pytest.raises(OutOfRange, match=r"5 are over after epoch 5"):
        fork_run.fork(parent, 0, [])
    with pytest.raises(InputError, match="is not a run"):
        fork_run.fork(tmp_path, 0, [])
    with pytest.raises(InputError, match="already holds a run"):
        fork_run.fork(parent, 2, [], parent)
    damaged = shutil.copytree(parent, tmp_path / "damaged")
    (layout.epoch_folder(damaged, 3) / layout.STATE).write_text("{")
    with pytest.raises(InputError, match="Epoch 3 of damaged is damaged"):
        fork_run.fork(damaged, 3, [])
    with pytest.raises(RecipeError, match="takes its recipe from"):
        tune.run(Tune(str(recipe), fork=str(parent)), quiet, CancelToken(), "job")


def test_a_best_epoch_that_was_put_away_gives_way_to_the_forked_one(parent: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(parent, tmp_path / "copy")
    state = read(layout.epoch_folder(copy, 3) / layout.STATE)
    state["progress"] |= {"best_epoch": 1}
    (layout.epoch_folder(copy, 3) / layout.STATE).write_text(json.dumps(state))
    shutil.rmtree(layout.epoch_folder(copy, 1))
    made = Path(fork_run.fork(copy, 3, [], tmp_path / "child")["run"])
    assert best_epoch(made) == 3
    learner = layout.epoch_folder(copy, 3) / layout.LEARNER
    assert (made / layout.BEST).read_bytes() == learner.read_bytes()
    assert layout.finished_epochs(made) == [3]


class Commanding:
    """Gives commands to a run after its first epoch, and waits until they are answered."""

    def __init__(self, run: Path, *given: Any) -> None:
        self.run, self.given = run, list(given)
        self.answers: list[Event] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, SettingRefused | RunForked | SettingChanged):
            self.answers.append(event)
        if isinstance(event, EpochEnded) and event.epoch == 1:
            for command in self.given:
                commands.tell(self.run, command)
            # What is refused or forked is answered by the thread that reads commands, while this one waits.
            deadline = time.monotonic() + 30
            wanted = sum(not isinstance(command, Set) or command.value is None for command in self.given)
            while len(self.answers) < wanted and time.monotonic() < deadline:
                threading.Event().wait(0.01)


def test_commands_set_refuse_and_fork_while_a_run_goes_on(recipe: Path, tmp_path: Path) -> None:
    hold(True)  # the fork waits here instead of starting when the run has ended
    out, child = tmp_path / "run", tmp_path / "child"
    commanding = Commanding(
        out,
        Set("training.learning_rate", 0.05),
        Set("training.learning_rate", None),
        Fork(1, {"training.learning_rate": 0.5}, str(child)),
        Fork(1, {"seed": 3}),
    )
    tuned(recipe, out, commanding)
    kinds = [type(event).__name__ for event in commanding.answers]
    assert sorted(kinds) == ["RunForked", "SettingChanged", "SettingRefused", "SettingRefused"]
    assert read_queue().waiting == (child,)
    assert (child / layout.JOB).is_file()
    noted = [json.loads(line) for line in (out / layout.CHANGES).read_text().splitlines()]
    assert [(line["key"], line["value"], line["epoch"]) for line in noted] == [("training.learning_rate", 0.05, 2)]
    told = (out / layout.LOG).read_text()
    assert "set: training.learning_rate = 0.05 from epoch 2, step 1" in told
    assert yaml.safe_load((out / layout.RECIPE).read_text())["training"]["learning_rate"] == 0.01

    # A fork takes over what was set by then; an earlier epoch knows nothing of it.
    later, earlier = (Path(fork_run.fork(out, epoch, [], tmp_path / f"at-{epoch}")["run"]) for epoch in (3, 1))
    assert yaml.safe_load((later / layout.RECIPE).read_text())["training"]["learning_rate"] == 0.05
    assert yaml.safe_load((earlier / layout.RECIPE).read_text())["training"]["learning_rate"] == 0.01
    tune.run(Tune("", resume=str(later)), quiet, CancelToken(), "job")
    assert rows(later) == rows(out)


def test_resuming_a_run_keeps_what_was_set(recipe: Path, tmp_path: Path) -> None:
    # The second one is refused: once that is heard, the first was heard, too, and counts from epoch 2 on.
    wishes = Set("training.epochs", 6), Set("training.patience", None)
    straight = tuned(recipe, tmp_path / "straight", Commanding(tmp_path / "straight", *wishes))
    assert len(rows(straight)) == 6
    out, cancel = tmp_path / "broken", CancelToken()
    commanding = Commanding(out, *wishes)

    def hear(event: Event) -> None:
        commanding(event)
        if isinstance(event, EpochEnded) and event.epoch == 3:
            cancel.cancel()

    with pytest.raises(EngineError):
        tune.run(Tune(str(recipe), str(out)), hear, cancel, "job")
    noted = (out / layout.CHANGES).read_text()
    assert len(noted.splitlines()) == 1
    tune.run(Tune("", resume=str(out)), quiet, CancelToken(), "job")
    assert rows(out) == rows(straight)
    assert (out / layout.CHANGES).read_text() == noted, "what is met again is not noted again"
