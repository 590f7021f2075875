from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from engine.contract.errors import OutOfRange, WeightsMissing
from engine.text.tokenizer import PhraseTokenizer

WORDS = ["<pad>", "<bos>", "<unk>", "<eos>", *"a polyp in the colon with blood tumour".split()]
PHRASES = [
    "a polyp",
    "Polyp's 12 cm!",
    "a  polyp\tin THE colon",
    "naïve Röntgen 😀 a",
    "it's <|endoftext|> a",
    "--- a'll",
]


def word_folder(folder: Path, *, max_length: int = 6) -> Path:
    """A tokenizer like the starter's: pad 0, begin 1, unknown 2, end 3, one token a word."""
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", 1), ("<eos>", 3)]
    )
    tokenizer.enable_padding(pad_id=0, pad_token="<pad>")
    tokenizer.enable_truncation(4)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": "<pad>", "model_max_length": max_length}))
    return folder


def clip_files(folder: Path) -> Path:
    """A tiny vocabulary in the two files of old CLIP folders."""
    bytes_to_letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = ["p o", "l y", "po ly", "poly p</w>", "i n</w>", "c o", "co l", "o n</w>", "col on</w>", "t h", "th e</w>"]
    pieces = [*bytes_to_letters, *(letter + "</w>" for letter in bytes_to_letters)]
    pieces += [merge.replace(" ", "") for merge in merges]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({piece: index for index, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    return folder


def test_phrases_are_filled_up_on_the_right(tmp_path: Path) -> None:
    tokenizer = PhraseTokenizer.from_folder(word_folder(tmp_path))
    ids, mask = tokenizer.encode(["polyp", "a polyp in the"])
    assert ids.tolist() == [[1, 5, 3, 0, 0, 0], [1, 4, 5, 6, 7, 3]]
    assert mask.tolist() == [[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]]
    assert ids.dtype == mask.dtype == np.int64
    assert (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id, tokenizer.max_length) == (0, 1, 3, 6)


def test_what_does_not_fit_is_named_and_cut_before_the_end_token(tmp_path: Path) -> None:
    tokenizer = PhraseTokenizer.from_folder(word_folder(tmp_path))
    phrase = "a polyp in the colon with blood"
    assert tokenizer.length(phrase) == 9
    assert tokenizer.will_cut(phrase) == "colon with blood"
    assert tokenizer.will_cut("a polyp in the") is None
    assert tokenizer.encode([phrase])[0].tolist() == [[1, 4, 5, 6, 7, 3]]


def test_learned_context_takes_its_places(tmp_path: Path) -> None:
    tokenizer = PhraseTokenizer.from_folder(word_folder(tmp_path))
    assert tokenizer.will_cut("a polyp in the", reserve=2) == "in the"
    assert tokenizer.encode(["a polyp in the"], reserve=2)[0].tolist() == [[1, 4, 5, 3]]
    with pytest.raises(OutOfRange, match="no room") as caught:
        tokenizer.encode(["polyp"], reserve=4)
    assert "at most 3" in caught.value.hint
    assert tokenizer.encode(["polyp"], reserve=3)[0].tolist() == [[1, 5, 3]]


def test_a_word_cut_in_its_middle_is_named_whole(tmp_path: Path) -> None:
    tokenizer = PhraseTokenizer.from_folder(clip_files(tmp_path))
    short = PhraseTokenizer(Tokenizer.from_str(tokenizer.json), tokenizer.pad_id, 6)
    assert short.will_cut("polyp tumour") == "tumour"
    assert short.will_cut("polyp the") is None


def test_empty_phrases_are_refused(tmp_path: Path) -> None:
    tokenizer = PhraseTokenizer.from_folder(word_folder(tmp_path))
    for call in (lambda: tokenizer.encode(["polyp", "  "]), lambda: tokenizer.length("")):
        with pytest.raises(OutOfRange, match="empty"):
            call()
    assert tokenizer.encode([])[0].shape == (0, 0)


def test_words_without_begin_and_end(tmp_path: Path) -> None:
    assert PhraseTokenizer.from_folder(word_folder(tmp_path)).encode_words("a polyp").tolist() == [4, 5]


def test_a_bundle_file_gives_the_same_tokens(tmp_path: Path) -> None:
    for made in (word_folder(tmp_path / "word"), clip_files(tmp_path / "clip")):
        tokenizer = PhraseTokenizer.from_folder(made)
        file = tmp_path / "tokenizer.json"
        file.write_text(tokenizer.json, encoding="utf-8")
        copy = PhraseTokenizer.from_file(file, tokenizer.pad_id, tokenizer.max_length)
        for before, after in zip(tokenizer.encode(PHRASES), copy.encode(PHRASES), strict=True):
            assert np.array_equal(before, after)


def test_old_clip_folders_agree_with_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.CLIPTokenizer.from_pretrained(str(clip_files(tmp_path)))
    ours = PhraseTokenizer.from_folder(tmp_path)
    phrases = [phrase for phrase in PHRASES if "<|" not in phrase]
    expected = theirs(phrases, padding=True)
    ids, mask = ours.encode(phrases)
    assert ids.tolist() == expected["input_ids"]
    assert mask.tolist() == expected["attention_mask"]
    assert ours.pad_id == ours.eos_id == theirs.pad_token_id
    assert ours.bos_id == theirs.bos_token_id
    assert ours.max_length == 77
    # The folder as transformers saves it, with tokenizer.json, must read the same.
    theirs.save_pretrained(str(tmp_path / "saved"))
    saved = PhraseTokenizer.from_folder(tmp_path / "saved")
    assert saved.encode(phrases)[0].tolist() == ids.tolist()
    assert saved.pad_id == ours.pad_id


def test_truncation_is_the_published_one(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.CLIPTokenizer.from_pretrained(str(clip_files(tmp_path)))
    ours = PhraseTokenizer(Tokenizer.from_str(PhraseTokenizer.from_folder(tmp_path).json), theirs.pad_token_id, 9)
    phrase = "a polyp in the colon and so on and so forth"
    assert ours.encode([phrase])[0].tolist() == [theirs(phrase, truncation=True, max_length=9)["input_ids"]]


def test_the_model_config_limits_the_length(tmp_path: Path) -> None:
    word_folder(tmp_path, max_length=1000)
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": 1e30, "pad_token": {"content": "<pad>"}})
    )
    (tmp_path / "config.json").write_text(
        json.dumps({"text_config": {"max_position_embeddings": 32, "pad_token_id": 1}})
    )
    tokenizer = PhraseTokenizer.from_folder(tmp_path)
    assert tokenizer.max_length == 32
    assert tokenizer.pad_id == 0


def test_missing_and_damaged_tokenizers_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="no tokenizer") as caught:
        PhraseTokenizer.from_folder(tmp_path)
    assert "tokenizer.json" in caught.value.hint
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(WeightsMissing, match="cannot be read"):
        PhraseTokenizer.from_folder(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.json").write_text("[1, 2")
    (tmp_path / "merges.txt").write_text("")
    with pytest.raises(WeightsMissing, match="cannot be read"):
        PhraseTokenizer.from_folder(tmp_path)
    with pytest.raises(WeightsMissing, match="does not exist"):
        PhraseTokenizer.from_file(tmp_path / "gone.json", 0, 77)


def test_no_torch_is_needed(repo_root: Path) -> None:
    code = "import sys, engine.text.tokenizer; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=repo_root, check=True, timeout=60)
