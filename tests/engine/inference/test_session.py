"""The graphs of a bundle, on one made by hand whose answers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from engine.bundle.manifest import IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH
from engine.bundle.reader import Bundle
from engine.bundle.writer import write_bundle
from engine.contract.errors import InputError, NoDevice, NotABundle
from engine.inference.runtime import default_threads
from engine.inference.session import BundleSession, sigmoid
from engine.volumes.preprocess import to_input
from tests.fakes.tiny_bundle import square_picture, tiny_files, tiny_manifest, write_tiny_bundle


@pytest.fixture
def session(tmp_path: Path) -> BundleSession:
    return BundleSession(Bundle.open(write_tiny_bundle(tmp_path / "tiny.vlseg")), threads=1)


def _inputs(session: BundleSession, count: int = 1) -> np.ndarray:
    pictures = [np.roll(square_picture(), 4 * k, axis=0) for k in range(count)]
    return np.stack([to_input(picture, session.bundle.manifest.preprocess) for picture in pictures])


def test_words_find_their_colour(session: BundleSession) -> None:
    image = session.encode_image(_inputs(session))
    found = session.probabilities(image, [session.encode_text("red"), session.encode_text("green")])
    assert found.shape == (1, 2, 16, 16)
    assert found.dtype == np.float32
    picture = square_picture()
    assert np.array_equal(found[0, 0] >= 0.5, picture[..., 0] == 255)
    assert np.array_equal(found[0, 1] >= 0.5, picture[..., 1] == 255)


def test_an_unknown_word_finds_nothing(session: BundleSession) -> None:
    image = session.encode_image(_inputs(session))
    assert not (session.probabilities(image, [session.encode_text("kidney")]) >= 0.5).any()


def test_a_batch_is_its_slices(session: BundleSession) -> None:
    inputs = _inputs(session, 3)
    text = session.encode_text("red")
    together = session.encode_image(inputs)
    assert together.count == 3
    apart = [session.logits(session.encode_image(inputs[k : k + 1]), text) for k in range(3)]
    assert np.array_equal(session.logits(together, text), np.concatenate(apart))
    assert np.array_equal(session.logits(together.rows(1, 2), text), apart[1])


def test_a_phrase_is_encoded_once(session: BundleSession) -> None:
    assert session.encode_text("red") is session.encode_text("red")


@pytest.mark.parametrize("phrase", ["", "  ", ".", " . \n"])
def test_an_empty_phrase_is_refused(session: BundleSession, phrase: str) -> None:
    with pytest.raises(InputError, match="empty") as caught:
        session.encode_text(phrase)
    assert caught.value.field == "prompts"


def test_cut_words_are_told(session: BundleSession) -> None:
    assert session.encode_text("red green").cut is None
    assert "blue" in (session.encode_text("red green blue red green blue red blue").cut or "")


def test_the_provider_is_the_one_that_runs(session: BundleSession) -> None:
    assert session.provider in onnxruntime.get_available_providers()


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this ONNX Runtime knows CUDA"
)
def test_cuda_where_there_is_none(tmp_path: Path) -> None:
    session = BundleSession(Bundle.open(write_tiny_bundle(tmp_path / "x")), device="cuda")
    with pytest.raises(NoDevice, match="CUDA"):
        session.load()


def test_one_core_is_left_free() -> None:
    assert default_threads() >= 1


@pytest.mark.parametrize("name", [TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH])
def test_a_graph_that_does_not_load(tmp_path: Path, name: str) -> None:
    import onnx

    model = onnx.load_from_string(tiny_files()[name])
    model.graph.node[0].op_type = "NoSuchOperator"
    path = write_bundle(tiny_manifest(), {**tiny_files(), name: model.SerializeToString()}, tmp_path / "x")
    with pytest.raises(NotABundle, match=name) as caught:
        BundleSession(Bundle.open(path), threads=1).load()
    assert caught.value.hint


def test_a_tokenizer_that_is_none(tmp_path: Path) -> None:
    path = write_bundle(tiny_manifest(), {**tiny_files(), "tokenizer.json": b"{}"}, tmp_path / "x")
    with pytest.raises(NotABundle, match=r"tokenizer\.json"):
        BundleSession(Bundle.open(path), threads=1).encode_text("red")


def test_graphs_that_do_not_fit_together(tmp_path: Path) -> None:
    files = tiny_files()
    path = write_bundle(tiny_manifest(), {**files, IMAGE_GRAPH: files["fixed.onnx"]}, tmp_path / "x")
    session = BundleSession(Bundle.open(path), threads=1)
    with pytest.raises(NotABundle, match="features"):
        session.logits(session.encode_image(_inputs(session)), session.encode_text("red"))


def test_sigmoid_never_overflows() -> None:
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-200.0, 0.0, 200.0], np.float32)).tolist() == [0.0, 0.5, 1.0]
