"""The image features of a run's two splits: where they are kept, and what decides whether another run's may be used."""

from __future__ import annotations

from importlib.metadata import version

import torch

from engine.data.loader import Loader
from engine.strategies.tuned_model import TunedModel
from engine.training.config import TrainingConfig
from engine.training.feature_cache import FeatureCache, kind_of
from engine.training.features import ImageSource, Keeping
from engine.training.plan import Plan
from engine.volumes.preprocess import Preprocess


def image_sources(
    model: TunedModel,
    loaders: tuple[Loader, Loader],
    device: torch.device,
    config: TrainingConfig,
    plan: Plan,
    base: str,
    epochs: int,
) -> tuple[ImageSource, ImageSource]:
    """Of training and validation images. `base`: what tells the base network from others; empty: nothing is shared."""
    train, val = loaders
    keep, keeping = config.keep_features, _keeping(model, train, device, config, plan, base)
    # One look at an image is worth keeping only where later runs look again.
    often = epochs > 1 or keeping.cache is not None
    # In bf16, which is taken where it was measured to be faster, the views of all epochs cost the first one no more
    # than the image alone does in fp32; in fp32 each epoch encodes what it needs, so that none is slow.
    ahead = plan.precision == "bf16"
    return (
        ImageSource(
            model, train, device, keep=keep and bool(model.learned()), epochs=epochs, keeping=keeping, ahead=ahead
        ),
        ImageSource(model, val, device, keep=keep and often, keeping=keeping),
    )


def _keeping(
    model: TunedModel, train: Loader, device: torch.device, config: TrainingConfig, plan: Plan, base: str
) -> Keeping:
    """Where features are held and what decides their numbers; after memory ran out, on disk at most."""
    wanted = config.feature_place if plan.keep_features else "disk"
    cache = shared_cache(model, train.dataset.preprocess, device, config, plan, base)
    return Keeping(wanted, _numbers(config), cache)


def shared_cache(
    model: TunedModel, preprocess: Preprocess, device: torch.device, config: TrainingConfig, plan: Plan, base: str
) -> FeatureCache | None:
    """The part of the cache that holds what this model says of images; None where nothing is shared."""
    if not base or not config.feature_disk:
        return None
    kind = kind_of(
        base=base,
        kind=model.kept_kind,
        preprocess=preprocess.model_dump(mode="json", include={"size", "mean", "std"}),
        numbers=str(_numbers(config)),
        device=device.type,
        attention=plan.attention,
        precision=plan.precision,
        channels_last=plan.channels_last,
        torch=torch.__version__,
        transformers=version("transformers"),
    )
    return FeatureCache(kind, int(config.feature_disk * 1e9))


def _numbers(config: TrainingConfig) -> torch.dtype:
    return torch.float16 if config.feature_numbers == "fp16" else torch.float32
