"""Phrases → token numbers, as the model's own tokenizer makes them, without transformers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex as TokenRegex
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from engine.contract.errors import OutOfRange, WeightsMissing
from engine.text.phrases import clean

TOKENIZER: Final = "tokenizer.json"
_UNLIMITED: Final = 100_000  # folders say 1e30 where they know no limit
_CLIP_LENGTH: Final = 77
_WORD_END: Final = "</w>"
_CLIP_PIECES: Final = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


@dataclass(frozen=True)
class SpecialTokens:
    """Numbers of the tokens that begin, end and fill up a phrase; None where the tokenizer has none."""

    bos: int | None
    eos: int | None
    pad: int


class PhraseTokenizer:
    """Wraps one tokenizer; thread-safe, since nothing in it changes after it is made."""

    def __init__(self, tokenizer: Tokenizer, pad_id: int, max_length: int) -> None:
        """Prefer `from_folder` or `from_file`. `max_length` counts the begin and end tokens."""
        if max_length < 3:
            raise ValueError(f"a phrase needs at least 3 tokens, not {max_length}")
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self.pad_id = pad_id
        self.max_length = max_length
        empty = tokenizer.encode("").ids
        self._framing = len(empty)
        """How many tokens every phrase has besides its words: 2 where it is given a begin and an end."""
        self.bos_id: int | None = empty[0] if self._framing >= 2 else None
        self.eos_id: int | None = empty[-1] if self._framing >= 1 else None

    @classmethod
    def from_folder(cls, folder: Path) -> PhraseTokenizer:
        """From a Hugging Face model folder: tokenizer.json, or CLIP's vocab.json + merges.txt.

        Raises WeightsMissing where there is neither, or what is there is damaged.
        """
        config = _json(folder / "config.json")
        about = {**_json(folder / "special_tokens_map.json"), **_json(folder / "tokenizer_config.json")}
        text = config.get("text_config") or {}
        if (folder / TOKENIZER).is_file():
            tokenizer = _load(folder / TOKENIZER)
        elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
            tokenizer = clip_tokenizer(folder / "vocab.json", folder / "merges.txt")
        else:
            raise WeightsMissing(
                f"{folder} holds no tokenizer.",
                hint="Add tokenizer.json (or vocab.json and merges.txt) from the place the weights came from.",
            )
        return cls(tokenizer, _pad_id(tokenizer, about, text), _max_length(about, text))

    @classmethod
    def from_file(cls, file: Path, pad_id: int, max_length: int) -> PhraseTokenizer:
        """From a tokenizer.json, as in a bundle; raises WeightsMissing for a missing or damaged file."""
        return cls(_load(file), pad_id, max_length)

    @property
    def json(self) -> str:
        """The text of a tokenizer.json that gives the same tokens."""
        text: str = self._tokenizer.to_str(pretty=False)
        return text

    @property
    def vocabulary_size(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def length(self, phrase: str) -> int:
        """Tokens of the phrase, begin and end included, before anything is cut."""
        return len(self._tokenizer.encode(clean(phrase)).ids)

    def will_cut(self, phrase: str, reserve: int = 0) -> str | None:
        """The words at the phrase's end that no longer fit, or None. `reserve`: places taken by learned context."""
        tidy = clean(phrase)
        encoding = self._tokenizer.encode(tidy)
        room = self._room(reserve)
        if len(encoding.ids) <= room:
            return None
        words = [
            offset
            for offset, special in zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
            if not special
        ]
        start = words[room - self._framing][0]
        # A word of which only the first piece fits is cut in its middle: name the whole word.
        begin = tidy.rfind(" ", 0, start + 1) + 1
        return tidy[begin:]

    def encode(self, phrases: list[str], reserve: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Token numbers and mask (1 = token, 0 = filling), both int64 [P, T], filled on the right to the longest.

        T ≤ max_length - reserve. A longer phrase loses the words before its end token, which stays, as in the
        published system; ask `will_cut` first and tell. Raises OutOfRange for an empty phrase, and where `reserve`
        leaves no room.
        """
        if not phrases:
            return np.zeros((0, 0), np.int64), np.zeros((0, 0), np.int64)
        room = self._room(reserve)
        rows = []
        for encoding in self._tokenizer.encode_batch([clean(phrase) for phrase in phrases]):
            ids = encoding.ids
            rows.append(ids if len(ids) <= room else [*ids[: room - 1], ids[-1]])
        width = max(len(row) for row in rows)
        numbers = np.full((len(rows), width), self.pad_id, np.int64)
        mask = np.zeros((len(rows), width), np.int64)
        for index, row in enumerate(rows):
            numbers[index, : len(row)] = row
            mask[index, : len(row)] = 1
        return numbers, mask

    def encode_words(self, words: str) -> NDArray[np.int64]:
        """Token numbers [n] of words without begin and end: initial values of learned context."""
        return np.array(self._tokenizer.encode(clean(words), add_special_tokens=False).ids, np.int64)

    @property
    def framing(self) -> int:
        """Tokens that every phrase has besides its words: its begin and end."""
        return self._framing

    def words_of(self, phrase: str) -> list[str]:
        """The tokens of its words alone, each as the text that it stands for."""
        tidy = clean(phrase)
        encoding = self._tokenizer.encode(tidy)
        rows = zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
        return [tidy[begin:end] for (begin, end), special in rows if not special]

    def pieces(self, phrase: str) -> list[str]:
        """The tokens as text, for showing how a phrase is cut up."""
        found: list[str] = self._tokenizer.encode(clean(phrase)).tokens
        return found

    def vocabulary(self) -> dict[int, str]:
        """Token number → its text, without the special tokens; "ca…" is a piece that a word goes on from."""
        special = {number for number, token in self._tokenizer.get_added_tokens_decoder().items() if token.special}
        known = {number: token for token, number in self._tokenizer.get_vocab().items() if number not in special}
        ends = any(token.endswith(_WORD_END) for token in known.values())
        return {
            number: token.removesuffix(_WORD_END) if token.endswith(_WORD_END) or not ends else f"{token}…"
            for number, token in sorted(known.items())
        }

    def _room(self, reserve: int) -> int:
        room = self.max_length - reserve
        if room < self._framing + 1:
            raise OutOfRange(
                f"{reserve} learned tokens leave no room for a phrase: the model takes {self.max_length} in all.",
                hint=f"Use at most {self.max_length - self._framing - 1}.",
                field="strategy.num_context",
            )
        return room


def knows_full_stop(tokenizer: PhraseTokenizer) -> bool:
    """Whether "." is a token of its own: where it is not, ending phrases with one would only add an unknown word."""
    never_seen = "\ue000"  # a private character: whatever it becomes is what unknown text becomes
    stop, unknown = tokenizer.encode_words("."), tokenizer.encode_words(never_seen)
    return bool(stop.tolist() != unknown.tolist())


def clip_tokenizer(vocabulary: Path, merges: Path) -> Tokenizer:
    """CLIP's byte-level BPE from vocab.json and merges.txt: lower case, `</w>` ends a word, begin and end tokens added.

    Source: CLIPTokenizer in transformers 5. Raises WeightsMissing for damaged files.
    """
    try:
        vocab: dict[str, int] = json.loads(vocabulary.read_text(encoding="utf-8"))
        lines = merges.read_text(encoding="utf-8").splitlines()
        pairs = [(left, right) for left, _, right in (line.partition(" ") for line in lines if _is_merge(line))]
        bos, eos = "<|startoftext|>", "<|endoftext|>"
        unknown = eos if eos in vocab else None
        tokenizer = Tokenizer(
            models.BPE(
                vocab=vocab,
                merges=pairs,
                unk_token=unknown,
                continuing_subword_prefix="",
                end_of_word_suffix="</w>",
                fuse_unk=False,
            )
        )
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Replace(TokenRegex(r"\s+"), " "), normalizers.Lowercase()]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(TokenRegex(_CLIP_PIECES), behavior="removed", invert=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        tokenizer.post_processor = processors.RobertaProcessing((eos, vocab[eos]), (bos, vocab[bos]), False, False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(vocabulary.parent, error) from error
    tokenizer.add_special_tokens([bos, eos])
    return tokenizer


def _is_merge(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#version")


def _load(file: Path) -> Tokenizer:
    try:
        return Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WeightsMissing(f"{file} does not exist.", hint="Copy the tokenizer beside the weights.") from error
    except Exception as error:  # the library raises bare Exception for whatever it cannot parse
        raise _damaged(file, error) from error


def _damaged(place: Path, error: Exception) -> WeightsMissing:
    return WeightsMissing(
        f"The tokenizer in {place} cannot be read: {str(error)[:120]}.",
        hint="Copy it again from where the weights came from.",
    )


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _damaged(file, error) from error
    return found if isinstance(found, dict) else {}


def _pad_id(tokenizer: Tokenizer, about: dict[str, Any], text: dict[str, Any]) -> int:
    """The tokenizer's own padding token comes first: CLIPSeg's text_config names 1, which is a letter."""
    token = about.get("pad_token")
    content = token.get("content") if isinstance(token, dict) else token
    if isinstance(content, str):
        found = tokenizer.token_to_id(content)
        if found is not None:
            return int(found)
    if tokenizer.padding is not None:
        return int(tokenizer.padding["pad_id"])
    end = tokenizer.encode("").ids[-1:]
    clip_end = tokenizer.token_to_id("<|endoftext|>")
    if clip_end is not None:
        return int(clip_end)
    named = text.get("pad_token_id")
    return int(named if isinstance(named, int) else (end[0] if end else 0))


def _max_length(about: dict[str, Any], text: dict[str, Any]) -> int:
    limits = [about.get("model_max_length"), text.get("max_position_embeddings")]
    known = [int(value) for value in limits if isinstance(value, (int, float)) and 3 <= value < _UNLIMITED]
    return min(known) if known else _CLIP_LENGTH
