"""Work that does not listen: a cancel is heard all the same, and a second one waits for the first."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError
from engine.export.aside import aside
from engine.export.staging import staging


def test_results_and_errors_come_back() -> None:
    assert aside(lambda: 7, CancelToken()) == 7
    with pytest.raises(InputError, match="as it was raised"):
        aside(lambda: (_ for _ in ()).throw(InputError("as it was raised")), CancelToken())


def test_a_cancel_does_not_wait_for_work_that_does_not_listen() -> None:
    token, begun, end = CancelToken(), threading.Event(), threading.Event()

    def deaf() -> None:
        begun.set()
        token.cancel()
        end.wait(30)

    since = time.monotonic()
    with pytest.raises(Cancelled):
        aside(deaf, token)
    assert begun.is_set()
    assert time.monotonic() - since < 5
    # What was left behind is still at work: the tracer is not begun a second time beside it.
    waiting = CancelToken()
    threading.Timer(0.1, waiting.cancel).start()
    ran = []
    with pytest.raises(Cancelled):
        aside(lambda: ran.append(1), waiting)
    assert not ran
    end.set()
    assert aside(lambda: "free again", CancelToken()) == "free again"


def test_a_staging_folder_is_gone_whatever_happens(tmp_path: Path) -> None:
    for problem in (None, ValueError, Cancelled):
        try:
            with staging(tmp_path / "a" / "x.vlseg") as folder:
                (folder / "text.onnx").write_bytes(b"half")
                assert folder.parent == tmp_path / "a"
                if problem:
                    raise problem
        except (ValueError, Cancelled):
            pass
        assert list((tmp_path / "a").iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="cannot be written"), staging(tmp_path / "file" / "x.vlseg"):
        pass
