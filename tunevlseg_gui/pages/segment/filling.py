"""Answers shown while they are made: slices fill in, and what was shown before comes back on a cancel."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.contract.errors import EngineError
from tunevlseg_gui.pages.segment.answers import Question, place_layers
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer
from tunevlseg_gui.viewer.scan import map_array

REPAINT_S = 0.1


class FillingAnswers:
    """The layers of one question on the way. `show` draws layers; nothing else of the page changes before the end."""

    def __init__(
        self,
        question: Question,
        shape_zyx: tuple[int, int, int],
        before: list[Layer],
        show: Callable[[list[Layer]], None],
    ) -> None:
        self._question = question
        self._shape = shape_zyx
        self._before = before
        self._show = show
        self._layers: dict[str, Layer] = {}
        self._painted = 0.0

    def slice_done(self, path: str) -> None:
        """Some more of the file at `path` is filled; the engine makes the files in the order of the phrases."""
        if not path or Path(path).parent != self._question.folder:
            return
        if path not in self._layers:
            self._begin(path)
        now = time.monotonic()
        if len(self._layers) < len(self._question.phrases) or now - self._painted < REPAINT_S:
            return
        self._painted = now
        for layer in self._layers.values():
            layer.revision += 1
        self._show(place_layers(self._before, list(self._layers.values())))

    def over(self, *, answered: bool) -> None:
        """What was shown before comes back, unless the whole answer follows."""
        if self._layers and not answered:
            self._show(self._before)

    def _begin(self, path: str) -> None:
        number = len(self._layers)
        if number >= len(self._question.phrases):
            return
        try:
            levels = map_array(Path(path))
        except EngineError:
            return  # not yet there, or gone: the end tells
        if levels.shape == self._shape and levels.dtype == np.uint8:
            self._layers[path] = Layer(self._question.phrases[number], levels, COLOURS[0])
