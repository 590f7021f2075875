"""The command line: exit codes, where text goes, one line of JSON per event."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import main, parser
from engine.cli.show import table


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
    events = lines(capsys.readouterr().out)
    assert [event["event"] for event in events] == ["job_started", "job_failed"]
    assert "missing.yaml" in str(events[-1]["message"])
    assert events[-1]["hint"]


def test_nothing_to_tune(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune"]) == 2
    assert "Nothing to tune" in capsys.readouterr().err


def test_models_list_as_json_has_what_the_contract_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    events = lines(capsys.readouterr().out)
    assert events[-1]["event"] == "job_finished"
    models = events[-1]["result"]["models"]  # type: ignore[index]
    assert [model["id"] for model in models][0] == "starter"
    assert {"id", "path", "model", "sha256", "licence"} <= set(models[0])


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
