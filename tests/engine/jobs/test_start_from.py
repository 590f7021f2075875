"""A run that begins with what another one learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.jobs import Tune
from engine.jobs import tune
from engine.runs import layout
from engine.synthetic.sample_data import write_dataset
from tests.fakes.recipes import write_recipe


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=12)
    return folder


def go(recipe: Path, out: Path, *overrides: str) -> None:
    tune.run(Tune(str(recipe), str(out), list(overrides)), lambda event: None, CancelToken(), "job")


def test_it_begins_where_the_other_ended_and_refuses_what_does_not_fit(
    tiny_weights: Path, drawn: Path, tmp_path: Path
) -> None:
    """With a step size of next to nothing the weights stay those of the first run, of another seed."""
    recipe = write_recipe(tmp_path, tiny_weights, drawn, epochs=1)
    first, second = tmp_path / "first", tmp_path / "second"
    go(recipe, first)
    start = f"training.start_from={first}"
    go(recipe, second, start, "training.learning_rate=1e-30", "seed=7")
    learned, again = (load_file(run / layout.BEST) for run in (first, second))
    assert learned.keys() == again.keys()
    for name, values in learned.items():
        assert np.allclose(values, again[name], atol=1e-12), name

    for change, words in (
        ("strategy.num_context=3", "do not fit"),
        ("strategy.name=coop", "strategy vpt"),
        (f"training.start_from={tmp_path / 'nowhere'}", "not a run"),
    ):
        with pytest.raises(InputError, match=words):
            go(recipe, tmp_path / f"refused-{words[:3]}", start, change)
