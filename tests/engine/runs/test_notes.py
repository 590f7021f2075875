"""Notes are kept beside the recipe, and damaged ones cost nothing but themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.errors import InputError
from engine.runs.layout import NOTES, RECIPE
from engine.runs.notes import LONGEST_NOTE, MOST_TAGS, Notes, as_tags, read_notes, write_notes


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / RECIPE).write_text("name: a\n", encoding="utf-8")
    return tmp_path


def test_what_was_written_is_read(run: Path) -> None:
    before = (run / RECIPE).read_bytes()
    said = Notes("the best so far:\n- on müde eyes", star=True, tags=("ct", "to repeat"))
    write_notes(run, said)
    assert read_notes(run) == said
    assert (run / RECIPE).read_bytes() == before
    assert {path.name for path in run.iterdir()} == {RECIPE, NOTES}


@pytest.mark.parametrize(
    "text", ["", "- a list", "note: [1", "tags: 7\nstar: yes please", "!!python/object:os.system x"]
)
def test_damaged_notes_are_none(run: Path, text: str) -> None:
    (run / NOTES).write_text(text, encoding="utf-8")
    assert read_notes(run) == Notes()


def test_tags_are_words_that_differ() -> None:
    assert as_tags([" ct ", "ct", "", "a,b", "x" * 99]) == ("ct", "a b", "x" * 40)
    assert len(as_tags(str(number) for number in range(99))) == MOST_TAGS


def test_a_run_that_is_gone_gets_no_notes(tmp_path: Path, run: Path) -> None:
    with pytest.raises(InputError, match="not a run"):
        write_notes(tmp_path / "gone", Notes("x"))
    assert not (tmp_path / "gone").exists()
    with pytest.raises(InputError, match="at most"):
        write_notes(run, Notes("x" * (LONGEST_NOTE + 1)))
