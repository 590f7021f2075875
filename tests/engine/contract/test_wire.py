"""Events, jobs and commands survive the way over a line."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Any

import pytest

from engine.contract import wire
from engine.contract.commands import StopKeepBest
from engine.contract.errors import RecipeError
from engine.contract.events import EpochEnded, JobFinished

SAMPLES: dict[str, Any] = {
    "str": 'text with "quotes", é and\nnewline',
    "int": 3,
    "float": 0.25,
    "bool": True,
    "dict": {"dice": 0.5, "path": "a/b"},
    "list": ["a", "b"],
    "Any": 0.5,
}


def sample(annotation: str) -> Any:
    """A value that fits a field's annotation."""
    return SAMPLES[annotation.split("|")[0].strip().split("[")[0]]


def filled(cls: type[Any]) -> Any:
    return cls(**{item.name: sample(str(item.type)) for item in dataclasses.fields(cls)})


@pytest.mark.parametrize("name", sorted(wire.EVENTS))
def test_every_event_survives_the_wire(name: str) -> None:
    event = filled(wire.EVENTS[name])
    line = wire.event_to_line(event)
    assert "\n" not in line
    assert json.loads(line)["event"] == name
    assert wire.event_from_line(line) == event


@pytest.mark.parametrize("name", sorted(wire.JOBS))
def test_every_job_survives_the_wire(name: str) -> None:
    job = filled(wire.JOBS[name])
    assert wire.job_from_line(wire.job_to_line(job, "j1")) == (job, "j1")


def test_the_names_of_the_contract() -> None:
    promised = {
        "job_started", "progress", "epoch_ended", "preview_ready", "log", "job_finished", "job_failed",
        "job_cancelled", "paused", "resumed", "degraded", "slice_done",
    }  # fmt: skip
    assert promised <= set(wire.EVENTS)
    assert {"cancel", "stop_keep_best", "pause", "resume"} <= set(wire.COMMANDS)


def test_values_that_json_does_not_know_become_null() -> None:
    line = wire.event_to_line(EpochEnded("j", 1, 2, {"train_loss": float("nan"), "val_dice": 0.5}))
    assert json.loads(line)["metrics"] == {"train_loss": None, "val_dice": 0.5}


def test_fields_of_a_newer_program_are_left_out() -> None:
    line = '{"event": "job_finished", "job_id": "j", "result": {}, "invented": 1}'
    assert wire.event_from_line(line) == JobFinished("j", {})


@pytest.mark.parametrize("line", ["", "nonsense", "[1]", '{"event": "no_such"}', '{"event": "epoch_ended"}', "{}"])
def test_a_bad_line_is_a_recipe_error(line: str) -> None:
    with pytest.raises(RecipeError):
        wire.event_from_line(line)


def test_command_line() -> None:
    assert wire.command_from_line('{"command": "stop_keep_best"}') == StopKeepBest()


def test_unions_hold_only_dataclasses() -> None:
    for union in (wire.Event, wire.Job, wire.Command):
        assert isinstance(union, types.UnionType)
        assert all(dataclasses.is_dataclass(cls) for cls in typing.get_args(union))
