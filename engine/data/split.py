"""Which patients are for tuning, which choose the best epoch, which are kept for the final scores."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.contract.errors import OutOfRange
from engine.data.config import SplitConfig
from engine.data.problem import Problem

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Member:
    """What the split looks at: a case, its patient, the split that its folder gives it, and the labels it shows.

    `kin`: cases with the same are kept together even where their patients differ (copies of one image).
    """

    case_id: str
    patient: str
    given: str | None = None
    labels: frozenset[int] = frozenset()
    kin: str = ""

    @property
    def unit(self) -> str:
        return self.kin or self.patient


@dataclass(frozen=True, slots=True)
class Assignment:
    """`split_of` names one split a case, or "slabs" for a lone volume that is shared out by its slices."""

    split_of: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


SLABS = "slabs"


def assign(members: Sequence[Member], config: SplitConfig, seed: int, *, sliceable: bool = False) -> Assignment:
    """Shares the cases out by patient, reproducibly: only names and `seed` decide, and labels where `stratify` is on.

    Splits given by sub-folders or lists stand, unless `config.given` is off. Where those lack val, it is taken from
    train. Otherwise train and val get at least one patient each where there are two, and test one where there are
    three. A lone patient with several images is split by image, a lone volume (`sliceable`) by slabs of neighbouring
    slices: both with a warning, since validation on a patient that was learnt from flatters. Raises OutOfRange for more
    folds than patients.
    """
    if not config.given:
        members = [replace(member, given=None) for member in members]
    given = {member.given for member in members if member.given}
    if given >= {"train", "val"}:
        return _as_given(members)
    if given >= {"train", "test"} and any(member.given in (None, "train") for member in members):
        return _val_from_train(members, config, seed)
    problems: tuple[Problem, ...] = ()
    if given - {"train"}:
        only = " and ".join(sorted(given))
        problems = (
            Problem(
                kind="split_folders",
                severity="warning",
                message=f"The sub-folders give only {only}: nothing to learn from.",
                fix="They were ignored and the cases split by seed; add a sub-folder train to keep yours.",
            ),
        )
    if config.by == "patient" and len({member.unit for member in members}) == 1 and len(members) > 1:
        return Assignment(_by_unit(members, config, seed, by_image=True), (*problems, _one_patient(len(members))))
    if len(members) == 1:
        if sliceable:
            return Assignment({members[0].case_id: SLABS}, (*problems, _one_volume()))
        return Assignment({members[0].case_id: "train"}, (*problems, _one_image()))
    return Assignment(_by_unit(members, config, seed, by_image=config.by == "image"), problems)


def learnt_from(split_of: Mapping[str, str], most: int, seed: int) -> Mapping[str, str]:
    """`split_of` with at most `most` cases (0: all) in train, the others in "" (none); more hold those of fewer."""
    train = [case for case, split in split_of.items() if split == "train"]
    if not most or len(train) <= most:
        return split_of
    return {**split_of, **dict.fromkeys(_order(set(train), seed)[most:], "")}


def shared_out(count: int, config: SplitConfig) -> dict[str, int]:
    """How many of `count` units each split gets; the order of filling is train, val, test."""
    test = round(count * config.test)
    val = round(count * config.val)
    if config.test > 0 and count >= 3:
        test = max(1, test)
    if count >= 2:
        val = max(1, val)
    # Rounding up two small shares may leave nothing to learn from.
    while count - val - test < 1 and test > (1 if count >= 3 and config.test > 0 else 0):
        test -= 1
    while count - val - test < 1 and val > (1 if count >= 2 else 0):
        val -= 1
    return {"train": count - val - test, "val": val, "test": test}


def _order(names: set[str], seed: int) -> list[str]:
    # A hash, not a shuffle: one case more or less leaves all others where they were, nearly always.
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def _by_unit(members: Sequence[Member], config: SplitConfig, seed: int, *, by_image: bool) -> dict[str, str]:
    unit_of = {member.case_id: member.case_id if by_image else member.unit for member in members}
    units = _order(set(unit_of.values()), seed)
    labels: dict[str, frozenset[int]] = dict.fromkeys(units, frozenset())
    for member in members if config.stratify else ():
        labels[unit_of[member.case_id]] |= member.labels
    counts = shared_out(len(units), config)
    if not config.folds:
        parts = {split: counts[split] for split in ("test", "val", "train")}
        split_of_unit = _dealt(units, parts, labels)
    else:
        split_of_unit = _folded(units, counts["test"], config, labels)
    return {case_id: split_of_unit[unit] for case_id, unit in unit_of.items()}


def _folded(
    units: Sequence[str], test: int, config: SplitConfig, labels: Mapping[str, frozenset[int]]
) -> dict[str, str]:
    """The test split is the same for every fold; the rest is cut into folds, of which one is val."""
    kept = _dealt(units, {"test": test, "rest": len(units) - test}, labels)
    rest = [unit for unit in units if kept[unit] == "rest"]
    if len(rest) < config.folds:
        raise OutOfRange(
            f"data.split.folds: {config.folds} folds need as many patients; there are {len(rest)} to share out.",
            hint="Choose fewer folds, or split by image.",
            field="data.split.folds",
        )
    sizes = {str(fold): len(rest[fold - 1 :: config.folds]) for fold in range(1, config.folds + 1)}
    fold_of = _dealt(rest, sizes, labels)
    return {
        unit: "test" if kept[unit] == "test" else "val" if fold_of[unit] == str(config.fold) else "train"
        for unit in units
    }


def _dealt(units: Sequence[str], sizes: Mapping[str, int], labels: Mapping[str, frozenset[int]]) -> dict[str, str]:
    """Unit → part, of `sizes` units each.

    Units with labels are dealt out so that each part gets its share of every label, the rarest label first (iterative
    stratification: Sechidis, Tsoumakas, Vlahavas, ECML 2011); units without any fill the parts in order.
    """
    left = dict(sizes)
    found: dict[str, str] = {}
    total = max(1, sum(sizes.values()))
    holders: dict[int, list[str]] = {}
    for unit in units:
        for label in labels[unit]:
            holders.setdefault(label, []).append(unit)
    wanted = {
        (part, label): len(known) * size / total for part, size in sizes.items() for label, known in holders.items()
    }
    waiting = {label: deque(known) for label, known in holders.items()}
    open_ = {label: len(known) for label, known in holders.items()}
    while open_:
        rarest = min(open_, key=lambda label: (open_[label], label))
        unit = waiting[rarest].popleft()
        if unit in found:
            continue
        part = max((part for part in left if left[part]), key=lambda part: (wanted[part, rarest], left[part]))
        found[unit] = part
        left[part] -= 1
        for label in labels[unit]:
            wanted[part, label] -= 1
            open_[label] -= 1
            if not open_[label]:
                del open_[label]
    parts = iter([part for part, size in left.items() for _ in range(size)])
    return {unit: found[unit] if unit in found else next(parts) for unit in units}


def _as_given(members: Sequence[Member]) -> Assignment:
    problems: list[Problem] = []
    if not any(member.given == "test" for member in members):
        problems.append(
            Problem(
                kind="no_test_split",
                severity="note",
                message="The sub-folders give train and val, but no test: final scores will need other data.",
                fix="Add a sub-folder test to keep cases apart for them.",
            )
        )
    split_of = {member.case_id: member.given or "train" for member in members}
    return Assignment(split_of, (*problems, *_leaks(members, split_of)))


def _val_from_train(members: Sequence[Member], config: SplitConfig, seed: int) -> Assignment:
    rest = [member for member in members if member.given in (None, "train")]
    share = config.val / (config.val + config.train)
    inner = config.model_copy(update={"train": 1 - share, "val": share, "test": 0.0})
    patients = {member.unit for member in rest}
    by_image = config.by == "image" or len(patients) == 1
    split_of = dict.fromkeys((member.case_id for member in members), "test")
    split_of.update(_by_unit(rest, inner, seed, by_image=by_image))
    problems = [
        Problem(
            kind="no_val_split",
            severity="note",
            message=f"The sub-folders give train and test, but no val: {share:.0%} of train was taken for it by seed.",
            fix="Add a sub-folder val to choose it yourself.",
        )
    ]
    if len(patients) == 1 and len(rest) > 1 and config.by == "patient":
        problems.append(_one_patient(len(rest)))
    told = {member.case_id: "test" if member.given == "test" else "train" for member in members}
    return Assignment(split_of, (*problems, *_leaks(members, told)))


def _leaks(members: Sequence[Member], split_of: Mapping[str, str]) -> list[Problem]:
    """Patients of whom several splits hold images."""
    cases: dict[str, list[str]] = {}
    for member in members:
        cases.setdefault(member.patient, []).append(member.case_id)
    found = []
    for patient, names in sorted(cases.items()):
        splits = sorted({split_of[name] for name in names})
        if len(splits) > 1:
            told = f"Images of {patient} are in {' and '.join(splits)}: scores will look too good."
            fix = "Move all images of a patient into one sub-folder."
            found.append(Problem("leak", "warning", told, "", fix, cases=tuple(names), mending="regroup"))
    return found


def _one_patient(images: int) -> Problem:
    return Problem(
        kind="one_patient",
        severity="warning",
        message=f"All {images} images belong to one patient, so they were split by image: scores will look too good.",
        fix="Add images of other patients before trusting the scores.",
    )


def _one_volume() -> Problem:
    return Problem(
        kind="one_volume",
        severity="warning",
        message="There is one volume only; its slices were split into neighbouring slabs: scores will look too good.",
        fix="Add scans of other patients before trusting the scores.",
    )


def _one_image() -> Problem:
    return Problem(
        kind="one_image",
        severity="warning",
        message="There is one image only: nothing is left to choose the best epoch or to score with.",
        fix="Add at least one more image with its mask.",
    )
