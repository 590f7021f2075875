"""Which provider runs, and what is said where another one was hoped for."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from engine.contract.errors import NoDevice, NotABundle
from engine.inference.runtime import PROVIDERS, device_of, fallback_note, open_session
from tests.fakes.tiny_bundle import text_graph


def test_auto_runs_what_is_there() -> None:
    session = open_session(text_graph(), "auto", 1, "here")
    assert device_of(session.get_providers()[0]) in PROVIDERS


@pytest.mark.parametrize("device", [name for name in PROVIDERS if name != "cpu"])
def test_a_device_that_does_not_run_is_refused_not_replaced(device) -> None:
    refused = None
    try:
        running = open_session(text_graph(), device, 1, "here").get_providers()[0]
    except NoDevice as error:
        refused, running = error, PROVIDERS[device]
    assert running == PROVIDERS[device]
    assert refused is None or (refused.field == "device" and "doctor" in refused.hint)


def test_a_graph_that_is_none() -> None:
    with pytest.raises(NotABundle, match=r"here cannot be loaded"):
        open_session(b"no graph", "cpu", 1, "here")


def test_a_fallback_is_told_where_there_is_a_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The machine's side is made up here: a tool on the path, and what the build says it knows."""
    cpu, cuda = PROVIDERS["cpu"], PROVIDERS["cuda"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [cuda, cpu])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fallback_note("auto", cpu) is None
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert "CUDA does not start here" in (fallback_note("auto", cpu) or "")
    assert fallback_note("auto", cuda) is None
    assert fallback_note("cpu", cpu) is None
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [cpu])
    assert fallback_note("auto", cpu) is None
