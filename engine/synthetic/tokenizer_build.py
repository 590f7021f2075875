"""Builds the starter's tokenizer: lower-case byte-pair pieces in which every listed word is one token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from engine.synthetic import words

PAD_ID: Final = 0
BOS_ID: Final = 1
UNK_ID: Final = 2
EOS_ID: Final = 3  # not 2: transformers reads that value as the sign of an old, wrong pooling
MAX_LENGTH: Final = 32
_SPECIAL: Final = ("<pad>", "<bos>", "<unk>", "<eos>")
_END_OF_WORD: Final = "</w>"
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789.,-'()/:+"
_VOCABULARY_LIMIT: Final = 1600  # never reached: the trainer stops when every word is one token


def build_tokenizer() -> Tokenizer:
    """Return the tokenizer, the same on every machine: its pieces and their ids follow from the word lists alone."""
    vocabulary, merges = _learn_pieces()
    model = models.BPE(vocab=vocabulary, merges=merges, unk_token=_SPECIAL[UNK_ID], end_of_word_suffix=_END_OF_WORD)
    tokenizer = _shell(model)
    tokenizer.add_special_tokens(list(_SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_SPECIAL[BOS_ID]} $A {_SPECIAL[EOS_ID]}",
        special_tokens=[(_SPECIAL[BOS_ID], BOS_ID), (_SPECIAL[EOS_ID], EOS_ID)],
    )
    tokenizer.decoder = decoders.BPEDecoder(suffix=_END_OF_WORD)
    tokenizer.enable_padding(pad_id=PAD_ID, pad_token=_SPECIAL[PAD_ID])
    return tokenizer


def _shell(model: models.Model) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _learn_pieces() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return the vocabulary and the merges that make every known word one piece."""
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    endings = sorted({part[-1] + _END_OF_WORD for word in known_words() for part, _ in split(word)})
    tokenizer = _shell(models.BPE(unk_token=_SPECIAL[UNK_ID], end_of_word_suffix=_END_OF_WORD))
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY_LIMIT,
        # The trainer would number last letters in the order of a randomised hash table, and break ties between merges
        # by those numbers. Named as special tokens, they are numbered in the order given.
        special_tokens=[*_SPECIAL, *endings],
        end_of_word_suffix=_END_OF_WORD,
        initial_alphabet=list(_ALPHABET),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    merges = [(left, right) for left, right in learned["merges"]]
    pieces = [*_SPECIAL, *sorted(_ALPHABET), *endings, *(left + right for left, right in merges)]
    distinct = dict.fromkeys(pieces)
    if set(distinct) != set(learned["vocab"]):
        raise RuntimeError("the trained pieces are not the expected ones; the tokenizers library numbers them anew")
    return {piece: index for index, piece in enumerate(distinct)}, merges


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `tokenizer.json` and the two files that let transformers open it as a fast tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {f"{name}_token": _SPECIAL[index] for name, index in _roles()}
    config = names | {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_LENGTH,
        "padding_side": "right",
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")


def _roles() -> tuple[tuple[str, int], ...]:
    return (("pad", PAD_ID), ("bos", BOS_ID), ("unk", UNK_ID), ("eos", EOS_ID))


def known_words() -> list[str]:
    """Return every word that is a token of its own, sorted."""
    phrases = [*words.TEMPLATES, *words.NEUTRAL_TAILS, *words.POSITION_LINKS]
    listed = [*words.TEXTURES, *words.GENERIC_NOUNS, *words.MEDICAL_WORDS, *words.GENERAL_WORDS]
    tables = (
        words.SHAPE_WORDS,
        words.COLOUR_WORDS,
        words.GRAY_SCENE_WORDS,
        words.SIZE_WORDS,
        words.POSITION_WORDS,
    )
    listed += [word for table in tables for synonyms in table.values() for word in synonyms]
    listed += [word for phrase in phrases for word in phrase.replace("{}", " ").split()]
    return sorted(set(listed))


def _corpus() -> Iterator[str]:
    # Every word often enough that its merges are made; scene words first among equals.
    for word in known_words():
        yield " ".join([word] * 50)
