"""A search of 1,000 trials on each of 10 datasets with 100 GPUs, simulated on the trial times of a real study.

    python tests/benchmarks/scheduler.py [TIMES.csv] [--trials 1000] [--datasets 10] [--gpus 100] [--json]
    python tests/benchmarks/scheduler.py --study STUDY [--scale 1.0] [--loss-per-hour 0.01] [--json]
    python tests/benchmarks/scheduler.py --study STUDY… --record TIMES.csv
    python tests/benchmarks/scheduler.py --storage-only [--json]

Trial times are those of `trial_times.csv` beside this file (a real search, see its first lines), of another such file,
or those that a study's storage holds; `--record` writes such a file. They are drawn anew with replacement, seconds in
epochs times `--scale`. Each GPU has a worker; a dataset is copied to a machine once before its first trial there.
Workers take the next trial of the study with the most left. A worker is lost at `--loss-per-hour`; its trial begins
anew after the patience of a lease. Told: makespan, utilisation (seconds in epochs / GPU seconds), calls of the storage
a second at the mean and in the busiest minute, now and with a look each second (as it was before looks grew apart).
`--storage-only` measures what calls cost on a PostgreSQL of its own on loopback, fsync on, through our own storage, one
connection, in a study of so many trials; and counts the calls of a whole trial and the connections of a worker.
"""

from __future__ import annotations

import argparse
import csv
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
sys.path.insert(0, str(ROOT))

PATIENCE_S, BEAT_S = 90.0, 20.0
LEAST_S, MOST_S, GROWTH, DRIVER_S = 1.0, 10.0, 1.5, 5.0
"""As engine.search.lease, looking and ray_workers have them."""
CALLS_A_BEAT = 2
"""Reading the trial, writing its lease; a look is one call, reading the study's attributes."""
CALLS_A_TRIAL = 32
"""As `--storage-only` counts them, without looks, beats and epochs."""
TIMES = Path(__file__).with_name("trial_times.csv")
COLUMNS = ("study", "trial", "strategy", "epochs", "seconds_in_epochs", "seconds_by_clock")


@dataclass
class Outcome:
    makespan_s: float
    busy_s: float
    minutes: dict[int, float]
    copies: int
    lost: int


def simulate(times: list[Recorded], given: argparse.Namespace) -> Outcome:
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
        drawn = chance.choice(times)
        span = drawn.in_epochs * given.scale
        end = begun + span + (drawn.by_clock - drawn.in_epochs)  # starting and reporting do not grow with the dataset
        lost_after = chance.expovariate(given.loss_per_hour / 3600) if given.loss_per_hour else float("inf")
        if begun + lost_after < end:
            end = begun + lost_after
            found.lost += 1
            heapq.heappush(again, (end + PATIENCE_S, dataset))
        else:
            found.busy_s += span
        spent = end - begun
        operations = CALLS_A_TRIAL + given.epochs + looks(spent, given) + CALLS_A_BEAT * spent / BEAT_S
        for minute in range(int(begun // 60), int(end // 60) + 1):
            part = min(end, 60 * (minute + 1)) - max(begun, 60 * minute)
            found.minutes[minute] = found.minutes.get(minute, 0.0) + operations * part / max(spent, 1e-9)
        found.makespan_s = max(found.makespan_s, end)
        heapq.heappush(queue, (end, worker))
    return found


def looks(span: float, given: argparse.Namespace) -> float:
    """Calls of a worker's looks into the storage during a trial of `span` seconds in which nobody tells it anything."""
    if given.each_second:
        return 4 * span  # the study's attributes, two ids, the trial
    count, apart, at = 0, LEAST_S, 0.0
    while at < span:
        count, at, apart = count + 1, at + apart, min(apart * GROWTH, MOST_S)
    return count


@dataclass(frozen=True)
class Recorded:
    """A finished trial of a real study."""

    by_clock: float
    in_epochs: float


def recorded(given: argparse.Namespace) -> list[Recorded]:
    """The trials of a study, or of a file."""
    rows = rows_of(given.study) if given.study else read_rows(Path(given.times) if given.times else TIMES)
    return [Recorded(float(row["seconds_by_clock"]), float(row["seconds_in_epochs"])) for row in rows]


def read_rows(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def rows_of(studies: list[str]) -> list[dict[str, Any]]:
    """A row for each trial that ran to its end."""
    from engine.search.study import open_study

    rows = []
    for folder in studies:
        found = open_study(Path(folder))
        for trial in found.trials():
            if trial.state.name == "COMPLETE" and trial.duration is not None:
                values = (
                    found.study.study_name, trial.number, found.recipe["strategy"]["name"], trial.user_attrs["epochs"],
                    round(trial.user_attrs["seconds"], 2), round(trial.duration.total_seconds(), 2),
                )  # fmt: skip
                rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def record(rows: list[dict[str, Any]], out: Path, about: str) -> None:
    with out.open("w", newline="") as lines:
        lines.writelines(f"# {line}\n" for line in about.splitlines())
        writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def measure_storage(trials: int) -> dict[str, float]:
    """Milliseconds of the operations that workers do most, one connection, and operations a second."""
    from optuna import create_study
    from optuna.trial import TrialState, create_trial

    from engine.search.storage import open_storage
    from tests.fakes.postgres import postgres_cluster

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
            "connections": connections(server, storage, number),
            "read_study_ms": timed(200, lambda _: study.user_attrs),
            "read_trial_ms": timed(200, lambda _: storage.get_trial(number)),
            "write_attribute_ms": timed(
                200, lambda count: storage.set_trial_user_attr(number, "lease", {"beat": count})
            ),
            "read_list_ms": timed(20, lambda _: study.get_trials(deepcopy=False)),
        }


def connections(server: Any, storage: Any, number: int) -> int:
    """Connections that one worker holds, whose two threads ask at the same time for a while."""
    import threading

    import psycopg

    def ask() -> None:
        for count in range(50):
            storage.set_trial_user_attr(number, "asked", count)
            storage.get_trial(number)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(server.url) as other:
        query = "select count(*) from pg_stat_activity where datname = 'postgres' and pid <> pg_backend_pid()"
        found = other.execute(query).fetchone()
    return int(found[0]) if found else 0


def count_calls() -> dict[str, float]:
    """Calls of the storage that a whole trial costs beyond its looks, beats and epochs, in a study of ten trials."""
    from engine.contract.control import CancelToken
    from engine.recipe import make_recipe
    from engine.search.config import SearchConfig
    from engine.search.study import begin_study
    from engine.search.worker import SearchWorker
    from tests.engine.search.conftest import EPOCHS, tune_at_once

    with tempfile.TemporaryDirectory() as folder:
        training = {"epochs": EPOCHS, "device": "cpu"}
        values = {"version": 1, "name": "count", "data": {"folder": folder}, "training": training}
        recipe = make_recipe({**values, "model": {"weights": "starter"}, "strategy": {"name": "vpt"}})
        place = Path(folder)
        found = begin_study(recipe, SearchConfig(trials=10), place / "study", storage=f"sqlite:///{folder}/s.db")
        calls: dict[str, int] = {}
        ask = found.storage._ask  # type: ignore[attr-defined]

        def counted(call: Any, *arguments: Any, **more: Any) -> Any:
            calls[call.__name__] = calls.get(call.__name__, 0) + 1
            return ask(call, *arguments, **more)

        found.storage._ask = counted  # type: ignore[attr-defined]
        SearchWorker(found, tune_at_once, lambda _: None, CancelToken(), "job").work()
        reports = calls.get("set_trial_intermediate_value", 0)
        told = {f"calls_{name}": round(count / 10, 1) for name, count in sorted(calls.items()) if count >= 10}
        return {"calls_a_trial": round((sum(calls.values()) - reports) / 10, 1), **told}


def rates_of(times: list[Recorded], given: argparse.Namespace) -> tuple[Outcome, dict[str, float]]:
    found = simulate(times, given)
    rates = [count / 60 for count in found.minutes.values()]
    return found, {"mean": round(statistics.mean(rates), 1), "busiest_minute": round(max(rates), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("times", nargs="?", default="", metavar="TIMES.csv", help=f"default: {TIMES.name}")
    parser.add_argument("--study", action="append", default=[], help="folder of a study to take the times from")
    parser.add_argument("--record", default="", metavar="TIMES.csv", help="write the times of --study there")
    parser.add_argument("--about", default="", help="how they were measured: the first lines of that file")
    parser.add_argument("--storage-only", action="store_true")
    for name, default in (("trials", 1000), ("datasets", 10), ("gpus", 100), ("gpus-a-machine", 4), ("epochs", 16)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, value in (
        ("scale", 1.0), ("loss-per-hour", 0.01), ("dataset-mb", 500.0), ("network-mbit", 1000.0),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=float, default=value)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.record:
        record(rows_of(given.study), Path(given.record), given.about)
        return
    if given.storage_only:
        told: dict[str, Any] = {**count_calls(), **measure_storage(given.trials)}
    else:
        times = recorded(given)
        given.each_second = False
        found, rates = rates_of(times, given)
        given.each_second = True
        _, before = rates_of(times, given)
        median = statistics.median(time.in_epochs for time in times) * given.scale
        told = {
            "trial_s": {"median": round(median, 1), "recorded": len(times)},
            "makespan_h": round(found.makespan_s / 3600, 2),
            "utilisation": round(found.busy_s / (found.makespan_s * given.gpus), 3),
            "lost": found.lost,
            "copied_gb": round(found.copies * given.dataset_mb / 1000, 1),
            "calls_per_s": {**rates, "drivers_lists": round(given.datasets / DRIVER_S, 1)},
            "calls_per_s_with_a_look_each_second": before,
        }
    sys.stdout.write((json.dumps(told) if given.json else json.dumps(told, indent=1)) + "\n")


if __name__ == "__main__":
    main()
