"""The names of the files in a run folder."""

from __future__ import annotations

from pathlib import Path

RECIPE = "recipe.yaml"
ENVIRONMENT = "environment.json"
METRICS = "metrics.csv"
EVENTS = "events.jsonl"
COMMANDS = "commands.jsonl"
LOG = "log.txt"
BEST = "best.safetensors"
EPOCHS = "epochs"
PREVIEWS = "previews"
SCORES = "scores.csv"
EVALUATIONS = "evaluations"
NOTES = "notes.yaml"
CHANGES = "changes.jsonl"
LOCK = "worker.lock"
JOB = "job.json"
RESULT = "result.json"
LABELS = "labels.json"
PHRASE = "phrase-effect.json"
GAIN = "gain.json"
PARENT = "parent.json"
LEARNER = "learner.safetensors"
OPTIMISER = "optimiser.safetensors"
STATE = "state.json"
"""These three are the files of an epoch."""

METRIC_COLUMNS = (
    "epoch",
    "train_loss",
    "train_dice",
    "val_loss",
    "val_dice",
    "val_dice_positive",
    "val_iou",
    "learning_rate",
    "seconds",
)
"""Columns of metrics.csv; Dice of each label follows as `train_dice[<label>]` and `val_dice[<label>]`."""


def epoch_folder(run: Path, epoch: int) -> Path:
    return run / EPOCHS / f"{epoch:03d}"


def is_run(folder: Path) -> bool:
    return (folder / RECIPE).is_file()


def finished_epochs(run: Path) -> list[int]:
    """Epochs that have a complete checkpoint, ascending."""
    root = run / EPOCHS
    if not root.is_dir():
        return []
    return sorted(int(path.name) for path in root.iterdir() if path.is_dir() and path.name.isdigit())


def previews(run: Path) -> dict[int, Path]:
    """Epoch → its sheet of validation images, ascending; .png in runs of earlier versions."""
    root = run / PREVIEWS
    if not root.is_dir():
        return {}
    found = {int(path.stem): path for path in root.iterdir() if path.stem.isdigit() and path.suffix in (".jpg", ".png")}
    return dict(sorted(found.items()))
