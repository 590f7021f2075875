"""A scan with the masks that a hand corrected → a case of a dataset that can be tuned on."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.events import Progress
from engine.contract.jobs import AddCase
from engine.contract.whole_file import write_whole
from engine.data.config import LabelConfig
from engine.data.dataset_edits import EditedFile, write
from engine.data.labels import colour_of
from engine.data.readers.dataset_yaml import FILE_NAME, DatasetFile, ListedCase, ListedMask, read_dataset_file
from engine.data.writers.scan_file import write_scan
from engine.jobs.given_masks import check_names, given_mask
from engine.jobs.receipts import content_of
from engine.runs.folders import corrections_folder
from engine.volumes.reading import read_scan
from engine.volumes.volume import Volume
from engine.volumes.writing import write_mask


def run(job: AddCase, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """Raises InputError (no masks, a folder that is another kind of dataset, a scan that it cannot hold), GridMismatch,
    ScanUnreadable, DiskFull, Cancelled. The dataset.yaml is written last: until then nothing of the case is there.
    """
    check_names(job.masks, job.prompts)
    folder = Path(job.folder) if job.folder else corrections_folder()
    about = _about(folder)
    scan = read_scan(Path(job.scan), job.series)
    if scan.is_picture and scan.shape_zyx[0] > 1:
        raise InputError(
            f"The picture has {scan.shape_zyx[0]} pages; a case of a dataset has one.", hint="Open one page by itself."
        )
    masks = [given_mask(Path(path), scan) for path in job.masks]
    name = f"scan-{content_of(scan)[:16]}"
    labels = _labels(about, job)
    values = [next(label.value for label in labels if _same(label, prompt)) for prompt in job.prompts]
    old = next((row for row in about.cases if row.id == name), None)
    emit(Progress(job_id, 0, len(masks) + 1, "files", stage="Adding the case"))
    ending = ".png" if scan.is_picture else ".nii.gz"
    image = old.image if old is not None and (folder / old.image).is_file() else f"images/{name}{ending}"
    if not (folder / image).exists():
        write_whole(folder / image, lambda beside: write_scan(scan, beside, ending))
    files = []
    for number, (mask, value) in enumerate(zip(masks, values, strict=True), 1):
        cancel.check()
        emit(Progress(job_id, number, len(masks) + 1, "files", stage="Adding the case"))
        files.append(ListedMask(path=_write_mask(folder, f"{name}-{value}", ending, mask, scan), value=value))
    cancel.check()
    row = _row(name, image, files, old)
    rows = tuple(row if known is old else known for known in about.cases) if old is not None else (*about.cases, row)
    splits = dict(about.splits)
    if splits and not any(name in names for names in splits.values()):
        # A case in no split would be left out.
        splits["train"] = (*splits.get("train", ()), name)
    now = about.model_copy(update={"cases": rows, "labels": labels, "splits": splits})
    path = write(EditedFile(folder / FILE_NAME, now, folder))
    return {
        "folder": str(folder),
        "case": name,
        "path": str(path),
        "cases": len(rows),
        "replaced": old is not None,
    }


def _about(folder: Path) -> DatasetFile:
    """What the dataset.yaml says, or the beginning of one. Raises InputError for another kind of dataset."""
    path = folder / FILE_NAME
    if path.is_file():
        about = read_dataset_file(path)
        if about.cases and about.folder == ".":
            return about
    elif not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return DatasetFile(name="Corrected masks")
    raise InputError(
        f"{folder.name} is organised in a way of its own, which a single case cannot join.",
        hint=f"Choose a new, empty folder, or one whose {FILE_NAME} lists its cases.",
        field="folder",
    )


def _same(label: LabelConfig, prompt: str) -> bool:
    return prompt.casefold() in (label.name.casefold(), *(text.casefold() for text in label.texts))


def _labels(about: DatasetFile, job: AddCase) -> tuple[LabelConfig, ...]:
    """The table with those labels at its end that it does not have yet."""
    labels = list(about.labels)
    for prompt in job.prompts:
        if not any(_same(label, prompt) for label in labels):
            value = max((label.value for label in labels), default=0) + 1
            colour = job.colours.get(prompt) or colour_of(len(labels))
            labels.append(LabelConfig(value=value, name=prompt, phrase=prompt, colour=colour))
    found = [next(label.value for label in labels if _same(label, prompt)) for prompt in job.prompts]
    if len(set(found)) < len(found):
        raise InputError("Two of the masks are the same label of the dataset.", hint="Show one of them only.")
    return tuple(labels)


def _row(name: str, image: str, files: list[ListedMask], old: ListedCase | None) -> ListedCase:
    """With the masks of other labels that the case had before."""
    new = {file.value for file in files}
    kept = [mask for mask in (old.masks if old is not None else ()) if mask.value not in new]
    masks = tuple(sorted((*kept, *files), key=lambda mask: mask.value or 0))
    known = tuple(sorted({mask.value for mask in masks if mask.value is not None}))
    more = {"split": old.split, "patient": old.patient} if old is not None else {"patient": name}
    return ListedCase(id=name, image=image, masks=masks, known=known, **more)


def _write_mask(folder: Path, stem: str, ending: str, mask: NDArray[np.bool_], scan: Volume) -> str:
    """A new file, whatever is there; its path as the dataset.yaml names it."""
    place = f"masks/{stem}{ending}"
    if (folder / place).exists():
        place = f"masks/{stem}-{uuid.uuid4().hex[:8]}{ending}"
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    write_mask(mask.astype(np.uint8) * (255 if scan.is_picture else 1), folder / place, scan)
    return place
