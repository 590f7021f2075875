"""Does the phrase matter? A run's answers to other words than its own, word by word, and what its vectors lie near."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import InputError, OutOfRange
from engine.contract.events import Log
from engine.contract.jobs import PhraseEffect
from engine.contract.whole_file import write_text
from engine.runs import layout
from engine.runs.writer import best_epoch

if TYPE_CHECKING:
    from engine.assemble import Network
    from engine.data.dataset import SliceDataset
    from engine.insight.kept_images import KeptImages
    from engine.insight.phrase_effect import LabelPhrase

AT_ONCE = 8
"""Images whose answers to all control phrases are in memory together."""
MOST_FOR_WORDS = 12
"""Images that each word of a phrase is looked at on."""


def run(job: PhraseEffect, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """As `engine.contract.jobs.PhraseEffect` says, and `path` of the file.

    Raises InputError for what is no run with a best epoch, DatasetIncomplete, OutOfRange, Cancelled.
    """
    folder = Path(job.run)
    best = best_epoch(folder)
    learns_nothing = not (folder / layout.BEST).is_file()
    if not layout.is_run(folder) or (best is None and learns_nothing):
        raise InputError(f"{folder} is not a run with a best epoch.", hint="Give the folder of a run that ended.")
    if job.images < 1:
        raise OutOfRange("images: at least one is needed.", field="images")
    emit(Log(job_id, "Loading the libraries and the model."))
    from engine.assemble import Listener, inspect_for, make_split, run_network
    from engine.insight.kept_images import KeptImages
    from engine.insight.phrase_effect import RULE, Effect, LabelPhrase, judge, measure
    from engine.jobs.export import evenly
    from engine.jobs.run_data import recipe_on
    from engine.volumes.preprocess import normalise

    hear = Listener(emit, cancel, job_id)
    recipe = recipe_on(folder, job.data)
    network = run_network(folder, recipe)
    report = inspect_for(recipe, hear)
    report.require_split(job.split)
    dataset = make_split(network, report, job.split, hear)
    rows = evenly(len(dataset), job.images)
    index = network.label_index([label.name for label in report.labels])
    labels = [LabelPhrase(one.name, one.phrase, at) for one, at in zip(report.labels, index, strict=True)]
    pixels = np.stack([normalise(dataset.images[row], dataset.preprocess) for row in rows])
    kept = KeptImages(network, pixels, cancel, Ticker(emit, job_id, len(rows), "images", "encoding images"))
    ticker = Ticker(emit, job_id, len(labels) * len(rows), "answers", "asking control phrases")
    cases = [dataset.refs[row].finding.case.case_id for row in rows]
    masks = np.stack([dataset.masks[row] for row in rows])
    effects = []
    for start in range(0, len(rows), AT_ONCE):
        # Answers of all images to all phrases would take hundreds of megabytes.
        some = list(range(start, min(start + AT_ONCE, len(rows))))
        asked = partial(ticker.step, len(some))
        ask, known = kept.only(some).ask, dataset.present[rows[some]]
        effects.append(
            measure(ask, labels, [cases[at] for at in some], masks[some], known, seed=recipe.seed, step=asked)
        )
    effect = Effect.joined(effects)
    verdict, words = judge(effect, recipe.seed)
    found: dict[str, Any] = {
        "verdict": verdict,
        "words": words,
        "rule": RULE,
        "best_epoch": best,
        "split": job.split,
        "images": len(rows),
        "cases": len(set(cases)),
        "synthetic": report.synthetic,
        "notes": _notes(network, dataset, job.split),
        **_tables(effect, labels, recipe.seed),
        "word_effects": _words(kept, labels, masks, dataset, rows, job.phrase),
        "nearest": _nearest(network, [label.name for label in report.labels]),
    }
    path = folder / layout.PHRASE
    write_text(path, json.dumps(found, indent=1, ensure_ascii=False))
    return {**found, "path": str(path)}


def _notes(network: Network, dataset: SliceDataset, split: str) -> list[str]:
    notes = []
    if dataset.said is not None:
        notes.append("Each label's phrase was asked, as a bundle is, not what the dataset says of single images.")
    if network.tuned.learner.text_per_label:
        notes.append("Each label has learned words of its own, which stay when its phrase is replaced.")
    if split == "val":
        notes.append("These images chose the best epoch: scores on them are a little too good.")
    return notes


def _tables(effect: Any, labels: list[LabelPhrase], seed: int) -> dict[str, Any]:
    from engine.insight.phrase_effect import Effect, Summary, by_kind, judge

    kinds = [{"kind": kind, **Summary.of(found, seed).to_values()} for kind, found in by_kind(effect.pairs).items()]
    rows = []
    for label in labels:
        mine = Effect(tuple(pair for pair in effect.pairs if pair.label == label.name), effect.moved, {})
        verdict = judge(mine, seed)[0]
        rows.append(
            {
                "label": label.name,
                "phrase": label.phrase,
                "verdict": verdict,
                **Summary.of(mine.pairs, seed).to_values(),
                "controls": effect.controls.get(label.name, {}),
            }
        )
    return {"kinds": kinds, "labels": rows, "moved": effect.moved}


def _words(
    kept: KeptImages,
    labels: list[LabelPhrase],
    masks: np.ndarray[Any, np.dtype[np.uint8]],
    dataset: SliceDataset,
    rows: np.ndarray[Any, np.dtype[np.int64]],
    phrase: str,
) -> list[dict[str, Any]]:
    """Word by word, on the first images that show the label and whose truth is known."""
    from engine.insight.word_influence import word_influence

    found = []
    for place, label in enumerate(labels):
        shown = [at for at, row in enumerate(rows) if dataset.present[row, place] and masks[at, place].any()]
        shown = shown[:MOST_FOR_WORDS]
        if not shown:
            continue
        some = kept.only(shown)
        asked = " ".join((phrase or label.phrase).split())
        effects = word_influence(some.ask, asked, label.index, masks[shown, place])
        found.append(
            {
                "label": label.name,
                "phrase": asked,
                "images": len(shown),
                "words": [effect.to_values() for effect in effects],
            }
        )
    return found


def _nearest(network: Network, labels: list[str]) -> dict[str, Any]:
    import torch

    from engine.insight.nearest_words import NONE, SHIFTED, WARNING, learned_words, nearest_words

    learner = network.tuned.learner
    vectors = learned_words(learner, labels)
    if vectors is None:
        return {"note": NONE, "vectors": []}
    words = network.tokenizer.vocabulary()
    with torch.no_grad():
        embeddings = network.tuned.vlsm.embed_words(torch.tensor(list(words), device=network.device))
    names = list(labels) if learner.text_per_label else [None]
    found = nearest_words(vectors, embeddings, list(words.values()), names, network.recipe.seed)
    note = f"{WARNING} {SHIFTED}" if learner.needs_pooled else WARNING
    return {"note": note, "vectors": [vector.to_values() for vector in found]}
