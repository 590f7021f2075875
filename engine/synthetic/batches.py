"""Scenes from the pool → training batches: random views, fresh phrases, their masks and what each cell shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.synthetic.phrases import Description, ask
from engine.synthetic.pool import StoredScene
from engine.synthetic.scenes import MAX_OBJECTS, Objects
from engine.synthetic.words import COLOURS, POSITIONS, SHAPES, SIZES, TEXTURES

CELL: Final = 4  # pixels; the auxiliary targets say what each cell of this size shows
UNSAID: Final = -100  # no target here; the index that cross-entropy ignores


class SceneSource(Protocol):
    """Where scenes come from: the pool, or a handful in a test."""

    @property
    def filled(self) -> int: ...

    def read(self, slot: int) -> StoredScene: ...


@dataclass(frozen=True)
class Batch:
    """n images with p phrases each; c cells to a side."""

    images: Tensor  # (n, side, side, 3) uint8
    phrases: list[str]  # n * p, image by image
    masks: Tensor  # (n, p, side, side) bool
    objects: Tensor  # (n, side, side) bool: where any object lies
    cells: Tensor  # (n, 4, c, c) int64: shape, colour, texture, size of the cell's object, UNSAID on background
    objectness: Tensor  # (n, c, c) float: share of the cell that any object covers
    said: Tensor  # (n * p, 5) int64: shape, colour, texture, size, position named by the phrase; the count if none


def draw_batch(source: SceneSource, rng: np.random.Generator, images: int, phrases: int) -> Batch:
    """Return a batch of random views of random scenes."""
    pictures, masks, objects, cells, objectness = [], [], [], [], []
    texts: list[str] = []
    said: list[tuple[int, ...]] = []
    for slot in rng.integers(source.filled, size=images):
        scene = random_view(source.read(int(slot)), rng)
        count = len(scene.objects)
        visible = np.bincount(scene.labels.ravel(), minlength=count + 1)[1 : count + 1]
        queries = ask(
            rng,
            scene.objects,
            visible,
            phrases,
            gray=scene.gray,
            faint=scene.faint,
            conjunction=scene.conjunction,
        )
        chosen = np.zeros((phrases, MAX_OBJECTS + 1), dtype=np.bool_)
        for row, query in zip(chosen, queries, strict=True):
            row[1 : count + 1] = query.matches
        pictures.append(scene.image)
        masks.append(chosen[:, scene.labels])
        objects.append(scene.labels > 0)
        kinds, cover = describe_cells(scene.labels, scene.objects)
        cells.append(kinds)
        objectness.append(cover)
        texts += [query.phrase for query in queries]
        said += [_as_targets(query.description) for query in queries]
    return Batch(
        torch.from_numpy(np.stack(pictures)),
        texts,
        torch.from_numpy(np.stack(masks)),
        torch.from_numpy(np.stack(objects)),
        torch.from_numpy(np.stack(cells)),
        torch.from_numpy(np.stack(objectness)),
        torch.tensor(said),
    )


def _as_targets(description: Description) -> tuple[int, ...]:
    named = (description.shape, description.colour, description.texture, description.size, description.position)
    counts = (len(SHAPES), len(COLOURS), len(TEXTURES), len(SIZES), len(POSITIONS))
    return tuple(count if index is None else index for index, count in zip(named, counts, strict=True))


def describe_cells(labels: NDArray[np.uint8], objects: Objects) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the attributes (4, c, c) of the object that fills most of each cell, and the cell's cover (c, c)."""
    side = labels.shape[0] // CELL
    blocks = labels.reshape(side, CELL, side, CELL)
    count = len(objects)
    shares = np.stack([(blocks == k + 1).mean(axis=(1, 3)) for k in range(count)])  # (objects, c, c)
    winner, cover = shares.argmax(axis=0), shares.sum(axis=0)
    attributes = np.stack([objects.shape, objects.colour, objects.texture, objects.size]).astype(np.int64)
    kinds = np.where(shares.max(axis=0) >= 0.4, attributes[:, winner], UNSAID)
    return kinds, cover.astype(np.float32)


def random_view(scene: StoredScene, rng: np.random.Generator) -> StoredScene:
    """Return the scene mirrored or turned, with a change of light; the objects' places follow."""
    image, labels = scene.image, scene.labels
    x, y = scene.objects.x, scene.objects.y
    if rng.random() < 0.5:
        image, labels, x = image[:, ::-1], labels[:, ::-1], 1 - x
    if rng.random() < 0.25:
        image, labels, y = image[::-1], labels[::-1], 1 - y
    if rng.random() < 0.25:
        image, labels, x, y = image.swapaxes(0, 1), labels.swapaxes(0, 1), y, x
    if rng.random() < 0.3:
        table = np.arange(256) * rng.uniform(0.85, 1.12) + rng.uniform(-12, 12)
        image = np.clip(table, 0, 255).astype(np.uint8)[image]
    objects = replace(scene.objects, x=x, y=y)
    return replace(scene, image=np.ascontiguousarray(image), labels=np.ascontiguousarray(labels), objects=objects)
