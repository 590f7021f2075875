"""CAMUS: echocardiography of 500 patients, two views at end diastole and end systole.

database_nifti/patient0001/patient0001_2CH_ED.nii.gz  patient0001_2CH_ED_gt.nii.gz  Info_2CH.cfg
training/patient0001/patient0001_2CH_ED.mhd (+ .raw)  patient0001_2CH_ED_gt.mhd       the older form
database_split/subgroup_training.txt  subgroup_validation.txt  subgroup_testing.txt    lists of patients, where kept

Sequences (…_half_sequence, …_sequence) have no place among the pairs and are not opened.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.data.readers import LAYOUTS
from engine.data.readers.base import CaseList, MaskFile
from engine.data.readers.pairing import Pairing, by_key, label_table, without_truth
from engine.data.tree import child, files_in, find, folders_in, place, stem

_FRAME = re.compile(r"^(patient\d+)_([24]CH)_(ED|ES)(_gt)?$")
_KINDS = (".nii.gz", ".nii", ".mhd")
_LABELS = ((1, "left ventricular cavity"), (2, "myocardium"), (3, "left atrium cavity"))
_LISTS = {"subgroup_training": "train", "subgroup_validation": "val", "subgroup_testing": "test"}


@LAYOUTS.register("camus")
class Camus:
    """Registered layout; see the module's text."""

    title = "CAMUS"

    def recognises(self, folder: Path) -> float:
        return 0.0 if find(folder, _fits, 2) is None else 0.97

    def cases(self, folder: Path) -> CaseList:
        top = find(folder, _fits, 2) or folder
        found = Pairing(folder)
        splits = _splits(top)
        blind = 0
        for patient in _patients(top):
            frames = [path for path in files_in(patient, *_KINDS) if _FRAME.match(stem(path))]
            masks = [path for path in frames if stem(path).endswith("_gt")]
            images = [path for path in frames if not stem(path).endswith("_gt")]
            if not masks:
                blind += len(images)
                continue
            suffix = masks[0].name[len(stem(masks[0])) :]
            found.add(
                images,
                by_key(masks, lambda path: stem(path).removesuffix("_gt")),
                image_at=patient / f"{{}}{suffix}",
                mask_at=patient / f"{{}}_gt{suffix}",
                patient=lambda name: name.split("_")[0],
                mask=lambda path: MaskFile(path, exact=True),
                split=splits.get(patient.name),
            )
        if blind:
            found.problems.append(without_truth(place(top, folder), blind))
        patients = len({case.patient for case in found.cases})
        given = "the publisher's lists of patients stand" if splits else "splits are ours, by patient and seed"
        return CaseList(
            cases=tuple(found.cases),
            problems=tuple(found.problems),
            labels=label_table([(value, name, f"{name} of the heart") for value, name in _LABELS]),
            name="CAMUS",
            details=f"CAMUS as published: {len(found.cases)} frames of {patients} patients; {given}",
            splits_from="the publisher's lists" if splits else "",
        )


def _patients(top: Path) -> list[Path]:
    return [one for one in folders_in(top) if re.match(r"^patient\d+$", one.name)]


def _fits(top: Path) -> bool:
    patients = _patients(top)
    return any(_FRAME.match(stem(path)) for one in patients[:3] for path in files_in(one, *_KINDS))


def _splits(top: Path) -> dict[str, str]:
    """Patient → split, from the lists beside the data; none where one of the three is missing."""
    home = child(top.parent, "database_split") or child(top, "database_split")
    lists = {path.stem: path for path in files_in(home, ".txt")} if home is not None else {}
    if not _LISTS.keys() <= lists.keys():
        return {}
    found: dict[str, str] = {}
    for name, split in _LISTS.items():
        text = lists[name].read_text(encoding="utf-8", errors="replace")
        found |= dict.fromkeys(text.split(), split)
    return found
