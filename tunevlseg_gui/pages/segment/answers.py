"""From the result of a Segment job to layers over the scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bundle.levels import threshold_level
from engine.contract.errors import InputError
from tunevlseg_gui.pages.segment.model_choice import ModelChoice
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.mask_overlay import COLOURS, MOST_LAYERS, Layer, count_levels
from tunevlseg_gui.viewer.scan import map_array


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked of which model; `folder` receives the probabilities."""

    model: ModelChoice
    axis: str
    phrases: tuple[str, ...]
    folder: Path
    label: str = ""  # whose learned words free phrases take; empty: the nearest name
    skip_air: bool = False

    def goes_with(self, other: Question) -> bool:
        """Whether answers of both can be shown together and saved by one job."""
        ours, theirs = ((one.model.key, one.axis, one.label, one.skip_air) for one in (self, other))
        return ours == theirs


def read_answers(result: dict[str, Any], question: Question, shape_zyx: tuple[int, int, int]) -> list[Layer]:
    """One layer a phrase, mapped from the files that the engine wrote.

    The engine answers a phrase that names one of the bundle's labels under the label's name: the order tells which
    answer is whose. Raises ScanUnreadable or InputError where an answer is missing or lies on another grid.
    """
    paths = [Path(str(known["path"])) for known in result.get("probabilities") or []]
    if len(paths) != len(question.phrases):
        raise InputError(
            translate("Answers", "{n} phrases were asked, {given} answers came.").format(
                n=len(question.phrases), given=len(paths)
            ),
            hint=translate("Answers", "Ask again."),
        )
    masks: list[dict[str, Any]] = list(result.get("masks") or []) or [{}] * len(paths)
    layers = []
    for phrase, path, mask in zip(question.phrases, paths, masks, strict=True):
        levels = map_array(path)
        if levels.shape != shape_zyx or levels.dtype != np.uint8:
            raise InputError(
                translate("Answers", "An answer does not lie on the scan's grid."),
                hint=translate("Answers", "Open the scan again and ask again."),
            )
        calibrated = bool(mask.get("presence_calibrated"))
        layers.append(
            Layer(
                phrase,
                levels,
                COLOURS[0],
                counts=count_levels(levels),
                label_used=str(mask.get("label_used") or ""),
                presence=float(mask.get("presence", 1.0)),
                presence_cut=float(mask["presence_cut"]) if calibrated else None,
            )
        )
    return layers


def place_layers(shown: Sequence[Layer], new: Sequence[Layer]) -> list[Layer]:
    """New answers join those shown: one to the same phrase takes its place and colour, the rest get free colours.

    A layer that is edited keeps its place. Of more than MOST_LAYERS the oldest go.
    """
    layers = list(shown)
    for layer in new:
        same = next((number for number, known in enumerate(layers) if known.phrase == layer.phrase), None)
        if same is not None and layers[same].edited:
            continue
        if same is not None:
            layer.colour = layers[same].colour
            layers[same] = layer
            continue
        if len(layers) == MOST_LAYERS:
            layers.pop(0)
        taken = {known.colour for known in layers}
        layer.colour = next(colour for colour in COLOURS if colour not in taken)
        layers.append(layer)
    return layers


def judge(layers: Iterable[Layer], presence: float | None, threshold: float) -> None:
    """Sets from which score the phrases count as found (None: as the model says).

    A layer that is found now, or no longer, is shown or hidden by it.
    """
    for layer in layers:
        for one in (layer, layer.proposal):
            if one is None:
                continue
            was_present = one.is_present(threshold)
            one.presence_wanted = presence
            if one.is_present(threshold) != was_present:
                one.visible = not was_present


def fullest_slice(slices: NDArray[np.uint8], threshold: float) -> int:
    """Number of the slice [n, h, w] with the largest mask."""
    level = threshold_level(threshold)
    return int(np.argmax([np.count_nonzero(one >= level) for one in slices]))
