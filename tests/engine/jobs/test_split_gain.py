"""The job: controls are run once with the run's own budget, found again, and queued where that is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from engine.contract import wire
from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.events import EpochEnded, Event, JobFinished
from engine.contract.jobs import SplitGain, Tune
from engine.jobs import split_gain
from engine.runs import layout, queue
from engine.runs.folders import runs_folder
from engine.runs.reader import Run
from engine.synthetic.sample_data import write_dataset
from tests.engine.jobs.test_pack import tuned


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=30)
    return folder


def go(run: Path, missing: str = "here") -> tuple[dict[str, object], list[Event]]:
    told: list[Event] = []
    found = split_gain.run(SplitGain(str(run), missing), told.append, CancelToken(), "job")
    wire.event_to_line(JobFinished("job", found))
    return found, told


def test_controls_are_run_once_and_the_gain_is_split(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    run = tuned(tmp_path / "vpt", tiny_weights, drawn, "vpt")
    untouched, _ = go(run, "none")
    assert untouched["controls"] == {}
    found, told = go(run)
    assert found["state"] == "done"
    assert sum(isinstance(event, EpochEnded) for event in told) == 2  # one epoch each, as the run had
    controls = {name: Run.open(Path(path)) for name, path in found["controls"].items()}
    own = Run.open(run).recipe
    for name, control in controls.items():
        assert control.recipe["strategy"]["name"] == name
        assert (control.recipe["data"], control.recipe["seed"]) == (own["data"], own["seed"])
        assert control.recipe["training"]["epochs"] == own["training"]["epochs"]
    assert found["split"] == "test"
    assert found["cases"] == 3
    assert "too few" in found["words"]
    assert any("no upsampler of its own" in note for note in found["notes"])
    parts = found["differences"]
    assert parts["whole"]["mean"] == pytest.approx(parts["by_upsampler"]["mean"] + parts["by_prompts"]["mean"])
    kept = json.loads((run / layout.GAIN).read_text(encoding="utf-8"))
    assert kept == {name: found[name] for name in kept}

    # An older program did not know every setting.
    older = Path(found["controls"]["upsampler_only"]) / layout.RECIPE
    values = yaml.safe_load(older.read_text(encoding="utf-8"))
    del values["data"]["max_cases"], values["training"]["min_delta"]
    older.write_text(yaml.safe_dump(values), encoding="utf-8")
    again, told = go(run)
    assert again == found
    assert not any(isinstance(event, EpochEnded) for event in told)
    deeper = tuned(tmp_path / "more", tiny_weights, drawn, "vpt", learning_rate=0.01)
    other, _ = go(deeper, "none")
    assert other["controls"] == {"zero_shot": found["controls"]["zero_shot"]}  # nothing learns: the same for all
    with pytest.raises(InputError, match="control itself"):
        go(Path(found["controls"]["upsampler_only"]))


def test_missing_controls_wait_in_the_queue(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    run = tuned(tmp_path / "vpt", tiny_weights, drawn, "vpt")
    queue.hold(True)
    found, _ = go(run, "queue")
    assert found["state"] == "waiting"
    waiting = [Path(path) for path in found["waiting"]]
    assert list(queue.read_queue().waiting) == waiting
    assert all(path.parent == runs_folder() for path in waiting)
    for folder, name in zip(waiting, ("zero_shot", "upsampler_only"), strict=True):
        job, _ = wire.job_from_line((folder / layout.JOB).read_text(encoding="utf-8"))
        assert isinstance(job, Tune)
        assert (job.recipe, job.out) == (str(folder / layout.RECIPE), str(folder))
        assert yaml.safe_load((folder / layout.RECIPE).read_text(encoding="utf-8"))["strategy"]["name"] == name
    again, _ = go(run, "queue")
    assert again == found  # asked twice, they wait once
    assert not (run / layout.GAIN).exists()


def test_a_run_without_a_best_epoch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        go(tmp_path)
