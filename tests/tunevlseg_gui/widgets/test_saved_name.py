"""A file that is saved has the ending of its kind, and replaces nothing unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.errors import InputError
from tunevlseg_gui.widgets.saved_name import saved_name


def test_an_ending_is_added_where_there_is_none_of_its_kind(tmp_path: Path) -> None:
    assert saved_name(str(tmp_path / "plot"), ".svg") == tmp_path / "plot.svg"
    assert saved_name(str(tmp_path / "v1.2"), ".svg") == tmp_path / "v1.2.svg"
    assert saved_name(str(tmp_path / "plot.SVG"), ".svg") == tmp_path / "plot.SVG"
    assert saved_name(str(tmp_path / "mine.yml"), ".yaml", ".yml") == tmp_path / "mine.yml"


def test_a_file_that_nobody_was_asked_about_stays(tmp_path: Path) -> None:
    (tmp_path / "plot.svg").touch()
    with pytest.raises(InputError, match="is there already"):
        saved_name(str(tmp_path / "plot"), ".svg")
    assert saved_name(str(tmp_path / "plot.svg"), ".svg") == tmp_path / "plot.svg"  # the dialog has asked
