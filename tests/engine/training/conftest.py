"""A tiny network, a few drawn slices, and a sink that remembers: enough to tune in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.contract.control import CancelToken
from engine.contract.events import Event
from engine.data.augment import Augmentation
from engine.data.dataset import SliceDataset, SliceRef
from engine.data.loader import Loader
from engine.models.clipseg import ClipSeg
from engine.runs.writer import RunWriter
from engine.strategies import STRATEGIES
from engine.strategies.tuned_model import TunedModel
from engine.training.config import TrainingConfig
from engine.training.loop import Trainer
from engine.training.questions import Phrases
from engine.volumes.preprocess import Preprocess
from tests.fakes.tiny_clipseg import tiny_network

SIZE = 32
NAMES = ["disc", "rest"]


def drawn(count: int, seed: int) -> SliceDataset:
    """Bright discs on dark noise; the second label is everything else, and is empty in every third image."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, SIZE, SIZE, 3), dtype=np.uint8)
    masks = np.zeros((count, 2, SIZE, SIZE), np.uint8)
    rows, columns = np.ogrid[:SIZE, :SIZE]
    for at in range(count):
        row, column = rng.integers(10, 22, 2)
        inside = (rows - row) ** 2 + (columns - column) ** 2 < 40
        images[at][inside] += 150
        masks[at, 0] = inside
        masks[at, 1] = 0 if at % 3 == 0 else ~inside
    refs = [
        SliceRef(SimpleNamespace(case=SimpleNamespace(case_id=f"c{at}")), 0, (SIZE, SIZE))  # type: ignore[arg-type]
        for at in range(count)
    ]
    table: Any = SimpleNamespace(names=NAMES)
    report: Any = None
    return SliceDataset(images, masks, refs, table, Preprocess(size=SIZE), report)


@pytest.fixture
def make_trainer(tmp_path: Path) -> Callable[..., Trainer]:
    """`make_trainer(strategy="vpt", settings={…}, folder="run", emit=…, cancel=…, augment="none", **training)`."""

    def make(
        strategy: str = "vpt",
        settings: dict[str, Any] | None = None,
        folder: str = "run",
        emit: Callable[[Event], None] = lambda event: None,
        cancel: CancelToken | None = None,
        augment: str = "none",
        absent_labels: float = 1.0,
        **training: Any,
    ) -> Trainer:
        torch.set_num_threads(1)
        torch.manual_seed(3)
        config = STRATEGIES.get(strategy).model_validate(settings or {})
        vlsm = ClipSeg(tiny_network())
        config.check(vlsm.sites)
        model = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.randn(4, 32), 2))
        ids = torch.tensor([[1, 4, 8, 10, 3], [1, 9, 13, 3, 0]])
        place = tmp_path / folder
        writer = RunWriter(place) if place.exists() else RunWriter.create(place, "version: 1\n", {})
        values = {"epochs": 2, "batch_size": 4, "learning_rate": 0.01, "previews": False, **training}
        return Trainer(
            model=model,
            phrases=Phrases(ids, (ids != 0).long(), torch.arange(2), NAMES, ["#ff0000", "#00ff00"]),
            train=Loader(
                drawn(10, 1),
                values["batch_size"],
                7,
                training=True,
                augment=Augmentation(augment),
                absent_labels=absent_labels,
            ),
            val=Loader(drawn(6, 2), values["batch_size"], 7),
            config=TrainingConfig.model_validate(values),
            seed=7,
            device=torch.device("cpu"),
            sink=writer,
            emit=emit,
            cancel=cancel or CancelToken(),
            job_id="job",
        )

    return make


@pytest.fixture
def table_of() -> Callable[[Trainer], NDArray[np.float64]]:
    """metrics.csv of a trainer's run without `seconds`, as text rows."""

    def read(trainer: Trainer) -> Any:
        assert isinstance(trainer.sink, RunWriter)
        lines = (trainer.sink.folder / "metrics.csv").read_text().splitlines()
        at = lines[0].split(",").index("seconds")
        return [[cell for place, cell in enumerate(line.split(",")) if place != at] for line in lines]

    return read
