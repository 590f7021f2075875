"""Speaks the engine's wire protocol without doing its work: `fake_engine.py serve | work JOB.json`.

What it does is told by the job itself: a path that holds the word `crash` kills the process, `fail` fails with a
message, `slow` goes on until it is cancelled; anything else is answered with a small, fixed result.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.contract import wire
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, EngineError
from engine.contract.events import (
    EpochEnded,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Log,
    PreviewReady,
    Progress,
)
from engine.contract.jobs import (
    CheckRecipe,
    Describe,
    Doctor,
    Estimate,
    Export,
    InspectData,
    ListModels,
    PrepareSamples,
    Tune,
)
from engine.runs.commands import CommandWatcher, obey
from engine.runs.lock import RunLock
from engine.runs.writer import RunWriter

EPOCH_SECONDS = float(os.environ.get("FAKE_EPOCH_SECONDS", "0.05"))
DATASET = json.loads((Path(__file__).with_name("dataset_report.json")).read_text(encoding="utf-8"))
CATALOGUE = json.loads((Path(__file__).with_name("catalogue.json")).read_text(encoding="utf-8"))


def say(event: Event) -> None:
    sys.stdout.write(wire.event_to_line(event) + "\n")
    sys.stdout.flush()


def result_of(job: Any, job_id: str, token: CancelToken) -> dict[str, Any]:
    words = wire.job_to_line(job, job_id)
    if "crash" in words:
        os.kill(os.getpid(), 9)
    while "slow" in words:
        say(Progress(job_id, 1, 100, "images", 12.0))
        token.check()
        time.sleep(0.02)
    match job:
        case InspectData():
            for done in range(1, 6):
                say(Progress(job_id, done, 5, "images", 0.1))
            rows = json.loads(os.environ.get("FAKE_THUMBNAILS", "[]"))
            return {**DATASET, "folder": job.folder, "thumbnails": rows}
        case CheckRecipe():
            depth = job.recipe["strategy"].get("prompt_depth", 0)
            cut = {"message": "The phrase of 'polyp' is longer than the model's limit.", "fix": "Shorten the phrase."}
            return {"learned": depth * 1000, "total": 4_000_000, "problems": [cut] if depth == 5 else []}
        case Estimate():
            epochs = job.recipe["training"]["epochs"]
            return {"words": f"At most {epochs} min: 1 min for the first epoch; 700 MB of memory."}
        case Describe():
            return dict(CATALOGUE)
        case Doctor():
            return {"facts": {"tuning runs on": "cpu", "cores": "2"}, "problems": []}
        case PrepareSamples():
            sets = [{"id": name, "folder": str(Path(job.out) / name)} for name in ("polyps", "liver-ct")]
            for found in sets:
                Path(found["folder"]).mkdir(parents=True, exist_ok=True)
            return {"sets": [{**found, "title": f"Drawn {found['id']}"} for found in sets]}
        case ListModels():
            return {
                "models": [
                    {
                        "id": "starter",
                        "path": "/models/starter",
                        "model": "clipseg",
                        "sha256": "0f" * 32,
                        "licence": "Apache-2.0",
                        "megabytes": 7.7,
                        "title": "Starter model",
                        "notice": "has never seen medical images: tune first",
                    }
                ]
            }
        case Export():
            bundles = [
                {
                    "bundle": job.out,
                    "precision": precision,
                    "megabytes": 9.5,
                    "verdict": f"{'NOT ' if precision == 'int8' else ''}verified against torch ({precision})",
                    "parity": {"verified": precision != "int8", "dice": 1.0, "images": 6, "source": "validation"},
                }
                for precision in job.precision.split(",")
            ]
            return {**bundles[0], "bundles": bundles}
    return {}


def serve() -> None:
    tokens: dict[str, CancelToken] = {}
    jobs: list[tuple[Any, str]] = []
    ready = threading.Condition()

    def read() -> None:
        for line in sys.stdin:
            if '"command"' in line:
                command = wire.command_from_line(line)
                for token in [tokens[command.job_id]] if command.job_id in tokens else tokens.values():
                    obey(command, token)
                continue
            try:
                job, job_id = wire.job_from_line(line)
            except EngineError as error:
                say(JobFailed("", error.message, error.hint))
                continue
            tokens[job_id] = CancelToken()
            with ready:
                jobs.append((job, job_id))
                ready.notify()
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        with ready:
            while not jobs:
                ready.wait()
            job, job_id = jobs.pop(0)
        kind = wire.snake(type(job).__name__)
        say(JobStarted(job_id, kind, kind, os.getpid()))
        if "fail" in wire.job_to_line(job, job_id):
            say(JobFailed(job_id, "images/a.png is empty.", "Replace the file.", error="ScanUnreadable"))
            continue
        try:
            say(JobFinished(job_id, result_of(job, job_id, tokens[job_id])))
        except Cancelled:
            say(JobCancelled(job_id))


def work(file: Path) -> None:
    job, job_id = wire.job_from_line(file.read_text(encoding="utf-8").strip())
    assert isinstance(job, Tune)
    if "fail" in job.recipe:
        say(JobFailed(job_id, "strategy.prompt_depth: must be at most 6.", field="strategy.prompt_depth"))
        sys.exit(2)
    run = Path(job.out)
    recipe = Path(job.recipe).read_text(encoding="utf-8")
    writer = RunWriter(run) if job.resume else RunWriter.create(run, recipe, {"device": "cpu"})
    token = CancelToken()
    commands = CommandWatcher(run, token)
    commands.start()
    epochs = int(os.environ.get("FAKE_EPOCHS", "8"))
    with RunLock(run):
        writer.event(JobStarted(job_id, "tune", "Tune", os.getpid(), str(run)))
        best, best_epoch = 0.0, 0
        for epoch in range(1, epochs + 1):
            time.sleep(EPOCH_SECONDS)
            dice = 0.85 * (1 - math.exp(-epoch / 4)) - (0.1 if epoch == epochs else 0.0)
            row = {
                "epoch": epoch,
                "train_loss": math.exp(-epoch / 5),
                "train_dice": dice + 0.03,
                "val_loss": math.exp(-epoch / 5) + 0.05,
                "val_dice": dice,
                "val_dice_positive": dice,
                "val_iou": dice - 0.1,
                "learning_rate": 2e-4,
                "seconds": EPOCH_SECONDS,
            }
            writer.row(row)
            is_best = dice > best
            best, best_epoch = max((best, best_epoch), (dice, epoch))
            writer.event(EpochEnded(job_id, epoch, epochs, row, is_best))
            writer.event(Progress(job_id, epoch, epochs, "epochs", (epochs - epoch) * EPOCH_SECONDS))
            preview = os.environ.get("FAKE_PREVIEW")
            if preview:
                writer.event(PreviewReady(job_id, preview, epoch))
            if "disk-full" in job.recipe and epoch == 2:
                full = f"The disk is full: {run / 'epochs' / '003'} was not written."
                writer.event(JobFailed(job_id, full, "Free some space or choose another folder.", error="DiskFull"))
                return
            if token.cancelled:
                writer.event(JobCancelled(job_id))
                return
            if token.wants_stop_keep_best:
                writer.event(Log(job_id, "stopped as asked; the best epoch is kept"))
                break
        writer.event(JobFinished(job_id, {"run": str(run), "best_epoch": best_epoch, "best_dice": best}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        work(Path(sys.argv[2]))
