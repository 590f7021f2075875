"""A base model with a learner: what is tuned, evaluated and exported."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from engine.contract.errors import InputError
from engine.models.base import VLSM, ImageFeatures, TextFeatures, grid_rows
from engine.strategies.base import PromptLearner, Prompts, StrategyConfig
from engine.strategies.upsampler import Upsampler


class TunedModel(nn.Module):
    """Freezes the base model, then lets the strategy choose what learns."""

    def __init__(self, vlsm: VLSM, config: StrategyConfig, learner: PromptLearner) -> None:
        super().__init__()
        vlsm.freeze()
        self.vlsm = vlsm
        self.config = config
        self.learner = learner
        self.upsampler = (
            None
            if config.upsampler == "none"
            else Upsampler(
                vlsm.sites.map_width,
                config.upsampler_kernel,
                config.upsampler_ratio,
                config.upsampler,
                vlsm.sites.branch_width,
            )
        )
        config.unfreeze(vlsm)

    def train(self, mode: bool = True) -> TunedModel:
        """Frozen parts stay in evaluation mode: their dropout and batch statistics must not move."""
        super().train(mode)
        if not self.config.learns_tower:
            self.vlsm.eval()
        for module in self.vlsm.modules():
            # Their running statistics are no parameters: a run would not keep them.
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    @property
    def tower_is_fixed(self) -> bool:
        """The same picture always leaves the image tower alike: `seen` may be kept."""
        return not self.config.learns_tower and not self.learner.image_varies

    @property
    def image_is_fixed(self) -> bool:
        """The same picture always gives the same image features."""
        return self.tower_is_fixed and not self.config.learns_decoder

    @property
    def text_is_fixed(self) -> bool:
        """The same phrase always gives the same text features."""
        return not self.learner.text_varies and not self.config.learns_tower

    @property
    def kept_kind(self) -> str:
        """What `seen` gives: features of the same weights, of the same kind, are the same."""
        taps = "raw" if self.config.learns_decoder else "reduced"
        return f"{taps}+pooled" if self.learner.needs_pooled else taps

    def seen(self, images: Tensor) -> ImageFeatures:
        """(B, 3, S, S) → what the fixed tower says: as much of `encode_images` as never changes.

        Where the decoder's first layers learn, its taps are not reduced yet; `from_seen` goes on from there.
        """
        found = self.vlsm.tower(images, pooled=self.learner.needs_pooled)
        return found if self.config.learns_decoder else self.vlsm.reduce(found)

    def from_seen(self, seen: ImageFeatures) -> ImageFeatures:
        """What `encode_images` gives, from what `seen` gave."""
        return self.vlsm.reduce(seen) if self.config.learns_decoder else seen

    def encode_images(
        self, images: Tensor, prompts: Prompts | None = None, label_index: Tensor | None = None
    ) -> ImageFeatures:
        """(B, 3, S, S) → features with the image side of `prompts`, by default what the learner gives now.

        Where image prompts differ by label (`learner.image_per_label`), each image is encoded once for each of them:
        rows are (image, label) pairs, images first, as many as `label_index` (L,) has for each image.

        Whoever needs both sides asks the learner once and hands the same `prompts` to both encoders: a learner may
        draw random numbers. Where prompts depend on the image, these are the features that they depend on.
        """
        if self.learner.needs_pooled:
            return self.vlsm.encode_image(images, None, pooled=True)
        if prompts is None:
            prompts = self.learner(None, label_index) if self.learner.image_varies else Prompts()
        side = prompts.image
        if not self.learner.image_per_label or side is None or side.ndim == 3:
            return self.vlsm.encode_image(images, side)
        rows, asked = grid_rows(images.shape[0], side.shape[1], images.device)
        return replace(self.vlsm.encode_image(images[rows], side[:, asked]), labels=side.shape[1])

    def encode_phrases(
        self, ids: Tensor, mask: Tensor, prompts: Prompts | None = None, label_index: Tensor | None = None
    ) -> TextFeatures:
        """(L, T) → features with the text side of `prompts`; only where those do not depend on the image."""
        prompts = self.learner(None, label_index) if prompts is None else prompts
        return self.vlsm.encode_text(ids, mask, prompts.text, prompts.place)

    def answer(self, image: ImageFeatures, text: TextFeatures) -> Tensor:
        """Row i of `image` asked row i of `text`: logits (N, 1, S, S)."""
        decoded = self.vlsm.decode(image, text)
        return decoded.logits if self.upsampler is None else self.upsampler(decoded.logits, decoded.map)

    def ask(self, image: ImageFeatures, text: TextFeatures) -> Tensor:
        """Every image asked every phrase: logits (B, L, S, S). `image` as `encode_images` gives it."""
        phrases = text.embedding.shape[0]
        images = len(image) // (image.labels or 1)
        rows, asked = grid_rows(images, phrases, text.embedding.device)
        logits = self.answer(image if image.labels else image.rows(rows), text.rows(asked))
        return logits.reshape(images, phrases, *logits.shape[-2:])

    def forward(self, images: Tensor, ids: Tensor, mask: Tensor, label_index: Tensor | None = None) -> Tensor:
        """`images` (B, 3, S, S), phrases `ids`, `mask` (L, T) → logits (B, L, S, S); each image is encoded once.

        `label_index` (L,) says which label each phrase stands for; needed where learned words differ by label.
        """
        if self.learner.needs_pooled:
            return self.ask_with_words(self.encode_images(images), ids, mask, label_index)
        prompts = self.learner(None, label_index)
        return self.ask(self.encode_images(images, prompts), self.encode_phrases(ids, mask, prompts))

    def ask_with_words(
        self, image: ImageFeatures, ids: Tensor, mask: Tensor, label_index: Tensor | None = None
    ) -> Tensor:
        """As `ask`, where prompts depend on the image: every phrase is encoded for every image."""
        images, phrases = len(image), ids.shape[0]
        rows, asked = grid_rows(images, phrases, ids.device)
        assert image.pooled is not None
        labels = None if label_index is None else label_index[asked]
        prompts = self.learner(image.pooled[rows], labels)
        text = self.vlsm.encode_text(ids[asked], mask[asked], prompts.text, prompts.place)
        logits = self.answer(image.rows(rows), text)
        return logits.reshape(images, phrases, *logits.shape[-2:])

    def ask_each(
        self,
        image: ImageFeatures,
        prompts: Prompts,
        ids: Tensor,
        mask: Tensor,
        columns: Tensor,
        said: Tensor,
        label_index: Tensor,
        encoded: TextFeatures | None = None,
    ) -> Tensor:
        """As `ask`, where each image says something of its own for each label: logits (B, L, S, S).

        `ids` and `mask` (T, N) are texts, right-padded; `columns` (T,) the place of each one's label among the labels;
        `said` (B, L) the text for each pair. `prompts` are those that `image` was encoded with; `label_index` (L,) as
        in `forward`. Each text that occurs is encoded once, at the length of the longest of them, unless prompts depend
        on the image. `encoded`: all T texts, where they are encoded already. With `said` on the CPU no device is waited
        for, provided that `mask` lies there too.
        """
        images, labels = said.shape
        device = ids.device
        rows, _ = grid_rows(images, labels, device)
        if encoded is not None:
            text = encoded.rows(said.flatten().to(device, non_blocking=True))
            return self._each(image, text, rows, images, labels)
        distinct, order = torch.unique(said.cpu(), return_inverse=True)
        length = int(mask[distinct.to(mask.device)].sum(dim=1).max())
        used = distinct.to(device, non_blocking=True)
        asked = order.flatten().to(device, non_blocking=True)
        ids, mask = ids[used, :length], mask.to(device)[used, :length]
        if self.learner.needs_pooled:
            assert image.pooled is not None
            own = label_index[columns[used[asked]]]
            given = self.learner(image.pooled[rows], own)
            text = self.vlsm.encode_text(ids[asked], mask[asked], given.text, given.place)
        else:
            side = prompts.text
            if side is not None and self.learner.text_per_label and side.ndim == 4:
                side = side[:, columns[used]]
            text = self.vlsm.encode_text(ids, mask, side, prompts.place).rows(asked)
        return self._each(image, text, rows, images, labels)

    def _each(self, image: ImageFeatures, text: TextFeatures, rows: Tensor, images: int, labels: int) -> Tensor:
        logits = self.answer(image if image.labels else image.rows(rows), text)
        return logits.reshape(images, labels, *logits.shape[-2:])

    def pairs(self, images: Tensor, ids: Tensor, mask: Tensor, label_index: Tensor | None = None) -> Tensor:
        """Image i asked phrase i, which stands for label `label_index[i]`: (N, 3, S, S), (N, T) → (N, 1, S, S)."""
        if self.learner.needs_pooled:
            image = self.encode_images(images)
            prompts = self.learner(image.pooled, label_index)
        else:
            prompts = self.learner(None, label_index)
            image = self.vlsm.encode_image(images, prompts.image)
        return self.answer(image, self.vlsm.encode_text(ids, mask, prompts.text, prompts.place))

    def learned(self) -> dict[str, nn.Parameter]:
        """What learns, by name, in the order of the modules."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    def learner_state(self) -> dict[str, Tensor]:
        """Copies on the CPU of what learns: all that a run saves."""
        return {name: parameter.detach().cpu().contiguous().clone() for name, parameter in self.learned().items()}

    def load_learner_state(self, state: dict[str, Tensor]) -> None:
        """Raises InputError where names or shapes are not those of this recipe."""
        own = self.learned()
        wrong = sorted(set(own) ^ set(state)) + sorted(
            name for name in set(own) & set(state) if own[name].shape != state[name].shape
        )
        if wrong:
            raise InputError(
                f"The saved weights do not fit this recipe: {', '.join(wrong[:3])}.",
                hint="The run's recipe.yaml or best.safetensors was changed; tune again.",
            )
        with torch.no_grad():
            for name, parameter in own.items():
                parameter.copy_(state[name])
