"""Tuned tiny models and what is exported of them: one export for every way in which prompts may depend on something.

Tracing costs seconds whatever the size of the network, so an export is made once a test process and gives every
precision at once; tests of the exporter, the examples and the reader share it.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.bundle.manifest import BaseModelInfo, BundleLabel, Manifest, Precision
from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken
from engine.contract.events import Event
from engine.export import EXPORTERS, int8
from engine.export.base import ExportParts, ImageSet
from engine.models.clipseg import ClipSeg
from engine.models.cris_vlsm import Cris
from engine.strategies.base import STRATEGIES
from engine.strategies.tuned_model import TunedModel
from engine.volumes.preprocess import Preprocess
from tests.fakes.tiny_clipseg import tiny_network, tiny_tokenizer
from tests.fakes.tiny_cris import tiny_cris

SIZE = 32
PREPROCESS = Preprocess(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
LABELS = [
    BundleLabel(value=1, name="polyp", phrase="a red polyp"),
    BundleLabel(value=2, name="liver", phrase="liver", colour="#00ff00"),
]
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8")


@dataclass(frozen=True)
class Kind:
    """A strategy, its settings and the network under it."""

    strategy: str
    settings: Mapping[str, object]
    cris: bool = False
    labels: bool = True


KINDS = {
    "words alone": Kind(
        "coop",
        {"prompt_depth": 2, "num_context": 4, "initialise_from": None, "class_position": "middle"},
        labels=False,
    ),
    "label to both": Kind("maple", {"prompt_depth": 2, "per_label": True}),
    "image to words to mask": Kind("cocoop", {"prompt_depth": 2, "deep_from": 0}, cris=True),
}
MORE_KINDS = {
    "image prompts": Kind("vpt", {"prompt_depth": 2, "num_context": 3, "upsampler": "blend"}),
    "image to text": Kind("cocoop", {"prompt_depth": 2}),
    "words to mask": Kind(
        "coop", {"prompt_depth": 2, "num_context": 4, "initialise_from": None, "upsampler": "blend"}, cris=True
    ),
}
"""The rest of the ways; each of their parts occurs in KINDS too."""


@dataclass(frozen=True)
class Exported:
    kind: Kind
    tuned: TunedModel
    bundles: Mapping[Precision, Bundle]
    events: list[Event]


@functools.cache
def exported(exporter: str, name: str) -> Exported:
    """What `exporter` makes of one of KINDS, in every precision."""
    return export_kind(exporter, KINDS[name], _folder() / f"{exporter} {name}")


def export_kind(exporter: str, kind: Kind, folder: Path) -> Exported:
    tuned = tuned_model(kind.strategy, cris=kind.cris, **kind.settings)
    outs: dict[Precision, Path] = {precision: folder / f"tiny-{precision}.vlseg" for precision in PRECISIONS}
    events: list[Event] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(int8, "FEWEST_WEIGHTS", 1024)  # a tiny network has tiny tables
        EXPORTERS.get(exporter)().write(tuned, parts(labels=kind.labels), outs, events.append, CancelToken(), "job")
    return Exported(kind, tuned, {precision: Bundle.open(out) for precision, out in outs.items()}, events)


def tuned_model(strategy: str, *, cris: bool = False, **settings: object) -> TunedModel:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    vlsm = Cris(tiny_cris(layers=2)) if cris else ClipSeg(tiny_network(layers=2))
    config = STRATEGIES.get(strategy)(**settings)
    tuned = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.randn(4, vlsm.sites.text_width), 2))
    with torch.no_grad():
        for name, parameter in tuned.learned().items():
            # As after tuning: nothing is zero. Weights of the network itself only move a little, or nothing they say
            # would be stable to the fourth digit.
            own = name.startswith("vlsm.")
            parameter.add_(torch.randn_like(parameter) * (0.02 if own else 0.5))
    return tuned.eval()


def parts(*, labels: bool) -> ExportParts:
    manifest = Manifest(
        name="tiny",
        labels=LABELS if labels else [],
        preprocess=PREPROCESS,
        model=BaseModelInfo(name="clipseg", id="tiny", sha256="0" * 64),
        max_length=16,
        pad_id=0,
        append_stop=False,
    )
    draw = np.random.default_rng(0).standard_normal
    sets = (
        ImageSet(draw((4, 3, SIZE, SIZE)).astype(np.float32), "validation"),
        ImageSet(draw((2, 3, SIZE, SIZE)).astype(np.float32), "drawn"),
    )
    return ExportParts(manifest, tiny_tokenizer().to_str().encode(), sets)


@functools.cache
def _folder() -> Path:
    return Path(_kept().name)


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="exported-")
