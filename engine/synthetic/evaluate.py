"""Measures how truly a model follows phrases, on scenes that no training has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.synthetic import other_scenes
from engine.synthetic.network import tokenise
from engine.synthetic.phrases import Asker, Description, Query, QueryKind
from engine.synthetic.scenes import Objects, SceneKind, draw_scene
from engine.synthetic.starters import Starter, open_starter

_SEED: Final = 771_000  # training draws from seeds (seed, number of the scene); these are never among them
_CHUNK: Final = 48
_MIN_TARGET: Final = 30  # pixels; a smaller target says little about Dice
_MIN_OTHERS: Final = 60  # pixels; without other objects, marking all of them costs nothing
EMPTY_SHARE: Final = 0.003  # of the picture: an answer below it counts as empty


@dataclass(frozen=True)
class Question:
    """A phrase asked of an image, the right mask, and the pixels of the objects it does not name."""

    group: str
    image: NDArray[np.uint8]
    phrase: str
    target: NDArray[np.bool_]
    others: NDArray[np.bool_]
    faint: bool = False  # drawn with little contrast among clutter


def questions(scenes: int, size: int = 128, seed: int = 0) -> Iterator[Question]:
    """Yield the questions of every group, `scenes` scenes to each group."""
    for number in range(scenes):
        yield from _ask_scene("scenes", _rng(seed, 0, number), size)
        yield from _ask_pair("held_out_pairs", _rng(seed, 1, number), size, "free", held_out=True)
        yield from _ask_absent(_rng(seed, 2, number), size)
        yield from _ask_pair("conjunctions", _rng(seed, 3, number), size, "conjunction")
        yield from _ask_other_code(_rng(seed, 4, number), size, conjunction=False)
        yield from _ask_other_code(_rng(seed, 5, number), size, conjunction=True)


def _rng(seed: int, group: int, number: int) -> np.random.Generator:
    return np.random.default_rng((_SEED + seed, group, number))


def _visible(labels: NDArray[np.uint8], objects: Objects) -> NDArray[np.int64]:
    return np.bincount(labels.ravel(), minlength=len(objects) + 1)[1 : len(objects) + 1]


def _question(
    group: str, image: NDArray[np.uint8], labels: NDArray[np.uint8], query: Query | None, faint: bool = False
) -> Iterator[Question]:
    """Yield the question unless its target or the other objects are too small to judge by."""
    if query is None:
        return
    target = np.concatenate([[False], query.matches])[labels]
    others = (labels > 0) & ~target
    named = bool(query.matches.any())
    if named and (int(target.sum()) < _MIN_TARGET or int(others.sum()) < _MIN_OTHERS):
        return
    yield Question(group, image, query.phrase, target, others, faint)


def _ask_scene(group: str, rng: np.random.Generator, size: int) -> Iterator[Question]:
    kind: SceneKind = "free" if rng.random() < 0.5 else "shared"
    scene = draw_scene(rng, size, kind, at_least=3)
    asker = Asker(rng, scene.objects, _visible(scene.labels, scene.objects), scene.style.gray, not scene.style.faint)
    for _ in range(2):
        yield from _question(group, scene.image, scene.labels, asker.present(), scene.style.faint)


def _ask_pair(
    group: str, rng: np.random.Generator, size: int, kind: SceneKind, held_out: bool = False
) -> Iterator[Question]:
    """Ask for the first object by colour and shape, and, among conjunctions, for a pair that is not there."""
    scene = draw_scene(rng, size, kind, at_least=3, held_out_first=held_out)
    visible = _visible(scene.labels, scene.objects)
    asker = Asker(rng, scene.objects, visible, scene.style.gray)
    if visible[0] >= _MIN_TARGET:
        pair = Description(int(scene.objects.shape[0]), int(scene.objects.colour[0]))
        yield from _question(group, scene.image, scene.labels, asker.present(0, pair))
    if kind == "conjunction":
        yield from _question(f"{group}_absent", scene.image, scene.labels, asker.absent("absent_pair"))


def _ask_absent(rng: np.random.Generator, size: int) -> Iterator[Question]:
    kind: SceneKind = "free" if rng.random() < 0.5 else "shared"
    scene = draw_scene(rng, size, kind, at_least=3)
    asker = Asker(rng, scene.objects, _visible(scene.labels, scene.objects), scene.style.gray, not scene.style.faint)
    asked: tuple[QueryKind, ...] = ("absent_shape", "absent_colour") if not scene.style.faint else ("absent_shape",)
    for kind_asked in asked:
        yield from _question(kind_asked, scene.image, scene.labels, asker.absent(kind_asked))


def _ask_other_code(rng: np.random.Generator, size: int, conjunction: bool) -> Iterator[Question]:
    group = "other_code_conjunctions" if conjunction else "other_code_scenes"
    image, labels, objects = other_scenes.draw_plain(rng, other_scenes.draw_pairs(rng, conjunction), size)
    asker = Asker(rng, objects, _visible(labels, objects), gray=False)
    pair = Description(int(objects.shape[0]), int(objects.colour[0]))
    if conjunction:
        yield from _question(group, image, labels, asker.present(0, pair))
        yield from _question(f"{group}_absent", image, labels, asker.absent("absent_pair"))
        return
    by_word = Description(shape=pair.shape) if rng.random() < 0.5 else Description(colour=pair.colour)
    yield from _question(group, image, labels, asker.present(0, by_word if rng.random() < 0.6 else pair))
    asked: QueryKind = "absent_shape" if rng.random() < 0.5 else "absent_colour"
    yield from _question(f"{group}_absent", image, labels, asker.absent(asked))


@torch.no_grad()
def answer(starter: Starter, tokenizer: Tokenizer, asked: list[Question]) -> list[NDArray[np.bool_]]:
    """Return the model's mask (side, side) for each question, at probability one half."""
    starter.network.eval()
    answers: list[NDArray[np.bool_]] = []
    for start in range(0, len(asked), _CHUNK):
        chunk = asked[start : start + _CHUNK]
        images = torch.from_numpy(np.stack([question.image for question in chunk]))
        phrases = starter.read(*tokenise(tokenizer, [question.phrase for question in chunk]))
        logits = starter.decode(starter.features(images), phrases)[:, 0]
        answers += list((logits > 0).numpy())
    return answers


def measure(starter: Starter, tokenizer: Tokenizer, scenes: int = 200, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return the figures of each group of questions; see `score` for their names."""
    asked = list(questions(scenes, starter.image_size, seed))
    return score(asked, answer(starter, tokenizer, asked))


def overall(figures: dict[str, dict[str, float]]) -> float:
    """Return one number to choose between weights: the mean of all Dice and shares of empty answers."""
    return float(np.mean([group.get("dice", group.get("empty", 0.0)) for group in figures.values()]))


def score(asked: list[Question], answers: list[NDArray[np.bool_]]) -> dict[str, dict[str, float]]:
    """Return the figures of each group.

    Where something is named: `dice`, `dice_phrase_blind` (of marking every object) and `others_marked`, the share of
    the other objects' pixels that the answer covers. Where nothing is: `empty` (answers below 0.3 % of the picture),
    `empty_strict` (no pixel at all) and `false_share` (pixels marked, as a share of all objects' pixels).
    """
    groups: dict[str, list[tuple[Question, NDArray[np.bool_]]]] = {}
    for question, marked in zip(asked, answers, strict=True):
        groups.setdefault(question.group, []).append((question, marked))
    figures = {name: _score_group(pairs) for name, pairs in groups.items()}
    parts = {
        "absent_thing": groups.get("absent_shape", []) + groups.get("absent_colour", []),
        "scenes_faint": [pair for pair in groups.get("scenes", []) if pair[0].faint],
        "scenes_clear": [pair for pair in groups.get("scenes", []) if not pair[0].faint],
    }
    return figures | {name: _score_group(pairs) for name, pairs in parts.items() if pairs}


def _score_group(pairs: list[tuple[Question, NDArray[np.bool_]]]) -> dict[str, float]:
    rows: list[dict[str, float]] = []
    for question, marked in pairs:
        objects = question.target | question.others
        if question.target.any():
            others = max(1, int(question.others.sum()))
            rows.append(
                {
                    "dice": _dice(marked, question.target),
                    "dice_phrase_blind": _dice(objects, question.target),
                    "others_marked": int((marked & question.others).sum()) / others,
                }
            )
        else:
            rows.append(
                {
                    "empty": float(marked.mean() < EMPTY_SHARE),
                    "empty_strict": float(not marked.any()),
                    "false_share": int(marked.sum()) / max(1, int(objects.sum())),
                }
            )
    means = {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}
    return {"questions": len(rows)} | means


def _dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return 2 * int((first & second).sum()) / max(1, int(first.sum()) + int(second.sum()))


def open_model(folder: Path) -> tuple[Starter, Tokenizer]:
    """Return the network, in fp32, and the tokenizer of a model folder."""
    return open_starter(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
