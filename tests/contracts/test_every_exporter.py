"""Every exporter: what it writes opens again, answers as the tuned model, and tells nothing of this machine."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.bundle.manifest import FIXED_GRAPH, BaseModelInfo, BundleLabel, Manifest
from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError, RecipeError
from engine.contract.events import Event, Progress
from engine.export import EXPORTERS
from engine.export.base import ExportParts
from engine.inference.runtime import open_session
from engine.inference.session import BundleSession, sigmoid
from engine.models.clipseg import ClipSeg
from engine.models.cris_vlsm import Cris
from engine.strategies.base import STRATEGIES
from engine.strategies.tuned_model import TunedModel
from engine.volumes.preprocess import Preprocess
from tests.fakes.tiny_clipseg import tiny_network, tiny_tokenizer
from tests.fakes.tiny_cris import tiny_cris

pytestmark = pytest.mark.timeout(900)  # an export is a minute of one processor, more where others work beside it

SIZE = 32
PREPROCESS = Preprocess(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
LABELS = [
    BundleLabel(value=1, name="polyp", phrase="a red polyp"),
    BundleLabel(value=2, name="liver", phrase="liver", colour="#00ff00"),
]

# One for each way in which prompts may depend on something; the others differ in how the same prompts come about.
QUICK = {
    "vpt": ("vpt", {"prompt_depth": 2, "num_context": 3, "upsampler": "blend"}),
    "coop": ("coop", {"prompt_depth": 2, "num_context": 4, "initialise_from": None, "class_position": "middle"}),
    "image to text": ("cocoop", {"prompt_depth": 2}),
    "label to both": ("maple", {"prompt_depth": 2, "per_label": True}),
    "words to mask": ("coop", {"prompt_depth": 2, "num_context": 4, "initialise_from": None, "upsampler": "blend"}),
    "image to words to mask": ("cocoop", {"prompt_depth": 2, "deep_from": 0}),
}
ON_CRIS = {"words to mask", "image to words to mask"}
"""Of these the network is CRIS, whose decoder reads words and maps of several sizes."""
WITHOUT_LABELS = {"coop"}

EVERY = [
    pytest.param(strategy, values, id=f"{strategy} {' '.join(str(value) for value in values.values())}".strip())
    for strategy, config in STRATEGIES
    for values in (
        [{}, {"per_label": True}, {"per_label": True, "class_position": "front"}]
        if "per_label" in config.model_fields
        else [{}]
    )
    if (strategy, {"prompt_depth": 2, **values}) not in QUICK.values()
]


def tuned_model(strategy: str, *, cris: bool = False, **settings: object) -> TunedModel:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    vlsm = Cris(tiny_cris()) if cris else ClipSeg(tiny_network())
    config = STRATEGIES.get(strategy)(**settings)
    tuned = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.randn(4, vlsm.sites.text_width), 2))
    with torch.no_grad():
        for name, parameter in tuned.learned().items():
            # As after tuning: nothing is zero. Weights of the network itself only move a little, or nothing they say
            # would be stable to the fourth digit.
            own = name.startswith("vlsm.")
            parameter.add_(torch.randn_like(parameter) * (0.02 if own else 0.5))
    return tuned.eval()


def parts(*, labels: bool) -> ExportParts:
    manifest = Manifest(
        name="tiny",
        labels=LABELS if labels else [],
        preprocess=PREPROCESS,
        model=BaseModelInfo(name="clipseg", id="tiny", sha256="0" * 64),
        max_length=16,
        pad_id=0,
        append_stop=False,
    )
    images = np.random.default_rng(0).standard_normal((4, 3, SIZE, SIZE)).astype(np.float32)
    return ExportParts(manifest, tiny_tokenizer().to_str().encode(), images, "validation")


@pytest.fixture(scope="module", params=[(e, s) for e in EXPORTERS.names() for s in QUICK], ids="-".join)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    exporter, kind = request.param
    strategy, values = QUICK[kind]
    tuned = tuned_model(strategy, cris=kind in ON_CRIS, **values)
    events: list[Event] = []
    out = tmp_path_factory.mktemp(strategy) / "tiny.vlseg"
    given = parts(labels=kind not in WITHOUT_LABELS)
    EXPORTERS.get(exporter)().write(tuned, given, out, events.append, CancelToken(), "job")
    return kind, tuned, Bundle.open(out), events


def logits_of(
    tuned: TunedModel, session: BundleSession, images: np.ndarray, phrase: str, label: int | None
) -> np.ndarray:
    ids, mask = (torch.from_numpy(array) for array in session.tokens(phrase))
    index = None if label is None else torch.tensor([label])
    with torch.no_grad():
        return tuned(torch.from_numpy(images), ids, mask, index)[:, 0].numpy()


def asked(tuned: TunedModel, session: BundleSession, images: np.ndarray) -> float:
    """The largest difference of a logit between both programs, over phrases and, where it matters, labels."""
    largest = 0.0
    labels = range(len(session.bundle.manifest.labels)) if session.bundle.manifest.depends_on_label else [None]
    for phrase in ("polyp", "a photo of the left kidney", "the red disc right of a blue square lesion liver spleen"):
        for label in labels:
            text = session.encode_text(phrase, label_index=label)
            found = session.logits(session.encode_image(images, label_index=session.image_label(text)), text)
            expected = logits_of(tuned, session, images, phrase, label)
            np.testing.assert_allclose(found, expected, atol=2e-4, rtol=1e-4)
            largest = max(largest, float(np.abs(found - expected).max()))
    return largest


def fixed_asked(tuned: TunedModel, bundle: Bundle, images: np.ndarray) -> None:
    fixed = open_session(bundle.read_graph(FIXED_GRAPH), "cpu", 1, "fixed")
    session = BundleSession(bundle, "cpu", 1)
    (found,) = fixed.run(["probabilities"], {"pixel_values": images})
    assert found.shape == (len(images), 2, SIZE, SIZE)
    for index, label in enumerate(bundle.manifest.labels):
        whose = index if bundle.manifest.depends_on_label else None
        expected = sigmoid(logits_of(tuned, session, images, label.phrase, whose))
        np.testing.assert_allclose(found[:, index], expected, atol=1e-4)


def test_it_opens_and_states_what_it_is(exported) -> None:
    kind, _, bundle, _ = exported
    bundle.verify()
    manifest = bundle.manifest
    strategy, values = QUICK[kind]
    assert manifest.strategy["name"] == strategy
    assert values.items() <= manifest.strategy.items()
    assert manifest.learned_tokens == (0 if strategy == "vpt" else 4)
    assert manifest.text_depends_on_image == (strategy == "cocoop")
    assert manifest.text_depends_on_label == manifest.image_depends_on_label == (kind == "label to both")
    assert bundle.has_fixed_graph == bool(manifest.labels)
    assert manifest.parity.verified
    assert manifest.parity.images == 4
    assert manifest.parity.source == "validation"
    assert manifest.parity.provider.endswith("ExecutionProvider")


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_graphs_answer_as_the_tuned_model(exported, batch: int) -> None:
    _, tuned, bundle, _ = exported
    session = BundleSession(bundle, "cpu", 1)
    asked(tuned, session, np.random.default_rng(batch).standard_normal((batch, 3, SIZE, SIZE)).astype(np.float32))


def test_a_label_has_words_of_its_own(exported) -> None:
    kind, _, bundle, _ = exported
    if not bundle.manifest.depends_on_label:
        assert kind != "label to both"
        return
    session = BundleSession(bundle, "cpu", 1)
    images = np.random.default_rng(3).standard_normal((2, 3, SIZE, SIZE)).astype(np.float32)
    maps = session.ask(images, [session.encode_text("polyp", label_index=index) for index in (0, 1)])
    assert np.abs(maps[:, 0] - maps[:, 1]).max() > 1e-3
    with pytest.raises(ValueError, match="whose learned words"):
        session.encode_text("polyp")


def test_padding_changes_nothing(exported) -> None:
    _, _, bundle, _ = exported
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


def test_the_fixed_graph_needs_no_tokenizer(exported) -> None:
    _, tuned, bundle, _ = exported
    if not bundle.has_fixed_graph:
        assert not bundle.manifest.labels
        return
    for batch in (1, 3):
        fixed_asked(tuned, bundle, np.random.default_rng(7).standard_normal((batch, 3, SIZE, SIZE)).astype(np.float32))


def test_nothing_of_this_machine_is_told(exported, repo_root: Path) -> None:
    _, _, bundle, _ = exported
    with zipfile.ZipFile(bundle.path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            for trace in (b"site-packages", b"stack_trace", b".py", str(repo_root).encode(), sys.prefix.encode()):
                assert trace not in data, (name, trace)


def test_progress_names_its_stages(exported) -> None:
    _, _, bundle, events = exported
    steps = [event for event in events if isinstance(event, Progress) and event.unit == "steps"]
    assert [event.done for event in steps] == list(range(len(steps)))
    assert steps[-1].done == steps[-1].total
    assert len({event.stage for event in steps}) == len(steps) == (7 if bundle.manifest.labels else 6)


@pytest.mark.parametrize("name", EXPORTERS.names())
def test_what_cannot_be_done_is_said_before_any_work(name: str, tmp_path: Path) -> None:
    exporter = EXPORTERS.get(name)()
    tuned = tuned_model("zero_shot")
    with pytest.raises(RecipeError, match="fp16") as caught:
        exporter.write(tuned, parts(labels=False), tmp_path / "x", print, CancelToken(), "job", precision="fp16")
    assert caught.value.field == "precision"
    taken = tmp_path / "mine.vlseg"
    taken.write_bytes(b"mine")
    with pytest.raises(InputError, match="already exists"):
        exporter.write(tuned, parts(labels=False), taken, print, CancelToken(), "job")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        exporter.write(tuned, parts(labels=False), tmp_path / "y", lambda event: None, token, "job")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.vlseg"]


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "values"), EVERY)
def test_every_other_strategy(strategy: str, values: dict[str, object], tmp_path: Path) -> None:
    deep = {"prompt_depth": 2} if "prompt_depth" in STRATEGIES.get(strategy).model_fields else {}
    tuned = tuned_model(strategy, **deep, **values)
    out = EXPORTERS.get("onnx")().write(
        tuned, parts(labels=True), tmp_path / "x", lambda event: None, CancelToken(), "job"
    )
    bundle = Bundle.open(out)
    assert bundle.manifest.parity.verified
    images = np.random.default_rng(5).standard_normal((3, 3, SIZE, SIZE)).astype(np.float32)
    asked(tuned, BundleSession(bundle, "cpu", 1), images)
    fixed_asked(tuned, bundle, images)


def test_words_of_another_number_of_labels_are_a_bug(tmp_path: Path) -> None:
    tuned = tuned_model("coop", prompt_depth=1, per_label=True)
    with pytest.raises(ValueError, match="learned for 2 labels"):
        EXPORTERS.get("onnx")().write(tuned, parts(labels=False), tmp_path / "x", print, CancelToken(), "job")
