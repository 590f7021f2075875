"""The export job: names of several bundles, what is refused before any work, and a cancel in the middle of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError
from engine.contract.events import Event, Progress
from engine.contract.jobs import Export
from engine.export.aside import aside
from engine.jobs.export import outs_of, run


def test_several_precisions_have_names_of_their_own() -> None:
    assert outs_of(Export("run", "a/x.vlseg")) == {"fp32": Path("a/x.vlseg")}
    assert outs_of(Export("run", "a/x.vlseg", "int8")) == {"int8": Path("a/x.vlseg")}
    several = outs_of(Export("run", "a/x.vlseg", "int8, fp32"))
    assert several == {"fp32": Path("a/x-fp32.vlseg"), "int8": Path("a/x-int8.vlseg")}
    assert outs_of(Export("run", "a/x.1", "fp16,fp32"))["fp16"] == Path("a/x.1-fp16")


@pytest.mark.parametrize("precision", ["fp64", "fp32,int4", ""])
def test_a_precision_that_there_is_not(tiny_weights: Path, tmp_path: Path, precision: str) -> None:
    with pytest.raises(InputError, match="no precision") as caught:
        run(Export(str(tiny_weights), str(tmp_path / "x"), precision), print, CancelToken(), "job")
    assert caught.value.field == "precision"
    assert "fp32, fp16, int8" in caught.value.hint


@pytest.mark.parametrize(("precision", "words"), [("fp32", "Only int8"), ("int8", "no images of its own")])
def test_what_cannot_be_calibrated(tiny_weights: Path, tmp_path: Path, precision: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        run(Export(str(tiny_weights), str(tmp_path / "x"), precision, calibrate=True), print, CancelToken(), "job")
    assert caught.value.field == "calibrate"


def test_a_bundle_that_is_in_the_way_is_told_before_any_work(tiny_weights: Path, tmp_path: Path) -> None:
    (tmp_path / "x-int8.vlseg").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"x-int8\.vlseg already exists"):
        run(Export(str(tiny_weights), str(tmp_path / "x.vlseg"), "fp32,int8"), print, CancelToken(), "job")


def test_a_cancel_in_the_middle_of_tracing_is_heard_and_leaves_nothing(tiny_weights: Path, tmp_path: Path) -> None:
    token = CancelToken()
    cancelled: list[float] = []

    def cancel() -> None:
        cancelled.append(time.monotonic())
        token.cancel()

    def hear(event: Event) -> None:
        if isinstance(event, Progress) and event.stage.startswith("Tracing") and event.done == 0 and not cancelled:
            threading.Timer(0.3, cancel).start()

    with pytest.raises(Cancelled):
        run(Export(str(tiny_weights), str(tmp_path / "x.vlseg")), hear, token, "job")
    # A tenth of a second on an idle machine; the tracing that goes on meanwhile would take ten times as long.
    assert time.monotonic() - cancelled[0] < 3
    assert list(tmp_path.iterdir()) == []
    aside(lambda: None, CancelToken())  # what was left behind has ended
