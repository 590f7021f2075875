"""Graphs that are too large for one file keep their weights beside them, and the bundle still opens and runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.bundle.manifest import IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH, WEIGHTS_BESIDE
from engine.bundle.reader import Bundle
from engine.bundle.writer import write_bundle
from engine.contract.errors import NotABundle
from engine.export.graph_file import graph_files, load_graph, save_graph
from engine.inference.session import BundleSession
from tests.fakes.tiny_bundle import SIZE, text_graph, tiny_files, tiny_manifest


def text_with_large_table() -> onnx.ModelProto:
    """The tiny bundle's text graph with a table of 40 KB, most of which is never looked up."""
    model = onnx.load_from_string(text_graph())
    (table,) = [tensor for tensor in model.graph.initializer if tensor.name == "table"]
    values = onnx.numpy_helper.to_array(table)
    table.CopyFrom(onnx.numpy_helper.from_array(np.vstack([values, np.zeros((4000, 3), np.float32)]), "table"))
    return model


def test_small_graphs_are_one_file(tmp_path: Path) -> None:
    save_graph(text_with_large_table(), tmp_path / TEXT_GRAPH)
    assert [path.name for path in tmp_path.iterdir()] == [TEXT_GRAPH]


def test_an_invalid_graph_is_a_bug(tmp_path: Path) -> None:
    model = text_with_large_table()
    model.graph.node[0].input[0] = "nowhere"
    with pytest.raises(onnx.checker.ValidationError):
        save_graph(model, tmp_path / TEXT_GRAPH)


@pytest.mark.parametrize("packed", [True, False])
def test_large_graphs_keep_their_weights_beside_them(tmp_path: Path, packed: bool) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    save_graph(text_with_large_table(), stage / TEXT_GRAPH, largest=10_000)
    beside = WEIGHTS_BESIDE[TEXT_GRAPH]
    assert set(graph_files(stage)) == {TEXT_GRAPH, beside}
    assert (stage / TEXT_GRAPH).stat().st_size < 10_000 < (stage / beside).stat().st_size
    assert load_graph(stage / TEXT_GRAPH).graph.initializer[0].raw_data

    out = tmp_path / ("x.vlseg" if packed else "x")
    write_bundle(tiny_manifest(labels=False), {**tiny_files(labels=False), **graph_files(stage)}, out)
    bundle = Bundle.open(out)
    bundle.verify()
    assert set(bundle.read_weights(TEXT_GRAPH)) == {beside}
    session = BundleSession(bundle, "cpu", 1)
    images = np.random.default_rng(0).random((2, 3, SIZE, SIZE)).astype(np.float32)
    plain = BundleSession(Bundle.open(write_bundle(tiny_manifest(), tiny_files(), tmp_path / "plain")), "cpu", 1)
    both = [one.ask(images, [one.encode_text("red")]) for one in (session, plain)]
    np.testing.assert_array_equal(*both)


def test_weights_of_another_graph_or_place_are_refused(tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    save_graph(text_with_large_table(), stage / TEXT_GRAPH, largest=10_000)
    beside = stage / WEIGHTS_BESIDE[TEXT_GRAPH]
    files = {**tiny_files(labels=False), TEXT_GRAPH: stage / TEXT_GRAPH}
    write_bundle(tiny_manifest(labels=False), files, tmp_path / "without")
    with pytest.raises(NotABundle, match="other files"):
        Bundle.open(tmp_path / "without").read_graph(TEXT_GRAPH)
    write_bundle(tiny_manifest(labels=False), {**files, beside.name: beside}, tmp_path / "changed")
    (tmp_path / "changed" / beside.name).write_bytes(b"\0" * beside.stat().st_size)
    with pytest.raises(NotABundle, match="sha256"):
        BundleSession(Bundle.open(tmp_path / "changed"), "cpu", 1).encode_text("red")
    assert {IMAGE_GRAPH, MASK_GRAPH} <= set(files)
