"""A search of 1,000 trials on each of 10 datasets with 100 GPUs, simulated on the trial times of a real study.

    python tests/benchmarks/scheduler.py TIMES.json [--trials 1000] [--datasets 10] [--gpus 100] [--json]
    python tests/benchmarks/scheduler.py --study STUDY [--scale 1.0] [--loss-per-hour 0.01] [--json]
    python tests/benchmarks/scheduler.py --storage-only [--json]

Trial times are those that the study's storage holds (seconds in the epochs of each finished trial, times `--scale`,
drawn anew with replacement). Each GPU has a worker; a dataset is copied to a machine once before its first trial there.
Workers take the next trial of the study with the most left. A worker is lost at `--loss-per-hour`; its trial begins
anew after the patience of a lease. Told: makespan, utilisation (seconds in epochs / GPU seconds), storage operations a
second at the mean and in the busiest minute, beside what one connection to PostgreSQL does here: `--storage-only`
measures it on a cluster of its own on loopback, fsync on, through our own storage, in a study of so many trials.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

PATIENCE_S, BEAT_S, LOOK_S = 90.0, 20.0, 1.0
"""As engine.search.lease and engine.search.trial have them."""
READS_A_LOOK = 4
"""Study attributes, id of the study, id of the trial, the trial."""
OPERATIONS_A_TRIAL = 40
"""Creation, three to six parameters, recipe's folder, values, notes, and reading the list of trials a few times."""


@dataclass
class Outcome:
    makespan_s: float
    busy_s: float
    minutes: dict[int, float]
    copies: int
    lost: int


def simulate(times: list[float], given: argparse.Namespace) -> Outcome:
    """Discrete events: a worker becomes free, takes a trial, ends or is lost."""
    chance = random.Random(0)
    left = [given.trials] * given.datasets
    queue = [(0.0, worker) for worker in range(given.gpus)]
    heapq.heapify(queue)
    there: set[tuple[int, int]] = set()
    found = Outcome(0.0, 0.0, {}, 0, 0)
    again: list[tuple[float, int]] = []
    while queue and (any(left) or again):
        now, worker = heapq.heappop(queue)
        if again and again[0][0] <= now:
            _, dataset = heapq.heappop(again)
        elif any(left):
            dataset = max(range(given.datasets), key=lambda number: left[number])
            left[dataset] -= 1
        else:
            heapq.heappush(queue, (again[0][0], worker))
            continue
        machine = worker // given.gpus_a_machine
        begun = now
        if (machine, dataset) not in there:
            there.add((machine, dataset))
            found.copies += 1
            begun += given.dataset_mb * 8 / given.network_mbit
        span = chance.choice(times) * given.scale
        overhead = span * given.overhead
        end = begun + overhead + span
        lost_after = chance.expovariate(given.loss_per_hour / 3600) if given.loss_per_hour else float("inf")
        if begun + lost_after < end:
            end = begun + lost_after
            found.lost += 1
            heapq.heappush(again, (end + PATIENCE_S, dataset))
        else:
            found.busy_s += span
        spent = end - begun
        operations = OPERATIONS_A_TRIAL + given.epochs + spent * (READS_A_LOOK / LOOK_S + 2 / BEAT_S)
        for minute in range(int(begun // 60), int(end // 60) + 1):
            part = min(end, 60 * (minute + 1)) - max(begun, 60 * minute)
            found.minutes[minute] = found.minutes.get(minute, 0.0) + operations * part / max(spent, 1e-9)
        found.makespan_s = max(found.makespan_s, end)
        heapq.heappush(queue, (end, worker))
    return found


def recorded(given: argparse.Namespace) -> list[float]:
    """Seconds in the epochs of each finished trial."""
    if given.study:
        from engine.search.study import open_study

        trials = open_study(Path(given.study)).trials()
        return [float(trial.user_attrs["seconds"]) for trial in trials if "seconds" in trial.user_attrs]
    return [float(value) for value in json.loads(Path(given.times).read_text())]


def measure_storage(trials: int) -> dict[str, float]:
    """Milliseconds of the operations that workers do most, one connection, and operations a second."""
    from fakes.postgres import postgres_cluster
    from optuna import create_study
    from optuna.trial import TrialState, create_trial

    from engine.search.storage import open_storage

    def timed(repeats: int, ask: Any) -> float:
        took = []
        for number in range(repeats):
            begun = time.perf_counter()
            ask(number)
            took.append(time.perf_counter() - begun)
        return round(statistics.median(took) * 1000, 2)

    with postgres_cluster(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        storage = open_storage(server.url, Path(folder))
        study = create_study(storage=storage, study_name="load")
        for _ in range(trials):
            study.add_trial(create_trial(state=TrialState.COMPLETE, value=0.5))
        running = study.ask()
        number = study.get_trials(deepcopy=False)[-1]._trial_id
        del running
        return {
            "trials_in_study": trials,
            "read_trial_ms": timed(200, lambda _: storage.get_trial(number)),
            "write_attribute_ms": timed(
                200, lambda count: storage.set_trial_user_attr(number, "lease", {"beat": count})
            ),
            "read_list_ms": timed(20, lambda _: study.get_trials(deepcopy=False)),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("times", nargs="?", default="", metavar="TIMES.json", help="seconds of trials, a list")
    parser.add_argument("--study", default="", help="folder of a study to take the times from")
    parser.add_argument("--storage-only", action="store_true")
    for name, default in (("trials", 1000), ("datasets", 10), ("gpus", 100), ("gpus-a-machine", 4), ("epochs", 16)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, value in (
        ("scale", 1.0), ("loss-per-hour", 0.01), ("overhead", 0.04), ("dataset-mb", 500.0), ("network-mbit", 1000.0),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=float, default=value)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.storage_only:
        told: dict[str, Any] = measure_storage(given.trials)
    else:
        times = recorded(given)
        found = simulate(times, given)
        rates = [count / 60 for count in found.minutes.values()]
        told = {
            "trial_s": {"median": round(statistics.median(times) * given.scale, 1), "recorded": len(times)},
            "makespan_h": round(found.makespan_s / 3600, 2),
            "utilisation": round(found.busy_s / (found.makespan_s * given.gpus), 3),
            "lost": found.lost,
            "copied_gb": round(found.copies * given.dataset_mb / 1000, 1),
            "operations_per_s": {"mean": round(statistics.mean(rates), 1), "busiest_minute": round(max(rates), 1)},
        }
    sys.stdout.write((json.dumps(told) if given.json else json.dumps(told, indent=1)) + "\n")


if __name__ == "__main__":
    main()
