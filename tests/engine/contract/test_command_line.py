"""A command that the window shows gives the same job when it is typed."""

from __future__ import annotations

import shlex
import sys

import pytest

from engine.cli.main import parser
from engine.contract.command_line import arguments, command_line
from engine.contract.jobs import (
    Benchmark,
    ComparePhrases,
    Doctor,
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
    Search(
        "r.yaml",
        "studies/a b",
        "a",
        search={"trials": 5, "objectives": ["val_dice", "seconds"], "startup_trials": 3},
        overrides=["training.epochs=2"],
        frozen={"strategy.projector": "mlp", "training.learning_rate": 1e-05},
        narrowed={"training.weight_decay": [1e-05, 0.001]},
    ),
    Search(folder="studies/a", storage="sqlite:///a.db", study="a", worker=True, data="d"),
    *(
        SteerStudy("studies/a b", command)
        for command in (
            {"command": "enqueue", "params": {"training.learning_rate": 2e-05, "strategy.norm_first": True}},
            {"command": "freeze", "key": "strategy.projector", "value": "mlp"},
            {"command": "freeze", "key": "strategy.projector", "value": None},
            {"command": "narrow", "key": "strategy.prompt_depth", "limits": [1, 3]},
            {"command": "narrow", "key": "strategy.prompt_depth", "limits": None},
            {"command": "ban", "region": {"a.b": [1e-05, 0.1], "c.d": ["x", "y"]}, "lift": False},
            {"command": "ban", "region": {"a.b": [1e-05, 0.1]}, "lift": True},
            {"command": "stop_trial", "number": 0},
            {"command": "pause"},
            {"command": "resume"},
        )
    ),
    Benchmark("m.yaml", "out", ["training.epochs=3"], only_tables=True),
    PlanLabels("r.yaml", "out", [1, 2, 4], 0.05, ["seed=1"]),
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
