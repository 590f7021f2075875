"""One dataclass ↔ one line of JSON.

An event's line is `{"event": "epoch_ended", "job_id": …}`, a job's `{"job": "inspect_data", "id": …}`, a command's
`{"command": "stop_keep_best"}`: the name is the class name in lower case with underscores.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
from typing import Any, get_args

from engine.contract.commands import Command
from engine.contract.errors import RecipeError
from engine.contract.events import Event
from engine.contract.jobs import Job


def snake(name: str) -> str:
    """`EpochEnded` → `epoch_ended`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _by_name(union: types.UnionType) -> dict[str, type[Any]]:
    return {snake(cls.__name__): cls for cls in get_args(union)}


EVENTS = _by_name(Event)
JOBS = _by_name(Job)
COMMANDS = _by_name(Command)


def _json_value(value: Any) -> Any:
    # NaN and infinity are not JSON: a strict reader would refuse the line.
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    return value


def _line(key: str, value: Any, **more: Any) -> str:
    # Shallow on purpose: fields hold plain values only, asdict would copy long results.
    fields = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    return json.dumps(_json_value({key: snake(type(value).__name__), **more, **fields}), ensure_ascii=False)


def _object(line: str, key: str, known: dict[str, type[Any]]) -> tuple[type[Any], dict[str, Any]]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise RecipeError(f"Not a line of JSON: {line[:80]!r}.", hint="Send one JSON object a line.") from error
    name = found.pop(key, None) if isinstance(found, dict) else None
    if name not in known:
        raise RecipeError(f"Unknown {key} {name!r}.", hint=f"Known: {', '.join(sorted(known))}.")
    return known[name], found


def _build(cls: type[Any], fields: dict[str, Any]) -> Any:
    names = {item.name for item in dataclasses.fields(cls)}
    try:
        # Fields that a newer program added are left out, so that old and new can talk.
        return cls(**{name: value for name, value in fields.items() if name in names})
    except TypeError as error:
        raise RecipeError(f"{cls.__name__}: {error}.") from error


def event_to_line(event: Event) -> str:
    """One line without its newline."""
    return _line("event", event)


def event_from_line(line: str) -> Event:
    """The event; raises RecipeError for a line that is none."""
    event: Event = _build(*_object(line, "event", EVENTS))
    return event


def job_to_line(job: Job, job_id: str) -> str:
    """One line without its newline."""
    return _line("job", job, id=job_id)


def job_from_line(line: str) -> tuple[Job, str]:
    """The job and its id; raises RecipeError for a line that is none."""
    cls, fields = _object(line, "job", JOBS)
    job_id = str(fields.pop("id", "job"))
    job: Job = _build(cls, fields)
    return job, job_id


def command_to_line(command: Command) -> str:
    """One line without its newline."""
    return _line("command", command)


def command_from_line(line: str) -> Command:
    """The command; raises RecipeError for a line that is none."""
    command: Command = _build(*_object(line, "command", COMMANDS))
    return command
