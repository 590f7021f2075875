"""A command that the window shows gives the same job when it is typed."""

from __future__ import annotations

import shlex
import sys

import pytest

from engine.cli.main import parser
from engine.contract.command_line import arguments, command_line
from engine.contract.jobs import (
    ComparePhrases,
    Doctor,
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

JOBS: list[Job] = [
    Tune("recipe.yaml"),
    Tune("my recipe.yaml", "runs/a b", ["strategy.prompt_depth=3", "data.labels=[{value: 1, name: a}]"]),
    Tune("r.yaml", "", [], "runs/it's one"),
    Tune("", "", ["seed=3"], fork="runs/a", epoch=4),
    Evaluate("runs/a"),
    Evaluate("runs/a", "data/other", "all", "out folder", 1.5),
    Export("starter", "x.vlseg"),
    Report(["runs/a", "runs/b"], "a b.html"),
    Report(["runs/a"], "x.html", case_names=True, pictures=False, overwrite=True),
    Export("runs/a", "x.vlseg", "fp32,int8", overwrite=True, calibrate=True),
    Pack("runs/a", "a b.tvprompt", overwrite=True, calibrate=False),
    ImportPack("a.tvprompt", "runs/b", "folder/of/weights"),
    DomainShift({"folder": "data/my polyps", "split": {"val": 0.2, "given": False}}, "clipseg", "photos", seed=3),
    QuickLook({"folder": "d", "labels": [{"value": 1, "name": "é", "phrase": "it's one"}]}, "out"),
    ComparePhrases({"folder": "d"}, wordings={"polyp": ["-x", "a: b = c"], "two words": ['"q"']}, suggest=True),
    SplitGain("runs/a", "queue"),
    PhraseEffect("runs/a", "test", "some data", "left lung", 12),
]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_the_arguments_give_the_same_job_again(job: Job) -> None:
    given = parser().parse_args(arguments(job))
    assert given.make(given) == job


@pytest.mark.skipif(sys.platform == "win32", reason="the shell of this system quotes otherwise")
def test_the_line_survives_the_shell() -> None:
    job = JOBS[1]
    program, *rest = shlex.split(command_line(job))
    assert program == "tunevlseg"
    assert rest == arguments(job)


def test_a_job_without_a_command_is_refused() -> None:
    with pytest.raises(ValueError, match="Doctor"):
        command_line(Doctor())
