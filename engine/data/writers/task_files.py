"""The published system's form: images/, masks/, anns/{train,val,test}.json, one task for each image and label.

Volumes become slices: those that the settings choose, in their plane and with their grey levels, 8 bits each. Of a
label whose truth is known and empty the task has an empty mask. Prompts are those that the case brings; else p0 is
empty, p1 the label's phrase, and p2, p3, p4 say what the mask gives: count, size, location (`mask_phrases`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.config import LabelConfig
from engine.data.findings import CaseFinding, DatasetReport
from engine.data.mask_phrases import KINDS, phrase_for
from engine.data.slices import open_case
from engine.data.split import SPLITS
from engine.data.writers import WRITERS
from engine.data.writers.bare_copy import copy_bare
from engine.data.writers.base import Step, may_be_copied, safe_names, save_png
from engine.volumes.preprocess import Preprocess, intensity_range, to_uint8_rgb

_COPIED = (".png", ".jpg", ".jpeg")


@WRITERS.register("task_files")
class TaskFilesWriter:
    """The published system's images, masks and lists of tasks."""

    title = "Published task files (images, masks, anns)"

    def write(self, report: DatasetReport, folder: Path, step: Step) -> list[str]:
        names = safe_names(finding.case.case_id for finding in report.cases)
        homes = safe_names((label.name for label in report.labels), "label")
        tasks: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        (folder / "images").mkdir()
        for finding in report.cases:
            self._write_case(report, finding, names[finding.case.case_id], folder, homes, tasks)
            step()
        anns = folder / "anns"
        anns.mkdir()
        for split in SPLITS:
            text = json.dumps(tasks[split], indent=1, ensure_ascii=False) + "\n"
            (anns / f"{split}.json").write_text(text, encoding="utf-8")
        notes = []
        if report.has_volumes:
            count = sum(report.slice_count(split) for split in SPLITS)
            notes.append(f"Volumes were written as {count} slices of 8 bits ({report.config.plane}): spacing is lost.")
        if any(finding.has_void for finding in report.cases):
            notes.append("Void pixels became background, as in the published copies: this form cannot say so.")
        return notes

    def _write_case(
        self,
        report: DatasetReport,
        finding: CaseFinding,
        name: str,
        folder: Path,
        homes: dict[str, str],
        tasks: dict[str, list[dict[str, Any]]],
    ) -> None:
        opened = open_case(finding.case, report.folder)
        sliced = opened.sliced(report.config.plane)
        grey = report.preprocess(Preprocess())
        levels = intensity_range(sliced.scan.slices, grey)
        present = finding.present(report.table)
        prompts = dict(finding.case.prompts)
        for split, chosen in finding.slices.items():
            for index in chosen:
                stem = name if len(sliced) == 1 else f"{name}_slice{index:04d}"
                source = opened.scan.path
                image = f"{stem}{'' if source is None else source.suffix.lower()}"
                whole = len(sliced) == 1 and source is not None and may_be_copied(opened.scan, _COPIED)
                if not (whole and source is not None and copy_bare(source, folder / "images" / image)):
                    image = f"{stem}.png"
                    pixels = to_uint8_rgb(sliced.image(index), grey, levels)
                    save_png(pixels if opened.scan.is_colour else pixels[..., 0], folder / "images" / image)
                truth = sliced.channels(index, report.table)
                for at, label in enumerate(report.labels):
                    if not present[at]:
                        continue
                    inner = f"{homes[label.name]}/" if len(report.labels) > 1 else ""
                    mask = f"{inner}{stem}.png"
                    save_png(truth[at] * np.uint8(255), folder / "masks" / mask)
                    said = prompts.get(label.value)
                    texts = _known(said) if said else _own(label, truth[at])
                    row = {"img_name": image, "mask_name": mask, "prompts": texts, "patient": finding.case.patient}
                    tasks[split].append(row)


def _known(prompts: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, Any]:
    return {name: texts[0] if len(texts) == 1 else list(texts) for name, texts in prompts}


def _own(label: LabelConfig, truth: NDArray[np.uint8]) -> dict[str, Any]:
    texts = {f"p{number}": phrase_for(kind, label.phrase, truth) for number, kind in enumerate(KINDS, 2)}
    return {"p0": "", "p1": list(label.texts) if label.alternatives else label.phrase, **texts}
