"""A pool of drawn scenes on disk, filled by a process of its own while training reads from it.

Files hold plain arrays, so an interrupted training finds its scenes again; the oldest slot is drawn over first.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.scenes import MAX_OBJECTS, Objects, Scene, draw_kind, draw_scene

_ATTRIBUTES: Final = ("shape", "colour", "texture", "size")
_FLAGS: Final = ("gray", "faint", "conjunction")
_EMPTY: Final = -1  # in attribute slots beyond the scene's number of objects


@dataclass(frozen=True)
class StoredScene:
    """A scene as read from the pool; image and labels are views of the files."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    objects: Objects
    gray: bool
    faint: bool
    conjunction: bool


class ScenePool:
    """Fixed number of slots in memory-mapped files: images, labels, attributes, places, and how many were written."""

    def __init__(self, folder: Path, slots: int, size: int = 128) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        layout = {"slots": slots, "size": size}
        layout_file = folder / "layout.json"
        fresh = not layout_file.exists() or json.loads(layout_file.read_text(encoding="utf-8")) != layout
        mode: Literal["w+", "r+"] = "w+" if fresh else "r+"

        def array(name: str, kind: type[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic]:
            return np.memmap(folder / f"{name}.raw", dtype=kind, mode=mode, shape=shape)

        self.slots = slots
        self._images = array("images", np.uint8, (slots, size, size, 3))
        self._labels = array("labels", np.uint8, (slots, size, size))
        self._attributes = array("attributes", np.int8, (slots, len(_ATTRIBUTES), MAX_OBJECTS))
        self._places = array("places", np.float32, (slots, 2, MAX_OBJECTS))
        self._flags = array("flags", np.int8, (slots, len(_FLAGS)))
        self._written = array("written", np.int64, (1,))
        if fresh:
            layout_file.write_text(json.dumps(layout), encoding="utf-8")

    @property
    def written(self) -> int:
        """How many scenes were ever written."""
        return int(self._written[0])

    @property
    def filled(self) -> int:
        """How many slots hold a scene."""
        return min(self.written, self.slots)

    def write(self, scene: Scene, conjunction: bool) -> None:
        slot, count = self.written % self.slots, len(scene.objects)
        self._images[slot] = scene.image
        self._labels[slot] = scene.labels
        self._attributes[slot] = _EMPTY
        for row, name in enumerate(_ATTRIBUTES):
            self._attributes[slot, row, :count] = getattr(scene.objects, name)
        self._places[slot, 0, :count] = scene.objects.x
        self._places[slot, 1, :count] = scene.objects.y
        self._flags[slot] = (scene.style.gray, scene.style.faint, conjunction)
        self._written[0] += 1

    def read(self, slot: int) -> StoredScene:
        count = int((self._attributes[slot, 0] != _EMPTY).sum())
        shape, colour, texture, size = self._attributes[slot, :, :count]
        x, y = self._places[slot, :, :count]
        gray, faint, conjunction = (bool(flag) for flag in self._flags[slot])
        objects = Objects(shape, colour, texture, size, x, y)
        return StoredScene(self._images[slot], self._labels[slot], objects, gray, faint, conjunction)


def fill_forever(folder: Path, slots: int, size: int, seed: int, scenes_per_second: float) -> None:
    """Draw scenes into the pool until the parent process is gone; fast at first, then at the given rate."""
    parent = os.getppid()
    if hasattr(os, "setsid"):  # POSIX: a session of its own, so that it does not share the trainer's priority
        os.setsid()
        os.nice(5)
    pool = ScenePool(folder, slots, size)
    while os.getppid() == parent:
        # The seed follows from the number of the scene: an interrupted run draws on, it does not draw again.
        rng = np.random.default_rng((seed, pool.written))
        started = time.monotonic()
        for _ in range(16):
            kind = draw_kind(rng)
            pool.write(draw_scene(rng, size, kind), conjunction=kind == "conjunction")
        if pool.written > slots:
            time.sleep(max(0.0, 16 / scenes_per_second - (time.monotonic() - started)))


def start_producer(folder: Path, slots: int, size: int, seed: int, scenes_per_second: float) -> SpawnProcess:
    """Start the drawing process; it ends with this one."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(
        target=fill_forever, args=(folder, slots, size, seed, scenes_per_second), daemon=True, name="scene-producer"
    )
    process.start()
    return process
