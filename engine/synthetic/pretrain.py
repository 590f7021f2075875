"""Trains a starter model on drawn scenes: `python -m engine.synthetic.pretrain --out FOLDER [--model cris]`."""

from __future__ import annotations

import argparse
import json
import logging
import math
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from engine.models.base import TextFeatures
from engine.synthetic.batches import Batch, draw_batch
from engine.synthetic.checkpoint import MIDDLE, load_checkpoint, save_checkpoint, save_weights
from engine.synthetic.evaluate import overall
from engine.synthetic.export_model import export_model, measure_weights
from engine.synthetic.mask_loss import mask_loss
from engine.synthetic.muon import Muon
from engine.synthetic.network import tokenise
from engine.synthetic.objectives import HelperTasks, batch_figures
from engine.synthetic.pool import ScenePool, start_producer
from engine.synthetic.starters import KINDS, Starter, build_starter, pad_words
from engine.synthetic.tokenizer_build import build_tokenizer

_LOG = logging.getLogger(__name__)
_MIDDLE_PART: Final = 0.8  # of the time, after which the averaged weights are kept for the blend
_FIRST_SCENES: Final = 512  # drawn before the first step
_HELPER_WEIGHTS: Final = {"cells": 0.3, "picture": 0.1, "phrase": 0.2}


@dataclass(frozen=True)
class PretrainSettings:
    """How to pretrain; time is wall-clock, because the schedule must end when the machine's hour does."""

    out: Path
    model: str = "clipseg"
    minutes: float = 82.0
    threads: int = 1
    images: int = 32
    phrases: int = 5
    learning_rate: float = 1.2e-3
    warm_up_steps: int = 120
    slots: int = 12_000
    scenes_per_second: float = 25.0
    checkpoint_minutes: float = 3.0
    seed: int = 2026


class Pretraining:
    """One run: network, helpers, optimisers, pool; `run` goes on until the time is used up."""

    def __init__(self, settings: PretrainSettings) -> None:
        self.settings = settings
        torch.set_num_threads(settings.threads)
        self.tokenizer = _open_tokenizer(settings.out / "tokenizer.json")
        self.starter = build_starter(settings.model, self.tokenizer.get_vocab_size(), settings.seed)
        self.network = self.starter.network
        self.helpers = HelperTasks(self.starter.helper_width, self.starter.projection)
        self.average = {name: p.detach().clone() for name, p in self.network.state_dict().items()}
        matrices, others = _sort_parameters(self.starter, self.helpers)
        self.muon = Muon(matrices.values())
        self._adamw_names = list(others)
        self.adamw = torch.optim.AdamW(others.values(), lr=settings.learning_rate, weight_decay=0.01, betas=(0.9, 0.98))
        self.pool = ScenePool(settings.out / "pool", settings.slots, self.starter.image_size)
        self.step = 0
        self.seconds = 0.0
        self.stop_asked = False
        self._smooth: dict[str, float] = {}
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._ahead: Future[Batch] | None = None

    @property
    def checkpoint_path(self) -> Path:
        return self.settings.out / "checkpoint.safetensors"

    def run(self) -> None:
        """Train until the wall-clock budget is spent, with checkpoints on the way."""
        settings = self.settings
        producer = start_producer(
            settings.out / "pool", settings.slots, self.starter.image_size, settings.seed, settings.scenes_per_second
        )
        while self.pool.filled < min(_FIRST_SCENES, settings.slots):
            time.sleep(0.2)
        self.network.train()
        last_saved = started = time.monotonic()
        before = self.seconds
        try:
            while self.seconds < settings.minutes * 60 and not self.stop_asked:
                figures = self.train_step()
                self.seconds = before + time.monotonic() - started
                self._report(figures)
                if self.seconds > _MIDDLE_PART * settings.minutes * 60 and not (settings.out / MIDDLE).exists():
                    save_weights(settings.out / MIDDLE, self.average)
                if time.monotonic() - last_saved > settings.checkpoint_minutes * 60:
                    self.save()
                    last_saved = time.monotonic()
            self.save()
        finally:
            self._reader.shutdown(cancel_futures=True)
            producer.terminate()

    def train_step(self) -> dict[str, float]:
        """Take one step on one batch and return its figures."""
        settings, network = self.settings, self.network
        batch = self._next_batch()
        rate = self.learning_rate()
        for group in self.adamw.param_groups:
            group["lr"] = rate
        self.adamw.zero_grad(set_to_none=True)
        network.zero_grad(set_to_none=True)

        seen = self.starter.see(batch.images)
        phrases = self._read(batch.phrases)
        logits = self.starter.decode(seen.features, phrases)
        masks = mask_loss(logits, batch.masks, batch.objects)
        helps = self.helpers(seen.places, seen.picture, phrases.embedding, batch)
        fade = 1.0 - 0.8 * self.seconds / (settings.minutes * 60)
        loss = masks + fade * torch.stack([_HELPER_WEIGHTS[name] * value for name, value in helps.items()]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        self.adamw.step()
        self.muon.step(rate)
        self._update_average()
        self.step += 1
        return (
            {"loss": loss.item(), "mask": masks.item()}
            | {k: v.item() for k, v in helps.items()}
            | batch_figures(logits, batch.masks)
        )

    def _next_batch(self) -> Batch:
        """Return this step's batch and start composing the next one on a thread, while this one is learned from."""
        batch = (self._ahead or self._reader.submit(self._compose, self.step)).result()
        self._ahead = self._reader.submit(self._compose, self.step + 1)
        return batch

    def _compose(self, step: int) -> Batch:
        # Seeded by the step, so that a resumed run does not repeat what it has seen.
        rng = np.random.default_rng((self.settings.seed, 1, step))
        return draw_batch(self.pool, rng, self.settings.images, self.settings.phrases)

    def _read(self, phrases: list[str]) -> TextFeatures:
        """Return the phrases as the network reads them: each distinct one once, short ones apart from long ones."""
        distinct = sorted(set(phrases), key=lambda phrase: (phrase.count(" "), phrase))
        half = max(1, len(distinct) // 2)
        parts = [part for part in (distinct[:half], distinct[half:]) if part]
        read = pad_words([self.starter.read(*tokenise(self.tokenizer, part)) for part in parts])
        place = {phrase: row for row, phrase in enumerate(distinct)}
        return read.rows(torch.tensor([place[phrase] for phrase in phrases]))

    def learning_rate(self) -> float:
        """Return the rate now: warm-up by steps, then a tenth of the time flat, then a cosine down to nothing."""
        part = min(1.0, self.seconds / (self.settings.minutes * 60))
        cosine = 0.5 * (1 + math.cos(math.pi * max(0.0, (part - 0.1) / 0.9)))
        warm_up = min(1.0, (self.step + 1) / self.settings.warm_up_steps)
        return self.settings.learning_rate * warm_up * (0.99 * cosine + 0.01)

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(0.998, (1 + self.step) / (10 + self.step))
        for name, tensor in self.network.state_dict().items():
            if tensor.is_floating_point():
                self.average[name].lerp_(tensor, 1 - decay)

    def _report(self, figures: dict[str, float]) -> None:
        for name, value in figures.items():
            self._smooth[name] = 0.98 * self._smooth.get(name, value) + 0.02 * value
        if self.step % 25 == 0:
            line = {name: round(value, 3) for name, value in self._smooth.items()}
            _LOG.info(
                "step %d, %.1f min, %.1f images/s, %d scenes drawn, rate %.2e, %s",
                self.step,
                self.seconds / 60,
                self.step * self.settings.images / max(self.seconds, 1e-6),
                self.pool.written,
                self.learning_rate(),
                line,
            )

    def save(self) -> None:
        """Write the checkpoint."""
        state: dict[str, Any] = {
            "step": self.step,
            "seconds": self.seconds,
            "smooth": self._smooth,
            "settings": {k: v for k, v in asdict(self.settings).items() if k != "out"},
        }
        save_checkpoint(
            self.checkpoint_path, self._modules(), self.average, self.adamw, self._adamw_names, self.muon, state
        )

    def resume(self) -> None:
        """Go on from the checkpoint."""
        state = load_checkpoint(
            self.checkpoint_path, self._modules(), self.average, self.adamw, self._adamw_names, self.muon
        )
        self.step, self.seconds, self._smooth = int(state["step"]), float(state["seconds"]), dict(state["smooth"])

    def _modules(self) -> dict[str, nn.Module]:
        return {"network": self.network, "helpers": self.helpers}


def _open_tokenizer(path: Path) -> Tokenizer:
    """Return the run's tokenizer, built and kept at the first start: word lists may grow between start and resume."""
    if path.exists():
        return Tokenizer.from_file(str(path))
    tokenizer = build_tokenizer()
    tokenizer.save(str(path))
    return tokenizer


def _sort_parameters(starter: Starter, helpers: nn.Module) -> tuple[dict[str, nn.Parameter], dict[str, nn.Parameter]]:
    """Return what Muon learns and everything else, for AdamW."""
    matrices: dict[str, nn.Parameter] = {}
    others: dict[str, nn.Parameter] = {}
    for name, parameter in starter.network.named_parameters():
        if parameter.requires_grad:
            (matrices if starter.learns_by_matrix(name, parameter) else others)[name] = parameter
    others |= {f"helpers.{name}": parameter for name, parameter in helpers.named_parameters()}
    return matrices, others


def write_report(out: Path, scenes: int) -> None:
    """Measure the kinds of weights a run leaves, export the best to `out/model`, and write all to `report.json`."""
    figures = {which: measure_weights(out, which, scenes, seed=1) for which in ("average", "network", "blend")}
    better = max(figures, key=lambda which: overall(figures[which]))
    export_model(out, out / "model", better)
    (out / "report.json").write_text(json.dumps({"exported": better, "figures": figures}, indent=2), encoding="utf-8")
    _LOG.info("exported the %s weights to %s", better, out / "model")
    for group, values in figures[better].items():
        _LOG.info("%s: %s", group, ", ".join(f"{name} {value:g}" for name, value in values.items()))


def main() -> None:
    defaults = PretrainSettings(out=Path())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint, the pool and the report")
    parser.add_argument("--model", choices=KINDS, default=defaults.model, help="the architecture")
    parser.add_argument(
        "--minutes", type=float, default=defaults.minutes, help="training time in all, resumes included"
    )
    parser.add_argument("--threads", type=int, default=defaults.threads)
    parser.add_argument("--images", type=int, default=defaults.images, help="images in a batch")
    parser.add_argument("--phrases", type=int, default=defaults.phrases, help="phrases asked of each image")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    parser.add_argument(
        "--scenes-per-second", type=float, default=defaults.scenes_per_second, help="drawn once the pool is full"
    )
    parser.add_argument("--slots", type=int, default=defaults.slots, help="scenes kept in the pool")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--report", type=int, default=100, help="scenes of each kind measured at the end; 0: no report")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, if there is one")
    arguments = vars(parser.parse_args())
    resume, report = arguments.pop("resume"), arguments.pop("report")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = PretrainSettings(**arguments)
    settings.out.mkdir(parents=True, exist_ok=True)
    run = Pretraining(settings)
    if resume and run.checkpoint_path.exists():
        run.resume()
        _LOG.info("resumed at step %d, %.1f minutes", run.step, run.seconds / 60)

    def stop(*_: object) -> None:
        run.stop_asked = True

    signal.signal(signal.SIGTERM, stop)  # the step ends, the checkpoint is written; --resume goes on from there
    run.run()
    if run.stop_asked:
        _LOG.info("stopped at step %d; --resume goes on from there", run.step)
        return
    facts = {
        "model": settings.model,
        "steps": run.step,
        "minutes": run.seconds / 60,
        "views": run.step * settings.images,
    }
    (settings.out / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    if report > 0:
        write_report(settings.out, report)


if __name__ == "__main__":
    main()
