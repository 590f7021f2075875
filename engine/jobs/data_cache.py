"""What the caches of decoded slices, image features and encoded scans hold; on request they are cleared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.jobs import DataCache
from engine.contract.whole_file import told
from engine.data.cache.key import dataset_key
from engine.data.cache.room import Room, slices_folder
from engine.data.known_cases import forget
from engine.inference.encoding_files import EncodingFiles, encodings_folder
from engine.runs.folders import runs_folder
from engine.runs.reader import list_runs
from engine.training.feature_cache import clear as clear_features
from engine.training.feature_cache import features_folder
from engine.training.feature_cache import usage as features_used


def run(job: DataCache, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`folder`, `bytes`, `limit`, and `datasets`: a row for each dataset and its settings, last used first.

    `features`: `entries`, `bytes` and `folder` of the image features of all datasets, which do not know whose they are;
    `cleared` with all that is cached (the numbers then are those of before). `encodings`: the same of the slices that
    segmenting has encoded and was told to keep.

    With `job.clear`, `removed` and `spared` bytes: what a run uses stays; what inspections remember goes too. With
    `job.dataset` only that folder's. A row's `name` is the folder, where a run among the user's has learnt from it: the
    cache itself knows no names.
    Raises InputError for a dataset folder that does not exist, OutOfRange for a limit that is no number.
    """
    del emit, job_id
    if job.dataset and not Path(job.dataset).is_dir():
        raise InputError(
            f"{job.dataset} is no folder.",
            hint="Give the dataset's folder, or none for all that is cached.",
            field="dataset",
        )
    wanted = dataset_key(Path(job.dataset)) if job.dataset else ""
    room = Room(slices_folder())
    with told(room.folder):
        room.folder.mkdir(parents=True, exist_ok=True)
    cancel.check()
    removed, spared = room.clear(wanted) if job.clear else (0, 0)
    if job.clear:
        removed += forget(wanted)
    cleared = job.clear and not wanted
    features = clear_features() if cleared else features_used()
    encodings = EncodingFiles(encodings_folder())
    scans, encoded = encodings.scans, encodings.clear() if cleared else encodings.nbytes
    names = _known_folders(job.dataset)
    rows = [
        {**row, "name": names.get(row["dataset"], "")}
        for row in room.summary()
        if not wanted or row["dataset"] == wanted
    ]
    return {
        "folder": str(room.folder),
        "bytes": sum(row["bytes"] for row in rows),
        "limit": room.limit(),
        "datasets": rows,
        "features": {
            "entries": features.entries,
            "bytes": features.bytes,
            "folder": str(features_folder()),
            "cleared": cleared,
        },
        "encodings": {
            "entries": scans,
            "bytes": encoded,
            "folder": str(encodings.folder),
            "cleared": cleared,
        },
        **({"removed": removed, "spared": spared} if job.clear else {}),
    }


def _known_folders(*asked: str) -> dict[str, str]:
    """Keys of datasets → their folders: of those asked for, and those that runs have learnt from."""
    folders = [folder for folder in asked if folder]
    for run in list_runs(runs_folder()):
        data = run.recipe.get("data")
        if isinstance(data, dict) and data.get("folder"):
            folders.append(str(data["folder"]))
    return {dataset_key(Path(folder)): folder for folder in folders}
