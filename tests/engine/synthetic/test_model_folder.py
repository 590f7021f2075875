"""The model folder: it opens in plain transformers, counts tokens alike, and the shipped one follows phrases."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoImageProcessor, AutoTokenizer, CLIPSegForImageSegmentation

from engine.synthetic.evaluate import measure, open_model
from engine.synthetic.network import (
    IMAGE_SIZE,
    build_network,
    decode,
    encode_images,
    encode_text,
    normalise,
    save_preprocessor,
)
from engine.synthetic.tokenizer_build import MAX_LENGTH, build_tokenizer, known_words, save_tokenizer

PHRASES = ["a photo of a red disc", "polyp", "the X-ray of the left lung, 3 cm", "left ventricular cavity", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model, written as the trained one is."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = build_tokenizer()
    build_network(tokenizer.get_vocab_size()).save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
    save_preprocessor(folder)
    return folder


@pytest.fixture(scope="module")
def shipped(repo_root: Path) -> Path:
    return repo_root / "resources" / "models" / "starter"


def test_the_tokenizer_is_the_same_every_time() -> None:
    assert build_tokenizer().to_str() == build_tokenizer().to_str()


def test_every_known_word_is_one_token() -> None:
    tokenizer = build_tokenizer()
    split = [word for word in known_words() if "-" not in word and len(tokenizer.encode(word).ids) != 3]
    assert split == []


def test_both_ways_of_opening_the_tokenizer_agree(folder: Path) -> None:
    plain, fast = Tokenizer.from_file(str(folder / "tokenizer.json")), AutoTokenizer.from_pretrained(folder)
    assert [plain.encode(phrase).ids for phrase in PHRASES] == fast(PHRASES)["input_ids"]
    padded = fast(PHRASES, padding=True)
    assert [encoding.ids for encoding in plain.encode_batch(PHRASES)] == padded["input_ids"]
    assert [encoding.attention_mask for encoding in plain.encode_batch(PHRASES)] == padded["attention_mask"]
    assert (fast.pad_token_id, fast.bos_token_id, fast.unk_token_id, fast.eos_token_id) == (0, 1, 2, 3)
    assert fast.model_max_length == MAX_LENGTH


def test_long_phrases_are_not_cut_silently(folder: Path) -> None:
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert len(plain.encode("red " * 60).ids) == 62


def test_the_image_processor_prepares_what_training_saw(folder: Path) -> None:
    processor = AutoImageProcessor.from_pretrained(folder)
    image = np.random.default_rng(0).integers(0, 256, (IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
    prepared = processor(image, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(prepared, normalise(torch.from_numpy(image)[None]), atol=1e-5, rtol=1e-5)


def test_first_logits_are_small_and_training_sees_the_same_ones() -> None:
    """The quick decoder of training and the architecture's own forward are the same function."""
    tokenizer = build_tokenizer()
    network = build_network(tokenizer.get_vocab_size()).eval()
    images = torch.randint(0, 256, (2, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=torch.uint8)
    ids = torch.tensor([encoding.ids for encoding in tokenizer.encode_batch(["red disc", "a large star", "oval"])])
    mask = (ids != 0).long()
    with torch.no_grad():
        conditions = encode_text(network, ids, mask)
        ours = decode(network, encode_images(network, normalise(images)), conditions.expand(2, 3, -1))
        theirs = [
            network(
                pixel_values=normalise(images), input_ids=ids[p].expand(2, -1), attention_mask=mask[p].expand(2, -1)
            )
            for p in range(3)
        ]
    assert ours.shape == (2, 3, IMAGE_SIZE, IMAGE_SIZE)
    torch.testing.assert_close(ours, torch.stack([one.logits for one in theirs], dim=1), atol=1e-4, rtol=1e-4)
    assert float(ours.abs().max()) < 10


def test_the_shipped_folder_is_small_and_opens_in_transformers(shipped: Path) -> None:
    assert sum(file.stat().st_size for file in shipped.iterdir()) <= 20e6
    network, report = CLIPSegForImageSegmentation.from_pretrained(shipped, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert network.config.text_config.eos_token_id == 3
    assert (
        json.loads((shipped / "preprocessor_config.json").read_text(encoding="utf-8"))["size"]["height"] == IMAGE_SIZE
    )
    assert network.config.text_config.vocab_size == AutoTokenizer.from_pretrained(shipped).vocab_size


def test_the_shipped_tokenizer_is_the_one_that_is_built(shipped: Path) -> None:
    """A word list changed after training would shift every id."""
    assert Tokenizer.from_file(str(shipped / "tokenizer.json")).to_str() == build_tokenizer().to_str()


def test_the_shipped_model_follows_phrases(shipped: Path) -> None:
    """A guard against shipping broken weights; the card's figures come from many more scenes."""
    network, tokenizer = open_model(shipped)
    figures = measure(network, tokenizer, scenes=12, seed=1)
    assert figures["other_code_scenes"]["dice"] > figures["other_code_scenes"]["dice_phrase_blind"] + 0.15
    assert figures["scenes"]["others_marked"] < 0.25
