"""A job as the command that does the same in a terminal: the window shows it beside what it does itself."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence

from engine.contract.jobs import (
    ComparePhrases,
    DomainShift,
    Evaluate,
    Export,
    ImportPack,
    Job,
    Pack,
    PhraseEffect,
    QuickLook,
    Report,
    SplitGain,
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
        case _:
            raise ValueError(f"no single command does {type(job).__name__}")


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
