"""Which cases move so that a leak ends: whatever belongs together lies in one split.

Plain values in and out: the window asks this file as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

_SPLITS = ("train", "val", "test")  # on a tie, the first: images to learn from flatter no score


def regrouped(
    groups: Iterable[Iterable[str]], patient_of: Mapping[str, str], split_of: Mapping[str, str]
) -> dict[str, str]:
    """Case id → new split, of the cases that have to move.

    `groups` are case ids that must share a split; all cases of their patients come along, or the move would make a
    leak of its own. Each family goes to the split that holds most of it. Cases that `split_of` places in no single
    split, or does not know, stay.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    asked: list[str] = []
    for group in groups:
        patients = [patient_of[case] for case in group if case in patient_of]
        asked += patients
        for patient in patients[1:]:
            parent[root(patient)] = root(patients[0])
    wanted = {root(patient) for patient in asked}
    families: dict[str, list[str]] = {}
    for case, patient in patient_of.items():
        if split_of.get(case) in _SPLITS and patient in parent and root(patient) in wanted:
            families.setdefault(root(patient), []).append(case)
    moves: dict[str, str] = {}
    for cases in families.values():
        held = Counter(split_of[case] for case in cases)
        home = max(_SPLITS, key=lambda split: (held[split], -_SPLITS.index(split)))
        moves |= {case: home for case in cases if split_of[case] != home}
    return moves
