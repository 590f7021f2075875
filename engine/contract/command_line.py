"""A job as the command that does the same in a terminal: the window shows it beside what it does itself."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from engine.contract.jobs import (
    Benchmark,
    ComparePhrases,
    DomainShift,
    Evaluate,
    Export,
    ImportPack,
    Job,
    Pack,
    PhraseEffect,
    PlanLabels,
    QuickLook,
    Report,
    Search,
    SplitGain,
    SteerStudy,
    Tune,
)

PROGRAM = "tunevlseg"


def command_line(job: Job) -> str:
    """One line for the shell of this system; raises ValueError for a job that no single command does."""
    return quoted([PROGRAM, *arguments(job)])


def arguments(job: Job) -> list[str]:
    """What follows the program's name; parsed by `tunevlseg`, it gives the same job again."""
    match job:
        case Tune():
            return [
                *("tune", *([job.recipe] if job.recipe else [])),
                *_given("--out", job.out),
                *(part for text in job.overrides for part in ("--set", text)),
                *_given("--resume", job.resume),
                *_given("--fork", job.fork),
                *(["--epoch", str(job.epoch)] if job.epoch else []),
            ]
        case Evaluate():
            tolerance = [] if job.tolerance is None else ["--tolerance", f"{job.tolerance:g}"]
            return [
                *("evaluate", job.target),
                *_given("--data", job.data),
                *("--split", job.split),
                *_given("--out", job.out),
                *tolerance,
            ]
        case Export():
            flags = [*(["--overwrite"] if job.overwrite else []), *(["--calibrate"] if job.calibrate else [])]
            return ["export", job.source, "--out", job.out, "--precision", job.precision, *flags]
        case Pack():
            flags = [*(["--overwrite"] if job.overwrite else []), *([] if job.calibrate else ["--as-is"])]
            return ["pack", job.run, "--out", job.out, *flags]
        case ImportPack():
            return ["import-pack", job.path, *_given("--out", job.out), *_given("--weights", job.weights)]
        case DomainShift():
            return [
                *("data", "shift", *_looked_at(job)),
                *_given("--reference", job.reference),
                *_given("--out", job.out),
            ]
        case QuickLook():
            return ["data", "look", *_looked_at(job), "--out", job.out, "--images", str(job.images)]
        case ComparePhrases():
            # Joined to their option: a wording may begin with a dash.
            said = [f"--phrase={name}={text}" for name, texts in job.wordings.items() for text in texts]
            return ["data", "phrases", *_looked_at(job), *said, *(["--suggest"] if job.suggest else [])]
        case PhraseEffect():
            return [
                *("phrase-effect", job.run, "--split", job.split),
                *_given("--data", job.data),
                *_given("--phrase", job.phrase),
                *("--images", str(job.images)),
            ]
        case SplitGain():
            return ["split-gain", job.run, "--missing", job.missing]
        case Report():
            return [
                *("report", *job.runs, "--out", job.out),
                *(["--case-names"] if job.case_names else []),
                *([] if job.pictures else ["--no-pictures"]),
                *(["--overwrite"] if job.overwrite else []),
            ]
        case Search():
            return ["search", *([job.recipe] if job.recipe else []), *_search(job)]
        case SteerStudy():
            return [
                *("steer", job.folder, *_steered(job.command)),
                *_given("--storage", job.storage),
                *_given("--study", job.study),
            ]
        case Benchmark():
            tables = ["--tables"] if job.only_tables else []
            return ["benchmark", job.matrix, *_given("--out", job.out), *_set(job.overrides), *tables]
        case PlanLabels():
            return [
                *("labels", job.recipe, *_given("--out", job.out)),
                *_given("--sizes", ",".join(str(size) for size in job.sizes)),
                *("--gain", f"{job.gain:g}", *_set(job.overrides)),
            ]
        case _:
            raise ValueError(f"no single command does {type(job).__name__}")


def _set(overrides: Sequence[str]) -> list[str]:
    return [part for text in overrides for part in ("--set", text)]


def _search(job: Search) -> list[str]:
    told = [*_given("--out", job.folder), *_given("--study", job.study), *_given("--storage", job.storage)]
    for name, value in job.search.items():
        if name == "objectives":
            told += [part for one in value for part in ("--objective", str(one))]
        else:
            told += [f"--{name.replace('_', '-')}", str(value)]
    told += [part for key, value in job.frozen.items() for part in ("--freeze", _pair(key, value))]
    told += [part for key, value in job.narrowed.items() for part in ("--narrow", _pair(key, value))]
    return [*told, *_set(job.overrides), *_given("--data", job.data), *(["--worker"] if job.worker else [])]


def _steered(command: Mapping[str, Any]) -> list[str]:
    """A study's command as an option of `tunevlseg steer`."""
    match command.get("command"):
        case "enqueue":
            return ["--enqueue", *(_pair(key, value) for key, value in command["params"].items())]
        case "freeze" if command.get("value") is None:
            return ["--free", str(command["key"])]
        case "freeze":
            return ["--freeze", _pair(command["key"], command["value"])]
        case "narrow" if command.get("limits") is None:
            return ["--widen", str(command["key"])]
        case "narrow":
            return ["--narrow", _pair(command["key"], command["limits"])]
        case "ban":
            option = "--lift" if command.get("lift") else "--ban"
            return [option, *(_pair(key, limits) for key, limits in command["region"].items())]
        case "stop_trial":
            return ["--stop", str(command["number"])]
        case "pause" | "resume":
            return [f"--{command['command']}"]
        case other:
            raise ValueError(f"a study does not know {other}")


def _pair(key: str, value: Any) -> str:
    """In JSON, which is YAML too; a float always with a point, since YAML takes 1e-05 for a word."""
    if isinstance(value, list | tuple):
        return f"{key}=[{', '.join(_plain(one) for one in value)}]"
    return f"{key}={_plain(value)}"


def _plain(value: Any) -> str:
    told = json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and "e" in told and "." not in told:
        return told.replace("e", ".0e")
    return told


def _looked_at(job: DomainShift | QuickLook | ComparePhrases) -> list[str]:
    """Dataset and model; what else is said of the dataset as settings, in JSON, which is YAML too."""
    data = dict(job.data)
    folder = str(data.pop("folder", ""))
    told = [f"--set={name}={json.dumps(value, ensure_ascii=False)}" for name, value in data.items()]
    return [folder, "--model", job.weights, "--seed", str(job.seed), *told]


def quoted(parts: Sequence[str]) -> str:
    """The parts as one line, quoted as this system's shell wants it."""
    return subprocess.list2cmdline(parts) if os.name == "nt" else shlex.join(parts)


def _given(option: str, value: str) -> list[str]:
    return [option, value] if value else []
