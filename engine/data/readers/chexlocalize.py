"""CheXlocalize: ten findings in chest X-rays of CheXpert, as run lengths in JSON.

CheXpert/val/patient64541/study1/view1_frontal.jpg             CheXpert/test/…
CheXlocalize/gt_segmentations_val.json                         …_test.json

    {"patient64541_study1_view1_frontal": {"Airspace Opacity": {"size": [h, w], "counts": RLE}, …}}

A finding whose run lengths mark nothing is absent from the image. The publisher's val and test parts hold no images
to learn from, so all are shared out anew, by patient.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.data.mask_codes import Shape, Shapes
from engine.data.problem import Problem
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, CaseList, MaskFile
from engine.data.readers.pairing import NotJson, damaged_list, label_table, load_json, no_image
from engine.data.tree import below, files_in, place

FINDINGS = (
    "Airspace Opacity",
    "Support Devices",
    "Enlarged Cardiomediastinum",
    "Atelectasis",
    "Cardiomegaly",
    "Pleural Effusion",
    "Edema",
    "Consolidation",
    "Lung Lesion",
    "Pneumothorax",
)
_LIST = re.compile(r"^gt_segmentations_(val|test|valid|train)\.json$")
_VIEW = re.compile(r"^(patient\d+)_(study\d+)_(view\d+.*)$")


@LAYOUTS.register("chexlocalize")
class CheXlocalize:
    """Registered layout; see the module's text."""

    title = "CheXlocalize"

    def recognises(self, folder: Path) -> float:
        return 0.97 if _lists(folder) else 0.0

    def cases(self, folder: Path) -> CaseList:
        problems: list[Problem] = []
        cases: dict[str, Case] = {}
        images: dict[tuple[str, ...], Path] | None = None
        for path in _lists(folder):
            where = place(path, folder)
            try:
                about = load_json(path)
                if not isinstance(about, dict):
                    raise NotJson("it is no mapping")
            except NotJson as error:
                problems.append(damaged_list(where, str(error)))
                continue
            images = _images(folder) if images is None else images
            for name, findings in about.items():
                view = _VIEW.match(str(name))
                image = images.get(view.groups()) if view is not None else None
                if view is None or image is None:
                    at = "/".join(view.groups()) + ".jpg" if view is not None else f"{name}.jpg"
                    problems.append(no_image(f"{where}: {name}", at))
                    continue
                masks = _masks(findings, path)
                if masks:
                    cases[name] = Case(str(name), view.group(1), image, masks)
                else:
                    problems.append(damaged_list(f"{where}: {name}", "it holds no run lengths of a known finding"))
        patients = len({case.patient for case in cases.values()})
        table = [(value, name, f"{name} in a chest Xray") for value, name in enumerate(FINDINGS, 1)]
        return CaseList(
            cases=tuple(cases.values()),
            problems=tuple(problems),
            labels=label_table(table),
            name="CheXlocalize",
            details=f"CheXlocalize as published: {len(cases)} views of {patients} patients; splits are ours, by seed",
        )


def _lists(folder: Path) -> list[Path]:
    return [path for one in below(folder, 2) for path in files_in(one, ".json") if _LIST.match(path.name)]


def _images(folder: Path) -> dict[tuple[str, ...], Path]:
    """(patient, study, view) → file, wherever patients' folders lie."""
    found: dict[tuple[str, ...], Path] = {}
    for path in sorted(folder.glob("**/patient*/study*/view*")):
        if path.suffix.casefold() in (".jpg", ".jpeg", ".png"):
            found.setdefault((path.parent.parent.name, path.parent.name, path.stem), path)
    return found


def _masks(findings: Any, path: Path) -> tuple[MaskFile, ...]:
    masks = []
    for value, name in enumerate(FINDINGS, 1):
        row = findings.get(name) if isinstance(findings, dict) else None
        size, counts = (row.get("size"), row.get("counts")) if isinstance(row, dict) else (None, None)
        if not isinstance(size, list) or len(size) != 2 or not isinstance(counts, str | list):
            continue
        shape = Shape("runs", counts if isinstance(counts, str) else tuple(counts), (size[0], size[1]))
        masks.append(MaskFile(path, value=value, exact=True, code=Shapes((shape,))))
    return tuple(masks)
