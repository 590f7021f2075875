"""The tokens of phrases: those that the model sees are those that tuning gives it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import WeightsMissing
from engine.contract.jobs import PreviewTokens
from engine.jobs import preview_tokens
from engine.models.weights import find_weights
from engine.text.phrases import with_stop
from engine.text.tokenizer import PhraseTokenizer, knows_full_stop


def preview(*phrases: str, reserve: int = 0) -> dict[str, Any]:
    job = PreviewTokens("starter", list(phrases), reserve)
    return preview_tokens.run(job, lambda event: None, CancelToken(), "job")


def test_tokens_stand_for_the_letters_of_the_phrase() -> None:
    (row,) = preview("left ventricle")["rows"]
    assert "".join(row["tokens"]).replace(".", "") == "leftventricle"
    assert row["kept"] == len(row["tokens"])
    assert (row["cut"], row["problem"]) == ("", "")


@pytest.mark.parametrize("reserve", [0, 8])
def test_what_is_kept_is_what_tuning_gives_the_model(reserve: int) -> None:
    tokenizer = PhraseTokenizer.from_folder(find_weights("starter").path)
    phrase = " ".join(["polyp in the colon of a patient"] * 8)
    found = preview(phrase, reserve=reserve)
    (row,) = found["rows"]
    said = with_stop(phrase) if knows_full_stop(tokenizer) else phrase
    ids, _ = tokenizer.encode([said], reserve)
    assert found["limit"] == tokenizer.max_length
    assert row["kept"] == ids.shape[1] - 2 < len(row["tokens"])
    assert row["cut"] == tokenizer.will_cut(said, reserve)


def test_a_phrase_that_says_nothing_or_finds_no_room_is_told() -> None:
    rows = preview("", "polyp")["rows"]
    assert rows[0]["problem"] == "The phrase is empty."
    assert rows[1]["problem"] == ""
    (row,) = preview("polyp", reserve=31)["rows"]
    assert "leave no room" in row["problem"]


def test_weights_that_are_not_there() -> None:
    with pytest.raises(WeightsMissing):
        preview_tokens.run(PreviewTokens("nobody", ["polyp"]), lambda event: None, CancelToken(), "job")


def test_no_network_is_loaded_for_it() -> None:
    code = (
        "import sys; from engine.contract.control import CancelToken; from engine.contract.jobs import PreviewTokens;"
        "from engine.jobs import preview_tokens as p;"
        "p.run(PreviewTokens('starter', ['polyp']), print, CancelToken(), 'x'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
