"""Images encoded once by a tuned network, to be asked any number of phrases: what every look at phrases works on."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.assemble import Network
from engine.contract.control import CancelToken, Ticker
from engine.models.base import ImageFeatures, grid_rows
from engine.strategies.base import Prompts

Masks = NDArray[np.float32]
_IMAGES_AT_ONCE = 4
_PAIRS_AT_ONCE = 48


class KeptImages:
    """Answers of a tuned network on images that it encoded once."""

    def __init__(
        self, network: Network, pixels: NDArray[np.float32], cancel: CancelToken, ticker: Ticker | None = None
    ) -> None:
        """`pixels` (n, 3, S, S), normalised; `ticker` hears of each image. Raises Cancelled."""
        tuned = network.tuned.eval()
        self._network = network
        self._tuned = tuned
        self._cancel = cancel
        self._device = network.device
        self._kept: list[ImageFeatures] = []
        count = tuned.learner.label_count()
        labels = torch.arange(count, device=self._device) if count else None
        with torch.inference_mode():
            prompts = Prompts() if tuned.learner.needs_pooled else tuned.learner(None, labels)
            for start in range(0, len(pixels), _IMAGES_AT_ONCE):
                cancel.check()
                batch = torch.from_numpy(pixels[start : start + _IMAGES_AT_ONCE]).to(self._device)
                self._kept.append(tuned.encode_images(batch, prompts, labels))
                if ticker is not None:
                    ticker.step(len(batch))

    def __len__(self) -> int:
        return sum(len(part) // (part.labels or 1) for part in self._kept)

    def only(self, places: Sequence[int]) -> KeptImages:
        """Some of the images, at `places`; they are not encoded again."""
        some = copy.copy(self)
        starts = np.cumsum([0, *(len(part) // (part.labels or 1) for part in self._kept)])
        some._kept = []
        for place in places:
            part = int(np.searchsorted(starts, place, side="right")) - 1
            image, labels = self._kept[part], self._kept[part].labels or 1
            first = (place - int(starts[part])) * labels
            some._kept.append(image.rows(torch.arange(first, first + labels, device=self._device)))
        return some

    def ask(self, phrases: Sequence[str], labels: Sequence[int]) -> Masks:
        """Probabilities (n, P, S, S); `labels` (P,): whose learned words each phrase takes, where each has its own.

        Phrases end as the network was tuned with (a full stop, where it knows one). Raises Cancelled.
        """
        learner = self._tuned.learner
        ids, mask = self._network.tokens(phrases)
        whose = torch.tensor(list(labels), device=self._device)
        found = []
        with torch.inference_mode():
            text = None if learner.needs_pooled else self._tuned.encode_phrases(ids, mask, None, whose)
            for image in self._kept:
                per_label = image.labels or 1
                count = len(image) // per_label
                rows, asked = grid_rows(count, len(phrases), self._device)
                parts = []
                for start in range(0, len(rows), _PAIRS_AT_ONCE):
                    self._cancel.check()
                    row, at = rows[start : start + _PAIRS_AT_ONCE], asked[start : start + _PAIRS_AT_ONCE]
                    chosen = image.rows(row * per_label + whose[at] if image.labels else row)
                    if text is not None:
                        words = text.rows(at)
                    else:
                        given = learner(chosen.pooled, whose[at])
                        words = self._tuned.vlsm.encode_text(ids[at], mask[at], given.text, given.place)
                    parts.append(self._tuned.answer(chosen, words)[:, 0].float().sigmoid().cpu())
                answers = torch.cat(parts)
                found.append(answers.reshape(count, len(phrases), *answers.shape[-2:]).numpy())
        return np.concatenate(found)
