"""A phrase longer than the model's limit is told, with the words that would be lost."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from engine.data.config import LabelConfig
from engine.data.phrases import check_phrases
from engine.text.tokenizer import PhraseTokenizer


@pytest.fixture
def tokenizer() -> PhraseTokenizer:
    words = ["<s>", "</s>", "left", "ventricle", "of", "the", "heart", "."]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="</s>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0), False, False)
    return PhraseTokenizer(tokenizer, pad_id=1, max_length=7)


def _label(phrase: str) -> LabelConfig:
    return LabelConfig(value=1, name="lv", phrase=phrase)


def test_a_phrase_that_fits(tokenizer: PhraseTokenizer) -> None:
    assert check_phrases([_label("left ventricle")], tokenizer) == []


def test_a_phrase_that_is_too_long(tokenizer: PhraseTokenizer) -> None:
    (problem,) = check_phrases([_label("left ventricle"), _label("left ventricle of the heart heart")], tokenizer)
    assert problem.kind == "phrase_too_long"
    assert "'lv'" in problem.message
    assert "heart." in problem.message
    assert "label table" in problem.fix


def test_learned_context_takes_room(tokenizer: PhraseTokenizer) -> None:
    assert check_phrases([_label("left ventricle of the")], tokenizer) == []
    assert len(check_phrases([_label("left ventricle of the")], tokenizer, reserve=2)) == 1
