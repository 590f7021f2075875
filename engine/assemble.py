"""From a recipe to the things that work: data, network, learner, trainer. The only place where the rooms are wired."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.bundle.manifest import BundleLabel, DataSplit, Manifest
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.events import Log
from engine.data.augment import Augmentation
from engine.data.config import LabelConfig
from engine.data.dataset import SliceDataset
from engine.data.findings import DatasetReport
from engine.data.grey_levels import Intensity, preprocess_for
from engine.data.loader import Loader
from engine.data.phrases import check_phrases
from engine.data.report import inspect
from engine.data.sides import check_sides
from engine.export.base import ExportParts, ImageSet
from engine.export.base_model import base_preprocess, model_info
from engine.export.drawn import drawn_inputs
from engine.models import MODELS
from engine.models.base import VLSM
from engine.models.weights import Weights
from engine.recipe import Recipe
from engine.runs import layout
from engine.runs.reader import read_labels
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel
from engine.text.phrases import with_stop
from engine.text.tokenizer import PhraseTokenizer, knows_full_stop
from engine.training.checkpoint import load_learner
from engine.training.device import choose_device, set_threads
from engine.training.evaluate import Answer
from engine.training.loop import Trainer
from engine.training.plan import Plan
from engine.training.progress import RunSink
from engine.training.questions import Phrases, Texts
from engine.volumes.preprocess import normalise

CONTEXT = "learner.context_vectors"
"""What is saved of the learned words; its first of four axes tells the labels apart."""


@dataclass(frozen=True)
class Listener:
    """Who hears of the work and may stop it."""

    emit: Emit
    cancel: CancelToken
    job_id: str


@dataclass(frozen=True)
class Network:
    """A recipe's model with its learner, on its device, and what turns phrases and pictures into its inputs."""

    recipe: Recipe
    weights: Weights
    tuned: TunedModel
    tokenizer: PhraseTokenizer
    append_stop: bool
    device: torch.device
    labels: tuple[str, ...] = ()
    """The names of the labels that have learned words of their own, where that is known."""

    def phrases(self, report: DatasetReport) -> Phrases:
        """The labels' phrases as tokens, on the device.

        Raises InputError for a label without learned words, where each label has its own.
        """
        ids, mask = self.tokens([label.phrase for label in report.labels])
        return Phrases(
            ids,
            mask,
            torch.tensor(self.label_index([label.name for label in report.labels])),
            [label.name for label in report.labels],
            [label.colour for label in report.labels],
        ).to(self.device)

    def tokens(self, phrases: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask (n, T) of phrases, cut as a bundle cuts them: learned words take places of their own."""
        ids, mask = self.tokenizer.encode([self._said(phrase) for phrase in phrases], self.reserve())
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)

    def texts(self, dataset: SliceDataset) -> Texts | None:
        """What the dataset says of its images as tokens, on the device; None where it says the labels' phrases."""
        if dataset.said is None:
            return None
        ids, mask = self.tokenizer.encode([self._said(text) for text in dataset.said.texts], self.reserve())
        columns = torch.tensor(dataset.said.columns)
        return Texts(torch.from_numpy(ids), torch.from_numpy(mask), columns).to(self.device)

    def label_index(self, names: list[str]) -> list[int]:
        """Whose learned words each of these labels takes: its own, by name, where labels have their own.

        Raises InputError for a label that was not tuned.
        """
        if not self.tuned.learner.text_per_label:
            return list(range(len(names)))
        known = self.labels or names
        strange = [name for name in names if name not in known]
        learned = self.tuned.learner.label_count()
        if strange or (not self.labels and len(names) != learned):
            having = f"for {', '.join(self.labels)}" if self.labels else f"for {learned} labels"
            asked = f"{', '.join(strange)} has none" if strange else f"{len(names)} are asked for"
            raise InputError(
                f"This run learned words of their own {having}; {asked}.",
                hint="Use the labels that were tuned, or tune again with these (strategy.per_label).",
                field="data.labels",
            )
        return [known.index(name) for name in names]

    def reserve(self) -> int:
        """Places among the text encoder's that learned words take."""
        return self.tuned.learner.learned_words()

    def _said(self, phrase: str) -> str:
        if not phrase.strip():
            return "."  # the published prompt p0
        return with_stop(phrase) if self.append_stop else phrase

    def answer(self, report: DatasetReport, dataset: SliceDataset, *, own_texts: bool = True) -> Answer:
        """Asks the network for every label of the report, at model size.

        `own_texts` False: with the labels' phrases, as a bundle is asked, whatever the dataset says.

        Where the dataset says something of its own of each image, that is asked: the answer must then be called batch
        by batch in the dataset's order, as scoring does.
        """
        phrases, texts = self.phrases(report), self.texts(dataset) if own_texts else None
        self.tuned.eval()
        places = itertools.cycle(range(len(dataset)))

        def logits_of(pixels: torch.Tensor) -> torch.Tensor:
            if texts is None or dataset.said is None:
                return self.tuned(pixels, phrases.ids, phrases.mask, phrases.label_index)  # type: ignore[no-any-return]
            at = np.array([next(places) for _ in range(len(pixels))], np.int64)
            said = torch.from_numpy(dataset.said.drawn(at, 0, 0, draw=False)).to(self.device)
            pooled = self.tuned.learner.needs_pooled
            prompts = Prompts() if pooled else self.tuned.learner(None, phrases.label_index)
            image = self.tuned.encode_images(pixels, prompts)
            return self.tuned.ask_each(image, prompts, texts.ids, texts.mask, texts.columns, said, phrases.label_index)

        def ask(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            inputs = np.stack([normalise(image, dataset.preprocess) for image in images])
            with torch.inference_mode():
                logits = logits_of(torch.from_numpy(inputs).to(self.device))
            probabilities: NDArray[np.float32] = logits.sigmoid().float().cpu().numpy()
            return probabilities

        return ask


def make_network(recipe: Recipe, labels: Sequence[str] = (), *, learned: Path | None = None) -> Network:
    """The network of a recipe, its learner drawn from the recipe's seed or read from `learned` (best.safetensors).

    `labels`: names of the labels, which may have learned words of their own; where they are not known, as many are
    assumed as `learned` holds. Raises WeightsMissing, NoDevice, OutOfRange, IncompatiblePair, InputError.
    """
    state = None if learned is None else load_learner(learned)
    device = choose_device(recipe.training.device)
    set_threads(recipe.training.threads)
    weights = recipe.weights()
    vlsm = MODELS.get(weights.model).load(weights.path)
    recipe.strategy.check(vlsm.sites)
    vlsm.attend("eager" if recipe.training.attention == "eager" else "sdpa")
    vlsm.checkpointing = recipe.training.checkpointing
    tokenizer = PhraseTokenizer.from_folder(weights.path)
    torch.manual_seed(recipe.seed)
    count = _label_count(recipe, labels, state)
    tuned = TunedModel(vlsm, recipe.strategy, recipe.strategy.build(vlsm.sites, _words(vlsm, tokenizer), count))
    if state is not None:
        tuned.load_learner_state(state)
    names = tuple(labels)
    return Network(recipe, weights, tuned.to(device), tokenizer, knows_full_stop(tokenizer), device, names)


def _label_count(recipe: Recipe, labels: Sequence[str], state: dict[str, torch.Tensor] | None) -> int:
    """For how many labels words are learned apart; raises InputError where `state` was learned for another number."""
    count = len(labels) or 1
    saved = None if state is None else state.get(CONTEXT)
    if saved is None or saved.ndim != 4 or not getattr(recipe.strategy, "per_label", False):
        return count
    if labels and saved.shape[0] != count:
        raise InputError(
            f"The saved weights hold learned words for {saved.shape[0]} labels; there are {count} labels now: "
            f"{', '.join(labels)}.",
            hint="Use the labels that the run was tuned with, or tune again.",
            field="data.labels",
        )
    return int(saved.shape[0])


def _words(vlsm: VLSM, tokenizer: PhraseTokenizer):  # type: ignore[no-untyped-def]
    def embed(text: str) -> torch.Tensor:
        with torch.no_grad():
            return vlsm.embed_words(torch.from_numpy(tokenizer.encode_words(text)))

    return embed


def inspect_for(recipe: Recipe, hear: Listener) -> DatasetReport:
    """The recipe's dataset, every file opened, its problems told.

    Raises DatasetIncomplete where nothing is usable, OutOfRange for a flip that a phrase found in the folder forbids.
    """
    report = inspect(recipe.data, recipe.seed, hear.emit, hear.cancel, job_id=hear.job_id)
    for problem in report.problems:
        if problem.severity != "note":
            hear.emit(Log(hear.job_id, problem.line(), "warning"))
    report.require_usable()
    check_sides(recipe.data, report.labels)
    return report


def check_words(network: Network, report: DatasetReport, hear: Listener) -> None:
    """Warns of phrases that the model would cut."""
    said = check_phrases(report.labels, network.tokenizer, network.reserve(), append_stop=network.append_stop)
    for problem in said:
        hear.emit(Log(hear.job_id, problem.line(), "warning"))


def check_texts(network: Network, dataset: SliceDataset, hear: Listener) -> None:
    """Warns of a dataset's own prompts that the model would cut: how many, and one of them."""
    texts = dataset.said.texts if dataset.said is not None else ()
    cut = [text for text in texts if text.strip() and network.tokenizer.will_cut(text, network.reserve())]
    if cut:
        told = f"{len(cut)} of {len(texts)} prompts are longer than the model takes and lose their end: {cut[0]}"
        hear.emit(Log(hear.job_id, told, "warning"))


def make_split(network: Network, report: DatasetReport, split: str, hear: Listener) -> SliceDataset:
    """The slices of a split at model size."""
    preprocess = report.preprocess(base_preprocess(network.weights))
    return SliceDataset.build(report, split, preprocess, hear.emit, hear.cancel, job_id=hear.job_id)


def make_trainer(network: Network, report: DatasetReport, sink: RunSink, hear: Listener) -> Trainer:
    """Everything that one run needs. Raises DatasetIncomplete where train or val is empty."""
    report.require_split("train", "val")
    recipe = network.recipe
    check_words(network, report, hear)
    learns = bool(network.tuned.learned())
    train = make_split(network, report, "train" if learns else "val", hear)
    val = make_split(network, report, "val", hear) if learns else train
    check_texts(network, train, hear)
    batch = recipe.training.batch_size
    augment = Augmentation.of(recipe.data, kept=network.tuned.tower_is_fixed)
    if learns:
        hear.emit(Log(hear.job_id, f"Random changes of training images: {augment.told()}."))
    return Trainer(
        model=network.tuned,
        phrases=network.phrases(report),
        train=Loader(
            train,
            batch,
            recipe.seed,
            training=True,
            augment=augment,
            absent_labels=recipe.data.absent_labels,
        ),
        val=Loader(val, batch, recipe.seed),
        config=recipe.training,
        seed=recipe.seed,
        device=network.device,
        sink=sink,
        emit=hear.emit,
        cancel=hear.cancel,
        job_id=hear.job_id,
        train_texts=network.texts(train),
        val_texts=network.texts(val),
        plan=Plan(
            attention="eager" if recipe.training.attention == "eager" else "sdpa",
            checkpointing=recipe.training.checkpointing,
        ),
        base=network.weights.identity,
    )


def run_network(run: Path, recipe: Recipe) -> Network:
    """The tuned network of a run folder: its best epoch."""
    labels = [str(label.get("name")) for label in read_labels(run).get("labels", ())]
    return make_network(recipe, labels, learned=run / layout.BEST)


def _split_told(recipe: Recipe) -> DataSplit:
    """How the data was shared out, without paths of this machine."""
    values = recipe.data.split.model_dump(include=set(DataSplit.model_fields))
    if Path(values.get("patient_table", "")).is_absolute():
        values["patient_table"] = ""
    return DataSplit(seed=recipe.seed, max_cases=recipe.data.max_cases, **values)


def export_parts(
    network: Network,
    labels: Sequence[LabelConfig],
    intensity: Intensity,
    images: NDArray[np.uint8] | None,
    validation: dict[str, float],
    *,
    synthetic: bool,
    calibration: NDArray[np.uint8] | None = None,
) -> ExportParts:
    """What a bundle says of itself, and what it is compared on: `images` uint8 [n, S, S, 3] at model size (at most 64
    are used), where there are any, and drawn ones. `calibration`: likewise, to measure the ranges of int8 on.

    `labels` are those that were tuned, in their order; `intensity` how the run's images became grey levels;
    `synthetic`: the run saw drawn images only.
    """
    recipe, card = network.recipe, network.weights.card
    synthetic = card.synthetic_only and synthetic
    preprocess = preprocess_for(base_preprocess(network.weights), intensity)
    manifest = Manifest(
        name=recipe.name,
        labels=[
            BundleLabel(
                value=label.value, name=label.name, phrase=label.phrase, colour=label.colour, snomed=label.snomed
            )
            for label in labels
        ],
        preprocess=preprocess,
        plane=recipe.data.plane,
        split=_split_told(recipe),
        model=model_info(network.weights),
        validation=validation,
        max_length=network.tokenizer.max_length,
        pad_id=network.tokenizer.pad_id,
        append_stop=network.append_stop,
        synthetic=synthetic,
        notice="Tuned on drawn (synthetic) images only: not for real scans." if synthetic else "",
    )
    sets = [ImageSet(drawn_inputs(preprocess), "drawn")]
    if images is not None and len(images):
        sets.insert(0, ImageSet(np.stack([normalise(image, preprocess) for image in images[:64]]), "validation"))
    ranges = None if calibration is None else np.stack([normalise(image, preprocess) for image in calibration])
    return ExportParts(manifest, network.tokenizer.json.encode("utf-8"), tuple(sets), ranges)
