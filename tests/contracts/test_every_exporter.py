"""Every exporter: what it writes opens again, answers as the tuned model, and tells nothing of this machine."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from engine.bundle.manifest import FIXED_GRAPH, IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH
from engine.bundle.onnx_header import read_header
from engine.bundle.reader import Bundle
from engine.bundle.verdict import DICE_ASKED
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError
from engine.contract.events import Progress
from engine.export import EXPORTERS, int8
from engine.inference.runtime import open_session
from engine.inference.session import BundleSession, sigmoid
from engine.strategies.base import STRATEGIES
from engine.strategies.tuned_model import TunedModel
from tests.fakes.exported import (
    KINDS,
    MORE_KINDS,
    PRECISIONS,
    SIZE,
    Exported,
    export_kind,
    exported,
    parts,
    tuned_model,
)

pytestmark = pytest.mark.timeout(900)  # an export is a minute of one processor, more where others work beside it

CLOSE = {"fp32": 2e-4, "fp16": 0.05, "int8": 1.5}
"""How far a logit of a tiny network may lie from torch's, beside `OF_ITSELF`; most logits span some ten."""

OF_ITSELF = {"fp32": 1e-4, "fp16": 0.01, "int8": 0.05}
"""Share of a logit: words before a phrase take those of some networks to -50, where half floats keep fewer digits."""

EVERY = [
    pytest.param(strategy, values, id=f"{strategy} {' '.join(str(value) for value in values.values())}".strip())
    for strategy, config in STRATEGIES
    for values in (
        [{}, {"per_label": True}, {"per_label": True, "class_position": "front"}]
        if "per_label" in config.model_fields
        else [{}]
    )
]


@pytest.fixture(scope="module", params=[(e, name) for e in EXPORTERS.names() for name in KINDS], ids="-".join)
def made(request: pytest.FixtureRequest) -> Exported:
    return exported(*request.param)


def logits_of(
    tuned: TunedModel, session: BundleSession, images: np.ndarray, phrase: str, label: int | None
) -> np.ndarray:
    ids, mask = (torch.from_numpy(array) for array in session.tokens(phrase))
    index = None if label is None else torch.tensor([label])
    with torch.no_grad():
        return tuned(torch.from_numpy(images), ids, mask, index)[:, 0].numpy()


def asked(tuned: TunedModel, session: BundleSession, images: np.ndarray) -> None:
    """Logits of both programs, over phrases and, where it matters, labels."""
    manifest = session.bundle.manifest
    for phrase in ("polyp", "a photo of the left kidney", "the red disc right of a blue square lesion liver spleen"):
        for label in range(len(manifest.labels)) if manifest.depends_on_label else [None]:
            text = session.encode_text(phrase, label_index=label)
            found = session.logits(session.encode_image(images, label_index=session.image_label(text)), text)
            expected = logits_of(tuned, session, images, phrase, label)
            np.testing.assert_allclose(
                found, expected, atol=CLOSE[manifest.precision], rtol=OF_ITSELF[manifest.precision]
            )


def fixed_asked(tuned: TunedModel, bundle: Bundle, images: np.ndarray) -> None:
    session = BundleSession(bundle, "cpu", 1)
    found = session.fixed_probabilities(images)
    assert found.shape == (len(images), 2, SIZE, SIZE)
    for index, label in enumerate(bundle.manifest.labels):
        whose = index if bundle.manifest.depends_on_label else None
        expected = sigmoid(logits_of(tuned, session, images, label.phrase, whose))
        np.testing.assert_allclose(found[:, index], expected, atol=min(CLOSE[bundle.manifest.precision], 0.3))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_features_that_stay_on_a_device_say_the_same(made: Exported, precision: str) -> None:
    """By IO binding, on the processor: the same bytes, whatever depends on what."""
    bundle = made.bundles[precision]
    images = np.random.default_rng(1).standard_normal((3, 3, SIZE, SIZE)).astype(np.float32)
    sessions = [BundleSession(bundle, "cpu", 1, placed_on=where) for where in (None, "cpu")]
    answers = []
    for session in sessions:
        label = 0 if bundle.manifest.depends_on_label else None
        texts = [session.encode_text(phrase, label_index=label) for phrase in ("polyp", "the left kidney")]
        answers.append(session.ask(images, texts))
    assert np.array_equal(*answers)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_opens_and_states_what_it_is(made: Exported, precision: str) -> None:
    bundle = made.bundles[precision]
    bundle.verify()
    manifest = bundle.manifest
    assert manifest.precision == precision
    assert bool(manifest.precision_note) == (precision != "fp32")
    assert manifest.strategy["name"] == made.kind.strategy
    assert made.kind.settings.items() <= manifest.strategy.items()
    assert manifest.learned_tokens == (0 if made.kind.strategy == "vpt" else 4)
    assert manifest.text_depends_on_image == (made.kind.strategy == "cocoop")
    assert manifest.text_depends_on_label == manifest.image_depends_on_label == ("per_label" in made.kind.settings)
    assert bundle.has_fixed_graph == bool(manifest.labels) == made.kind.labels


@pytest.mark.parametrize("precision", PRECISIONS)
def test_its_parity_is_stated_for_each_set_of_images(made: Exported, precision: str) -> None:
    manifest = made.bundles[precision].manifest
    reports = manifest.parity_reports
    assert [(report.source, report.images) for report in reports] == [("validation", 4), ("drawn", 2)]
    phrases = len(manifest.labels) or 6
    for report in reports:
        assert report.precision == precision
        assert report.provider.endswith("ExecutionProvider")
        assert report.answers == report.images * phrases
        assert 0 < report.non_empty <= report.answers  # empty masks would prove nothing
        assert 0 <= report.max_probability_difference <= 1
        assert report.max_logit_difference >= report.max_probability_difference
        assert report.verified == (report.dice >= DICE_ASKED[precision])
    assert manifest.parity in reports
    assert manifest.parity.dice == min(report.dice for report in reports)
    if precision != "int8":  # a tiny network is all ends and no middle: its int8 may say honestly that it is not
        assert manifest.parity.verified
    assert manifest.parity.dice > 0.95


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("batch", [1, 5])
def test_the_graphs_answer_as_the_tuned_model(made: Exported, precision: str, batch: int) -> None:
    session = BundleSession(made.bundles[precision], "cpu", 1)
    images = np.random.default_rng(batch).standard_normal((batch, 3, SIZE, SIZE)).astype(np.float32)
    asked(made.tuned, session, images)


def test_a_label_has_words_of_its_own() -> None:
    bundle = exported("onnx", "label to both").bundles["fp32"]
    session = BundleSession(bundle, "cpu", 1)
    images = np.random.default_rng(3).standard_normal((2, 3, SIZE, SIZE)).astype(np.float32)
    maps = session.ask(images, [session.encode_text("polyp", label_index=index) for index in (0, 1)])
    assert np.abs(maps[:, 0] - maps[:, 1]).max() > 1e-3
    with pytest.raises(ValueError, match="whose learned words"):
        session.encode_text("polyp")


def test_padding_changes_nothing(made: Exported) -> None:
    bundle = made.bundles["fp32"]
    session = BundleSession(bundle, "cpu", 1)
    ids, mask = session.tokens("a red polyp")
    text = open_session(bundle.read_graph("text.onnx"), "cpu", 1, "text")
    more = {}
    if bundle.manifest.text_depends_on_image:
        more["pooled"] = np.random.default_rng(1).standard_normal((1, 24)).astype(np.float32)
    if bundle.manifest.text_depends_on_label:
        more["label_index"] = np.array([1])
    padded = {"input_ids": np.pad(ids, ((0, 0), (0, 3))), "attention_mask": np.pad(mask, ((0, 0), (0, 3)))}
    alone, *_ = text.run(None, {"input_ids": ids, "attention_mask": mask, **more})
    among, *_ = text.run(None, {**padded, **more})
    np.testing.assert_allclose(alone, among, atol=1e-5)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_fixed_graph_needs_no_tokenizer(made: Exported, precision: str) -> None:
    bundle = made.bundles[precision]
    if not made.kind.labels:
        assert FIXED_GRAPH not in bundle.manifest.files
        return
    for batch in (1, 3):
        images = np.random.default_rng(7).standard_normal((batch, 3, SIZE, SIZE)).astype(np.float32)
        fixed_asked(made.tuned, bundle, images)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_graphs_are_clean(made: Exported, precision: str) -> None:
    """Valid, of the stated operator set, of standard operators, float32 outside, any batch, nothing unused, small."""
    bundle = made.bundles[precision]
    sizes = {}
    for name in (name for name in bundle.manifest.files if name.endswith(".onnx")):
        data = bundle.read_graph(name)
        sizes[name] = len(data)
        model = onnx.load_from_string(data)
        onnx.checker.check_model(model, full_check=True)
        header = read_header(data)
        assert (header.opset, header.external) == (bundle.manifest.opset, frozenset())
        assert {entry.domain for entry in model.opset_import} == {""}
        used = {name for node in model.graph.node for name in node.input} | set(header.outputs)
        assert {tensor.name for tensor in model.graph.initializer} <= used
        for value in (*model.graph.input, *model.graph.output):
            kind = value.type.tensor_type
            assert kind.elem_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.INT64)
            assert kind.shape.dim[0].dim_param in ("B", "P", "N")
    kinds = {tensor.data_type for tensor in onnx.load_from_string(bundle.read_graph(IMAGE_GRAPH)).graph.initializer}
    if precision == "fp16":
        assert onnx.TensorProto.FLOAT16 in kinds
    whole = sum(len(made.bundles["fp32"].read(name)) for name in sizes)
    assert sum(sizes.values()) <= {"fp32": 1.0, "fp16": 0.75, "int8": 0.98}[precision] * whole


def test_layers_that_nothing_reads_stay_behind() -> None:
    """The image tower ends at its last tap; where words depend on the image, the pooled feature needs all of it."""
    softmaxes = {}
    for kind in ("words alone", "label to both"):
        graph = onnx.load_from_string(exported("onnx", kind).bundles["fp32"].read_graph(IMAGE_GRAPH)).graph
        softmaxes[kind] = sum(node.op_type == "Softmax" for node in graph.node)
        # Taps after both of the two blocks: the last normalisation, which only pooling reads, is not there.
        norms = sum(node.op_type == "LayerNormalization" for node in graph.node)
        assert norms == 2 * softmaxes[kind] + 1
    assert softmaxes == {"words alone": 2, "label to both": 2}


def test_nothing_of_this_machine_is_told(made: Exported, repo_root: Path) -> None:
    for bundle in made.bundles.values():
        with zipfile.ZipFile(bundle.path) as archive:
            for name in archive.namelist():
                data = archive.read(name)
                for trace in (b"site-packages", b"stack_trace", b".py", str(repo_root).encode(), sys.prefix.encode()):
                    assert trace not in data, (name, trace)
                assert str(bundle.path.parent).encode() not in data


def test_progress_names_its_stages(made: Exported) -> None:
    steps = [event for event in made.events if isinstance(event, Progress) and event.unit == "steps"]
    done = list(dict.fromkeys(event.done for event in steps))
    assert done == list(range(len(done)))
    assert steps[-1].done == steps[-1].total == len({event.stage for event in steps}) - 1
    assert all(event.eta is not None and event.eta >= 0 for event in steps if event.done)


@pytest.mark.parametrize("name", EXPORTERS.names())
def test_what_cannot_be_done_is_said_before_any_work(name: str, tmp_path: Path) -> None:
    exporter = EXPORTERS.get(name)()
    tuned = tuned_model("zero_shot")
    taken = tmp_path / "mine.vlseg"
    taken.write_bytes(b"mine")
    with pytest.raises(InputError, match="already exists"):
        exporter.write(tuned, parts(labels=False), {"fp32": taken}, print, CancelToken(), "job")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        exporter.write(tuned, parts(labels=False), {"int8": tmp_path / "y"}, lambda event: None, token, "job")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.vlseg"]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_examples_need_none_of_our_code(precision: str, tmp_path: Path, repo_root: Path) -> None:
    """The examples in resources/, run outside the repository, give the mask that the program gives."""
    bundle = exported("onnx", "image to words to mask").bundles[precision]
    picture = np.random.default_rng(3).integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    session = BundleSession(bundle, "cpu", 1)
    pixels = ((picture / 255 - 0.5) / 0.5).transpose(2, 0, 1)[None].astype(np.float32)
    for example, asks in (("segment_with_onnxruntime.py", ["a red polyp"]), ("fixed_labels_with_onnxruntime.py", [])):
        script = repo_root / "resources" / "examples" / example
        assert "import engine" not in script.read_text()
        command = [sys.executable, str(script), str(bundle.path), "photo.png", *asks, "mask.png"]
        subprocess.run(command, check=True, cwd=tmp_path)
        mask = np.asarray(Image.open(tmp_path / "mask.png"))
        if asks:
            expected = session.ask(pixels, [session.encode_text(*asks)])[0, 0] >= 0.5
        else:
            maps = session.fixed_probabilities(pixels)[0]
            expected = np.where(maps.max(0) >= 0.5, np.array([1, 2])[maps.argmax(0)], 0)
        assert (mask.astype(bool) if asks else mask).tolist() == expected.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["label to both", "image to words to mask"])
def test_ranges_can_be_measured_on_images(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "FEWEST_WEIGHTS", 256)
    known = KINDS[kind]
    tuned = tuned_model(known.strategy, cris=known.cris, **known.settings)
    plain = parts(labels=True)
    ranges = np.random.default_rng(8).standard_normal((6, 3, SIZE, SIZE)).astype(np.float32)
    given = dataclasses.replace(plain, calibration=ranges)
    EXPORTERS.get("onnx")().write(tuned, given, {"int8": tmp_path / "x"}, print, CancelToken(), "job")
    bundle = Bundle.open(tmp_path / "x")
    assert "measured on" in bundle.manifest.precision_note or "float32" in bundle.manifest.precision_note
    assert bundle.manifest.parity.dice > 0.95
    for name in (IMAGE_GRAPH, MASK_GRAPH, FIXED_GRAPH):
        onnx.checker.check_model(onnx.load_from_string(bundle.read_graph(name)), full_check=True)
    images = np.random.default_rng(5).standard_normal((3, 3, SIZE, SIZE)).astype(np.float32)
    fixed_asked(tuned, bundle, images)  # the labels' phrases set the ranges; others may reach beyond them


@pytest.mark.slow
@pytest.mark.parametrize("kind", MORE_KINDS)
def test_every_other_way_of_depending(kind: str, tmp_path: Path) -> None:
    judge(export_kind("onnx", MORE_KINDS[kind], tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "values"), EVERY)
def test_every_strategy(strategy: str, values: dict[str, object], tmp_path: Path) -> None:
    from tests.fakes.exported import Kind

    deep = {"prompt_depth": 2} if "prompt_depth" in STRATEGIES.get(strategy).model_fields else {}
    judge(export_kind("onnx", Kind(strategy, {**deep, **values}), tmp_path))


def judge(made: Exported) -> None:
    images = np.random.default_rng(5).standard_normal((3, 3, SIZE, SIZE)).astype(np.float32)
    for precision, bundle in made.bundles.items():
        assert bundle.manifest.parity.verified or precision == "int8"
        asked(made.tuned, BundleSession(bundle, "cpu", 1), images)
        fixed_asked(made.tuned, bundle, images)
        for name in (TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH, FIXED_GRAPH):
            onnx.checker.check_model(onnx.load_from_string(bundle.read_graph(name)), full_check=True)


def test_words_of_another_number_of_labels_are_a_bug(tmp_path: Path) -> None:
    tuned = tuned_model("coop", prompt_depth=1, per_label=True)
    with pytest.raises(ValueError, match="learned for 2 labels"):
        EXPORTERS.get("onnx")().write(tuned, parts(labels=False), {"fp32": tmp_path / "x"}, print, CancelToken(), "job")
