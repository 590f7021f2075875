"""What a search costs beyond its training, and how quickly a large study opens.

    python tests/benchmarks/search.py open [--trials 2000] [--json]
    python tests/benchmarks/search.py overhead [--strategies vpt,coop] [--images 80] [--epochs 16] [--trials 3] [--json]
    python tests/benchmarks/search.py workers [--images 80] [--epochs 4] [--trials 8] [--json]

`open`: the job `read_study` on a study of so many finished trials in a journal file and in SQLite, in a process that
has the libraries loaded, and in a fresh one. `overhead`: trials of the real job on drawn (synthetic) polyps; a trial's
time less the time in its epochs (`Trainer.fit`, first step to last) is overhead; processor time of the whole process,
so that other work on the machine counts less; the first trial, which fills the caches, is told apart.
`workers`: a study with one and with two processes, wall time from the first trial's start to the last one's end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


def write_recipe(folder: Path, strategy: str, epochs: int, data: Path) -> Path:
    import yaml

    path = folder / f"{strategy}.yaml"
    values = {
        "version": 1,
        "name": strategy,
        "data": {"folder": str(data)},
        "model": {"weights": "starter"},
        "strategy": {"name": strategy},
        "training": {"epochs": epochs, "min_epochs": epochs, "device": "cpu", "threads": 1},
    }
    path.write_text(yaml.safe_dump(values))
    return path


def draw(folder: Path, images: int) -> Path:
    from engine.synthetic.sample_data import write_dataset

    write_dataset("polyps", folder / "polyps", count=images)
    return folder / "polyps"


# -- a large study ------------------------------------------------------------------------------------------------


def write_study(folder: Path, recipe: Path, trials: int, storage: str) -> None:
    """Finished trials with sixteen epochs each, as a search writes them, straight into the storage."""
    import numpy as np
    import optuna
    from optuna.trial import TrialState, create_trial

    from engine.recipe import read_recipe
    from engine.search.config import SearchConfig
    from engine.search.sampler import distribution
    from engine.search.study import begin_study

    found = begin_study(read_recipe(recipe), SearchConfig(trials=trials), folder, storage=storage, name="large")
    chance = np.random.default_rng(0)
    kinds = {parameter.path: distribution(parameter) for parameter in found.space}
    sampler = optuna.samplers.RandomSampler(seed=0)
    made = []
    for number in range(trials):
        params = {
            path: sampler.sample_independent(found.study, None, path, kind)  # type: ignore[arg-type]
            for path, kind in kinds.items()
        }
        value = float(chance.uniform(0.3, 0.9))
        attributes = {"run": f"{number:04d}", "seconds": 40.0, "epochs": 16, "best_epoch": 12, "val_dice": value}
        attributes |= {"val_loss": 1 - value, "learned": 4096, "lease": {"worker": "x", "beat": 2}}
        reported = {epoch: value * epoch / 16 for epoch in range(1, 17)}
        made.append(
            create_trial(
                state=TrialState.COMPLETE, values=[value], params=params, distributions=kinds, user_attrs=attributes,
                intermediate_values=reported,
            )
        )  # fmt: skip
    for trial in made:
        found.study.add_trial(trial)


READ = """
import json, sys, time
began = time.monotonic()
from engine.contract.control import CancelToken
from engine.contract.jobs import ReadStudy
from engine.jobs import read_study
def once():
    begun = time.monotonic(), time.process_time()
    read_study.run(ReadStudy(sys.argv[1], sys.argv[2]), lambda event: None, CancelToken(), "job")
    return time.monotonic() - begun[0], time.process_time() - begun[1]
first, again = once(), min(once() for _ in range(3))
names = ("fresh_wall_s", "fresh_processor_s", "wall_s", "processor_s")
print(json.dumps(dict(zip(names, (*first, *again)))))
"""


def measure_opening(given: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        recipe = write_recipe(root, "vpt", 16, draw(root, 8))
        found = {}
        for kind in ("journal", "sqlite"):
            folder = root / kind
            folder.mkdir()
            write_study(folder, recipe, given.trials, "" if kind == "journal" else f"sqlite:///{root}/study.db")
            command = [sys.executable, "-c", READ, str(folder), str(root / "out")]
            env = {**os.environ, "PYTHONPATH": str(ROOT)}
            said = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, text=True).stdout
            found[kind] = {key: round(value, 2) for key, value in json.loads(said).items()}
        return {"trials": given.trials, **found}


# -- beyond training ----------------------------------------------------------------------------------------------


def measure_overhead(given: argparse.Namespace) -> dict[str, Any]:
    """Processor seconds of each trial, and of them those within the loop over epochs."""
    from engine.contract.control import CancelToken
    from engine.contract.events import Event, TrialEnded, TrialStarted
    from engine.contract.jobs import Search
    from engine.jobs import search
    from engine.training.loop import Trainer

    found: dict[str, Any] = {}
    whole = Trainer.fit
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        data = draw(root, given.images)
        for strategy in given.strategies.split(","):
            inside: list[tuple[float, float]] = []
            marks: list[tuple[float, float]] = []

            def fit(self: Any, *arguments: Any, inside: list[tuple[float, float]] = inside, **more: Any) -> Any:
                begun = time.process_time(), time.monotonic()
                result = whole(self, *arguments, **more)
                inside.append((time.process_time() - begun[0], time.monotonic() - begun[1]))
                return result

            def hear(event: Event, marks: list[tuple[float, float]] = marks) -> None:
                if isinstance(event, TrialStarted | TrialEnded):
                    marks.append((time.process_time(), time.monotonic()))

            recipe = write_recipe(root, strategy, given.epochs, data)
            job = Search(str(recipe), str(root / f"study-{strategy}"), search={"trials": given.trials + 1})
            Trainer.fit = fit  # type: ignore[method-assign]
            try:
                search.run(job, hear, CancelToken(), "job")
            finally:
                Trainer.fit = whole  # type: ignore[method-assign]
            # From one trial's end to the next one's: what lies between trials belongs to them as well.
            ends = [marks[0], *marks[1::2]]
            rows = [
                {
                    "trial_s": ends[number + 1][0] - ends[number][0],
                    "epochs_s": inside[number][0],
                    "wall_s": ends[number + 1][1] - ends[number][1],
                    "wall_epochs_s": inside[number][1],
                }
                for number in range(given.trials + 1)
            ]
            warm = rows[1:]
            trials, epochs = sum(row["trial_s"] for row in warm), sum(row["epochs_s"] for row in warm)
            walls, wall_epochs = sum(row["wall_s"] for row in warm), sum(row["wall_epochs_s"] for row in warm)
            found[strategy] = {
                "overhead": round(1 - epochs / trials, 4),
                "overhead_by_the_clock": round(1 - wall_epochs / walls, 4),
                "trials": [{key: round(value, 2) for key, value in row.items()} for row in rows],
            }
    return found


def measure_workers(given: argparse.Namespace) -> dict[str, Any]:
    from engine.contract.control import CancelToken
    from engine.contract.events import Event, TrialEnded, TrialStarted
    from engine.contract.jobs import Search
    from engine.jobs import search

    found: dict[str, Any] = {"trials": given.trials}
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        recipe = write_recipe(root, "vpt", given.epochs, draw(root, given.images))
        for workers in (1, 2, 1, 2):
            times: list[float] = []

            def hear(event: Event, times: list[float] = times) -> None:
                if isinstance(event, TrialStarted | TrialEnded):
                    times.append(time.monotonic())

            folder = Path(tempfile.mkdtemp(dir=root))
            job = Search(str(recipe), str(folder / "study"), search={"trials": given.trials}, workers=workers)
            search.run(job, hear, CancelToken(), "job")
            found.setdefault(f"{workers}", []).append(round(max(times) - min(times), 1))
        found["times_as_fast"] = round(sum(found["1"]) / sum(found["2"]), 2)
    return found


KINDS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "open": measure_opening, "overhead": measure_overhead, "workers": measure_workers,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=KINDS)
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--images", type=int, default=80)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--strategies", default="vpt,coop")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    given.trials = given.trials or {"open": 2000, "overhead": 3, "workers": 8}[given.what]
    given.epochs = given.epochs or {"workers": 4}.get(given.what, 16)
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home
        found = KINDS[given.what](given)
    sys.stdout.write((json.dumps(found) if given.json else json.dumps(found, indent=1)) + "\n")


if __name__ == "__main__":
    main()
