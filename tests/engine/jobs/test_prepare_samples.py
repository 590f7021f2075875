"""Sample sets are drawn by name, and a name that does not exist is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import UnknownName
from engine.contract.jobs import PrepareSamples
from engine.jobs.prepare_samples import VOLUME_SET, run


def test_only_what_is_asked_for_is_drawn(tmp_path: Path) -> None:
    found = run(PrepareSamples(str(tmp_path), [VOLUME_SET]), lambda _event: None, CancelToken(), "job")
    assert [entry["id"] for entry in found["sets"]] == [VOLUME_SET]
    assert Path(found["volume"]).is_file()
    assert [path.name for path in tmp_path.iterdir()] == [VOLUME_SET]


def test_an_unknown_set_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="teeth") as refused:
        run(PrepareSamples(str(tmp_path), ["teeth"]), lambda _event: None, CancelToken(), "job")
    assert "liver-ct" in refused.value.hint
