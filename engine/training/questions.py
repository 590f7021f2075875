"""What the network is asked in a step: phrases encoded once, or the texts of each image; answers in full precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.data.batch import Batch
from engine.models.base import ImageFeatures, TextFeatures
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel
from engine.training.plan import Plan
from engine.training.precision import autocast
from engine.training.step import Asked

TEXTS_AT_ONCE = 64
"""Texts of a dataset that are encoded together, where they are encoded once."""


class FeatureSource(Protocol):
    """Where a batch's image features come from: kept ones, or the image tower."""

    def features(self, batch: Batch, prompts: Prompts | None = None) -> ImageFeatures: ...


@dataclass(frozen=True, slots=True)
class Phrases:
    """One phrase per label: `ids` and `mask` (L, T), the labels' names and colours.

    `label_index` (L,) says which of the labels that were tuned each is: whose learned words it takes.
    """

    ids: Tensor
    mask: Tensor
    label_index: Tensor
    names: list[str]
    colours: list[str]

    def to(self, device: torch.device) -> Phrases:
        ids, mask, label_index = (tensor.to(device) for tensor in (self.ids, self.mask, self.label_index))
        return Phrases(ids, mask, label_index, self.names, self.colours)


@dataclass(frozen=True, slots=True)
class Texts:
    """What a dataset says of its images where that is not always a label's phrase: `ids` and `mask` (T, N) tokens.

    `columns` (T,) is the place of each text's label among the phrases. The mask stays on the CPU, where the length of a
    batch's texts is looked up.
    """

    ids: Tensor
    mask: Tensor
    columns: Tensor

    def to(self, device: torch.device) -> Texts:
        return Texts(self.ids.to(device), self.mask, self.columns.to(device))


class Questions:
    """Asks a tuned network. `plan` says each time with which numbers: it may change between steps."""

    def __init__(self, model: TunedModel, phrases: Phrases, device: torch.device) -> None:
        self._model = model
        self._phrases = phrases
        self._device = device
        self._text: TextFeatures | None = None
        self._texts: dict[int, TextFeatures] = {}

    def forget(self) -> None:
        """Phrases are encoded anew where they had been kept: the way of computing has changed."""
        self._text = None
        self._texts.clear()

    def asked(self, texts: Texts | None, plan: Plan) -> Asked:
        """What the learner gives now, and the phrases encoded with it: each phrase once, whatever the batch holds.

        Where images have texts of their own, those of a batch are encoded with it.
        """
        if self._model.learner.needs_pooled:
            return Prompts(), None
        with autocast(plan, self._device):
            return self._learned(texts)

    def _learned(self, texts: Texts | None) -> Asked:
        prompts = self._model.learner(None, self._phrases.label_index)
        if texts is not None:
            return prompts, None
        if not self._model.text_is_fixed:
            return prompts, self._model.encode_phrases(self._phrases.ids, self._phrases.mask, prompts)
        if self._text is None:
            with torch.no_grad():
                self._text = self._model.encode_phrases(self._phrases.ids, self._phrases.mask, prompts)
        return prompts, self._text

    def logits(self, batch: Batch, source: FeatureSource, asked: Asked, texts: Texts | None, plan: Plan) -> Tensor:
        """Float32 (B, L, S, S); `texts` are those of the batch's dataset."""
        with autocast(plan, self._device):
            logits = self._network(batch, source, asked, texts)
        return logits.float()

    def _network(self, batch: Batch, source: FeatureSource, asked: Asked, texts: Texts | None) -> Tensor:
        prompts, text = asked
        image = source.features(batch, prompts)
        if texts is not None and batch.said is not None:
            return self._model.ask_each(
                image,
                prompts,
                texts.ids,
                texts.mask,
                texts.columns,
                batch.said,
                self._phrases.label_index,
                self._encoded(texts),
            )
        if text is None:
            return self._model.ask_with_words(image, self._phrases.ids, self._phrases.mask, self._phrases.label_index)
        return self._model.ask(image, text)

    def _encoded(self, texts: Texts) -> TextFeatures | None:
        """All texts of a split, encoded once in the run; None where they learn."""
        if not self._model.text_is_fixed:
            return None
        if id(texts) not in self._texts:
            prompts = self._model.learner(None, self._phrases.label_index)
            with torch.no_grad():
                found = [
                    self._model.encode_phrases(ids, mask.to(self._device), prompts)
                    for ids, mask in zip(*(torch.split(t, TEXTS_AT_ONCE) for t in (texts.ids, texts.mask)), strict=True)
                ]
            self._texts[id(texts)] = TextFeatures.joined(found)
        return self._texts[id(texts)]
