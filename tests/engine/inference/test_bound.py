"""Image features that stay where they were computed; on the processor the same road gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken
from engine.contract.errors import NotABundle
from engine.inference.bound import PlacedArrays, run_bound
from engine.inference.cache import EncodingStore
from engine.inference.encoding_files import EncodingFiles
from engine.inference.runtime import PROVIDERS, binding_device
from engine.inference.segment import segment
from engine.inference.session import BundleSession
from engine.volumes.geometry import Geometry
from engine.volumes.volume import Volume
from tests.fakes.tiny_bundle import write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle.open(write_tiny_bundle(tmp_path / "tiny.vlseg", by_label=True))


@pytest.fixture
def volume() -> Volume:
    voxels = np.random.default_rng(0).integers(0, 256, (20, 24, 32)).astype(np.uint8)
    return Volume(voxels, Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)))


def levels(volume: Volume, session: BundleSession, *phrases: str, **more: object) -> list[np.ndarray]:
    found = segment(volume, session, phrases, "axial", None, lambda _event: None, CancelToken(), "job", **more)
    return [answer.levels for answer in found.answers]


def test_a_whole_scan_bound_and_not(bundle: Bundle, volume: Volume) -> None:
    plain, bound = (BundleSession(bundle, "cpu", 1, placed_on=where) for where in (None, "cpu"))
    expected, store = levels(volume, plain, "red", "a leaf", "bright"), EncodingStore()
    found = levels(volume, bound, "red", "a leaf", "bright", store=store, key=("scan",))
    assert any(answer.any() for answer in expected)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    kept = store.get(("scan", "axial", 0), 0)
    assert kept is not None
    assert isinstance(kept.arrays, PlacedArrays)
    assert kept.nbytes == sum(array.nbytes for array in kept.arrays.values()) > 0
    # A further phrase, and one slice of a batch that is kept.
    (again,) = levels(volume, bound, "red", store=store, key=("scan",))
    assert np.array_equal(again, expected[0])
    (alone,) = levels(volume, bound, "red", store=store, key=("scan",), only=(3, 3))
    assert np.array_equal(alone[3], expected[0][3])


def test_what_lies_on_a_device_is_kept_on_disk_alike(bundle: Bundle, volume: Volume, tmp_path: Path) -> None:
    plain, bound = (BundleSession(bundle, "cpu", 1, placed_on=where) for where in (None, "cpu"))
    kept = EncodingFiles(tmp_path / "kept")
    (first,) = levels(volume, bound, "red", encodings=kept)
    assert list((tmp_path / "kept").rglob("*.npz"))
    (second,) = levels(volume, plain, "red", encodings=kept)
    assert np.array_equal(first, second)


def test_a_graph_that_fails_is_told_as_without(bundle: Bundle) -> None:
    session = BundleSession(bundle, "cpu", 1, placed_on="cpu")
    with pytest.raises(NotABundle, match=r"image\.onnx failed"):
        session.encode_image(np.zeros((1, 3, 5, 7), np.float32), label_index=0)


def test_arrays_are_bound_where_cuda_runs_only(bundle: Bundle) -> None:
    session = BundleSession(bundle, threads=1)
    encoded = session.encode_image(np.zeros((1, 3, 16, 16), np.float32), label_index=0)
    assert isinstance(encoded.arrays, PlacedArrays) == (session.provider == PROVIDERS["cuda"])


@pytest.mark.gpu
@pytest.mark.skipif(PROVIDERS["cuda"] not in onnxruntime.get_available_providers(), reason="needs a CUDA device")
def test_features_stay_on_the_card(bundle: Bundle, volume: Volume) -> None:
    session = BundleSession(bundle, "cuda", 1)
    encoded = session.encode_image(np.zeros((2, 3, 16, 16), np.float32), label_index=0)
    assert isinstance(encoded.arrays, PlacedArrays)
    assert {encoded.arrays.placed(name).device_name().lower() for name in encoded.arrays} == {"cuda"}
    on_card = levels(volume, session, "red", "a leaf")
    on_processor = levels(volume, BundleSession(bundle, "cpu", 1), "red", "a leaf")
    for one, other in zip(on_card, on_processor, strict=True):
        assert int(np.abs(one.astype(int) - other).max()) <= 1  # levels of 1/255
    graph = session._graph("image.onnx")
    assert binding_device(graph) == "cuda"
    feed = {"pixel_values": np.zeros((1, 3, 16, 16), np.float32), "label_index": np.zeros(1, np.int64)}
    assert isinstance(run_bound(graph, feed, ["features"], "cuda", to_host=True)["features"], np.ndarray)
