"""The command line: exit codes, where text goes, one line of JSON per event."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.cli.commands import segment
from engine.cli.main import main, parser
from engine.cli.show import table
from engine.contract import wire
from engine.jobs import doctor


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_command_has_help_and_json() -> None:
    text = parser().format_help()
    for command in ("demo", "data", "tune", "evaluate", "export", "segment", "models", "doctor", "describe"):
        assert command in text


def test_a_mistake_of_the_user_is_two_with_message_and_hint_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", str(tmp_path / "missing.yaml")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "missing.yaml cannot be read" in err
    assert "Check the path" in err
    assert "Traceback" not in err


def test_json_ends_with_the_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--json", str(tmp_path / "missing.yaml")]) == 2
    out, err = capsys.readouterr()
    events = lines(out)
    assert [event["event"] for event in events] == ["job_started", "job_failed"]
    assert "missing.yaml" in str(events[-1]["message"])
    assert events[-1]["hint"]
    assert "missing.yaml cannot be read" in err


def test_nothing_to_tune(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune"]) == 2
    assert "Nothing to tune" in capsys.readouterr().err


def test_models_list_as_json_has_what_the_contract_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    events = lines(capsys.readouterr().out)
    assert events[-1]["event"] == "job_finished"
    models = events[-1]["result"]["models"]  # type: ignore[index]
    told = [wire.event_from_line(json.dumps(event)) for event in events if event["event"] == "model"]
    assert [asdict(event) for event in told] == [{"job_id": events[-1]["job_id"], **row} for row in models]
    assert models[0]["id"] == "starter"
    assert {"id", "path", "model", "sha256", "licence"} <= set(models[0])


def test_models_list_as_json_gives_a_line_a_model_before_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    events = lines(capsys.readouterr().out)
    rows = [event for event in events if event["event"] == "model"]
    result: dict[str, list[dict[str, object]]] = events[-1]["result"]  # type: ignore[assignment]
    assert [row["id"] for row in rows] == [model["id"] for model in result["models"]]
    assert all({"id", "path", "model", "sha256", "licence"} <= set(row) for row in rows)


def test_what_a_library_prints_is_not_among_the_lines_of_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = doctor.engine.__version__

    def noisy(facts: dict[str, str], problems: list[dict[str, str]]) -> None:
        sys.stdout.write("a library talks\n")

    monkeypatch.setattr(doctor, "_folders", noisy)
    assert main(["doctor", "--json"]) in (0, 2)
    out, err = capsys.readouterr()
    assert lines(out)[-1]["event"] == "job_finished"
    assert "a library talks" in err
    assert before in err


def test_scans_that_failed_are_named_and_give_two(capsys: pytest.CaptureFixture[str]) -> None:
    result = {
        "masks": [],
        "seconds": 1.0,
        "provider": "CPUExecutionProvider",
        "failed": [{"scan": "b.png", "message": "b.png is damaged.", "hint": "Copy it again."}],
    }
    assert segment.show(result) == 2
    assert "b.png is damaged." in capsys.readouterr().out
    assert segment.show({**result, "failed": []}) == 0


def test_a_reader_that_has_enough_is_no_error(repo_root: Path) -> None:
    for arguments in (["describe"], ["describe", "--json"]):
        program = subprocess.Popen(
            [sys.executable, "-m", "engine", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=repo_root,
        )
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        told = program.stderr.read()  # before waiting: the pipe holds less than the catalogue
        assert program.wait() == 0
        assert "Traceback" not in told


def test_cancel_while_the_program_loads(repo_root: Path) -> None:
    code = (
        "import builtins, os, signal\n"
        "from engine import __main__\n"
        "old = builtins.__import__\n"
        "def interrupt(name, *rest):\n"
        "    if name == 'engine.cli.main': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return old(name, *rest)\n"
        "builtins.__import__ = interrupt\n"
        "__main__.main(['doctor'])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root, check=False)
    assert (found.returncode, found.stderr) == (130, "cancelled\n")


def test_a_job_that_does_not_look_at_the_token_is_interrupted(repo_root: Path) -> None:
    code = (
        "import os, signal, sys, time\n"
        "from engine.cli.main import main\n"
        "import engine.jobs.doctor as doctor\n"
        "def deaf(facts, problems):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    end = time.monotonic() + 60\n"
        "    while time.monotonic() < end: sum(range(1000))\n"
        "doctor._folders = deaf\n"
        "began = time.monotonic()\n"
        "code = main(['doctor', '--json'])\n"
        "assert time.monotonic() - began < 30\n"
        "sys.exit(code)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root, check=False)
    assert found.returncode == 130, found.stderr
    assert lines(found.stdout)[-1]["event"] == "job_cancelled"


def test_doctor_tells_facts_and_a_mending_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) in (0, 2)
    result = lines(capsys.readouterr().out)[-1]["result"]
    assert {"python", "cores", "runs folder"} <= set(result["facts"])  # type: ignore[index]
    assert all(problem["fix"] for problem in result["problems"])  # type: ignore[index]


def test_cancel_by_signal_is_130(tmp_path: Path, repo_root: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from engine.cli.main import main\n"
        "import engine.jobs.doctor as doctor\n"
        "old = doctor._folders\n"
        "def interrupt(facts, problems):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    old(facts, problems)\n"
        "doctor._folders = interrupt\n"
        "sys.exit(main(['doctor', '--json']))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root, check=False)
    assert found.returncode == 130, found.stderr
    assert lines(found.stdout)[-1]["event"] == "job_cancelled"


def test_table_aligns_numbers_to_the_right() -> None:
    text = table(["label", "Dice"], [["liver", 0.5], ["a long name", None]])
    assert text.splitlines()[2] == "liver        0.500"
    assert text.splitlines()[3].endswith("-")


def test_whose_learned_words_were_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    mask = {"prompt": "leaf blight", "found": True, "voxels": 3, "ml": None, "mask": "m.png", "label_used": "leaf"}
    result = {"masks": [mask], "seconds": 1.0, "provider": "CPUExecutionProvider", "failed": []}
    segment.show(result)
    assert "learned words of: leaf blight: leaf" in capsys.readouterr().out
    segment.show({**result, "masks": [{**mask, "label_used": None}]})
    assert "learned words" not in capsys.readouterr().out
