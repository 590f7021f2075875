"""nnU-Net raw (github.com/MIC-DKFZ/nnUNet, documentation/dataset_format.md), pictures or volumes.

Labels are numbered 1, 2, 3 … in the order of the table; void becomes nnU-Net's `ignore`, one above the last. train and
val go to imagesTr, with splits_final.json; test to imagesTs, its masks to labelsTs. dataset.json also holds `phrases`
and `synthetic`, which nnU-Net passes over and this program reads again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.contract.errors import InputError
from engine.data.findings import CaseFinding, DatasetReport
from engine.data.slices import OpenedCase, open_case
from engine.data.writers import WRITERS
from engine.data.writers.base import Step, safe_names, split_name
from engine.data.writers.scan_file import write_scan
from engine.volumes.volume import Volume
from engine.volumes.writing import write_mask

_VOLUMES = (".nii.gz", ".nrrd", ".mha")


@WRITERS.register("nnunet")
class NnUnetWriter:
    """nnU-Net raw, with dataset.json and splits_final.json."""

    title = "nnU-Net raw"

    def write(self, report: DatasetReport, folder: Path, step: Step) -> list[str]:
        kinds = {finding.is_volume for finding in report.cases}
        if len(kinds) > 1:
            raise InputError(
                "The dataset holds pictures and volumes; nnU-Net's form holds one kind.",
                hint="Put each kind into a folder of its own and convert them one by one.",
            )
        top = folder / f"Dataset001_{_plain(report.name)}"
        ending = _ending(report.cases) if kinds == {True} else ".png"
        names = safe_names(finding.case.case_id for finding in report.cases)
        seen = _Seen()
        for finding in report.cases:
            opened = open_case(finding.case, report.folder)
            test = split_name(finding) == "test"
            name = names[finding.case.case_id]
            image = top / ("imagesTs" if test else "imagesTr") / f"{name}_0000{ending}"
            mask = top / ("labelsTs" if test else "labelsTr") / f"{name}{ending}"
            image.parent.mkdir(parents=True, exist_ok=True)
            mask.parent.mkdir(parents=True, exist_ok=True)
            _write_image(opened.scan, image, ending)
            write_mask(_numbers(opened, finding, report), mask, opened.scan)
            seen.look(opened, finding, test, image)
            step()
        seen.in_colour()
        void = len(report.table) + 1
        labels = {"background": 0, **{label.name: at for at, label in enumerate(report.labels, 1)}}
        about: dict[str, Any] = {
            "name": report.name,
            "channel_names": {"0": seen.channel},
            "labels": {**labels, **({"ignore": void} if seen.void else {})},
            "phrases": {label.name: label.phrase for label in report.labels},
            "numTraining": seen.training,
            "file_ending": ending,
            "synthetic": report.synthetic,
        }
        _write_json(top / "dataset.json", about)
        lists = {
            split: [names[item.case.case_id] for item in report.cases if split_name(item) == split]
            for split in ("train", "val")
        }
        if all(lists.values()):
            _write_json(top / "splits_final.json", [lists])
        return seen.notes()


class _Seen:
    """What is told of all cases at the end."""

    def __init__(self) -> None:
        self.training = 0
        self.void = False
        self.colour = False
        self.grey: list[Path] = []
        self.partial = 0

    def look(self, opened: OpenedCase, finding: CaseFinding, test: bool, image: Path) -> None:
        self.training += not test
        self.void |= finding.has_void
        self.colour |= opened.scan.is_colour
        self.grey += [] if opened.scan.is_colour else [image]
        self.partial += finding.case.known is not None

    def in_colour(self) -> None:
        """Grey pictures beside coloured ones become RGB: a dataset has one kind."""
        for path in self.grey if self.colour else []:
            if path.suffix == ".png":
                Image.open(path).convert("RGB").save(path)

    @property
    def channel(self) -> str:
        return "RGB" if self.colour else "image"

    def notes(self) -> list[str]:
        found = []
        if self.colour and self.grey:
            found.append(
                f"{len(self.grey)} grey pictures were written as RGB, as the others are: nnU-Net wants one kind."
            )
        if self.partial:
            found.append(
                f"Of {self.partial} cases only some labels are known; what is unknown was written as background, since "
                "this form cannot say so."
            )
        return found


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", name.title()) or "Dataset"


def _ending(findings: tuple[CaseFinding, ...]) -> str:
    """The kind that all scans share where nnU-Net reads it; else all become NIfTI."""
    found = {next((kind for kind in _VOLUMES if item.case.image.name.lower().endswith(kind)), "") for item in findings}
    return next(iter(found)) if len(found) == 1 and found != {""} else ".nii.gz"


def _write_image(scan: Volume, path: Path, ending: str) -> None:
    if scan.is_picture and scan.shape_zyx[0] > 1:
        raise InputError(
            f"{path.name.removesuffix('_0000.png')} has {scan.shape_zyx[0]} pages; nnU-Net's pictures have one.",
            hint="Convert to task_files, which makes a picture of each page.",
        )
    write_scan(scan, path, ending)


def _numbers(opened: OpenedCase, finding: CaseFinding, report: DatasetReport) -> NDArray[Any]:
    """Label numbers 1 … L [z, y, x]; raises InputError where labels lie over each other."""
    count = len(report.table)
    numbers = np.zeros(opened.shape_zyx, np.uint8 if count < 255 else np.uint16)
    for layer in opened.layers:
        for at, value in enumerate(report.table.values, 1):
            marked = layer > 0 if report.table.kind == "binary" else layer == value
            if (marked & (numbers > 0) & (numbers != at)).any():
                raise InputError(
                    f"In {finding.case.case_id} labels lie over each other; nnU-Net's form holds one label a voxel.",
                    hint="Convert to task_files, or choose labels that do not overlap (data.labels).",
                    field="data.labels",
                )
            numbers[marked] = at
    if opened.void is not None:
        numbers[opened.void] = count + 1
    return numbers


def _write_json(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
