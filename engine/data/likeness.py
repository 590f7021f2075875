"""Cases that must not be parted: the same image twice, or nearly so; and masks that belong to two images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.data.fingerprint import near_duplicates
from engine.data.problem import Mending, Problem
from engine.data.seen_case import SeenCase

_MOST_TOLD = 40
# Frames of one video may hang together in a long chain: not more than this share of all patients becomes one.
_LARGEST_FAMILY = 0.2


@dataclass(frozen=True)
class Likeness:
    """`kin`: case id → the first patient of those whom twins join. `twins`: (first, second, likeness; 1: the same)."""

    kin: Mapping[str, str]
    twins: tuple[tuple[str, str, float], ...]


def likeness(seen: Sequence[SeenCase]) -> Likeness:
    """Finds twins, and joins the patients of each pair, so that no split parts them."""
    twins: list[tuple[str, str, float]] = []
    first: dict[str, str] = {}
    for item in seen:
        twin = first.setdefault(item.digest, item.case.case_id)
        if twin != item.case.case_id:
            twins.append((twin, item.case.case_id, 1.0))
    same = {pair[1] for pair in twins}
    near = [
        (seen[one].case.case_id, seen[other].case.case_id, alike)
        for one, other, alike in near_duplicates([None if item.case.case_id in same else item.print for item in seen])
    ]
    own = {item.case.case_id: item.case.patient for item in seen}
    families = _joined(own, twins)
    wider = _joined(own, [*twins, *near])
    largest = max(Counter(wider[patient] for patient in set(own.values())).values(), default=0)
    if largest <= max(2, _LARGEST_FAMILY * len(set(own.values()))):
        families = wider
    return Likeness({case: families[patient] for case, patient in own.items()}, (*twins, *near))


def _joined(own: Mapping[str, str], pairs: Sequence[tuple[str, str, float]]) -> dict[str, str]:
    """Patient → the first of those that pairs join it with."""
    parent = {patient: patient for patient in own.values()}

    def root(patient: str) -> str:
        while parent[patient] != patient:
            parent[patient] = patient = parent[parent[patient]]
        return patient

    for one, other, _ in pairs:
        first, second = sorted((root(own[one]), root(own[other])))
        parent[second] = first
    return {patient: root(patient) for patient in parent}


def told_twins(found: Likeness, split_of: Mapping[str, str]) -> list[Problem]:
    """Pairs in different splits one by one, the others as well where they are few."""
    problems: list[Problem] = []
    left: dict[tuple[bool, bool], list[str]] = {}
    for one, other, alike in found.twins:
        same, apart = alike == 1.0, split_of[one] != split_of[other]
        if sum(problem.kind != "duplicate_image" for problem in problems) >= _MOST_TOLD and not same:
            left.setdefault((same, apart), []).extend((one, other))
            continue
        where = f"{split_of[one]} and {split_of[other]}"
        told = f"they are in {where}, so scores will look too good" if apart else "they stay in one split"
        looks = f"The same image as {one}" if same else f"Looks nearly the same as {one} (likeness {alike:.2f})"
        problems.append(
            Problem(
                kind="duplicate_image" if same else "near_duplicate",
                severity="warning" if same or apart else "note",
                message=f"{looks}; {told}.",
                path=other,
                fix="Remove one of the two."
                if same
                else "Look at both; put them into one split, or give them one patient (data.split.patient_table)."
                if apart
                else "Nothing to do, unless it is a copy: then remove one of the two.",
                cases=(one, other),
                mending="regroup" if apart else "",
            )
        )
    problems += [
        Problem(
            kind="near_duplicate",
            severity="warning" if apart else "note",
            message=f"{len(cases) // 2} more pairs look nearly the same and are in "
            + ("different splits: scores will look too good." if apart else "one split."),
            fix="Split by patient: neighbouring frames of one video look like this.",
            count=len(cases) // 2,
            cases=tuple(dict.fromkeys(cases)),
            mending="regroup" if apart else "",
        )
        for (_, apart), cases in left.items()
    ]
    return problems


def told_masks(seen: Sequence[SeenCase]) -> list[Problem]:
    """Masks that are the same for different images, and masks that look inverted."""
    first: dict[str, SeenCase] = {}
    problems: list[Problem] = []
    copies: list[str] = []
    for item in seen:
        twin = first.setdefault(item.mask_digest, item) if item.mask_digest else item
        if twin is item or twin.digest == item.digest:
            continue
        copies.append(item.case.case_id)
        if len(copies) <= _MOST_TOLD:
            problems.append(
                Problem(
                    kind="duplicate_mask",
                    severity="warning",
                    message=f"The mask is the same, pixel for pixel, as that of {twin.case.case_id}, another image.",
                    path=item.case.case_id,
                    fix="Look at both images: one of the masks was probably saved under the wrong name.",
                    cases=(twin.case.case_id, item.case.case_id),
                )
            )
    if len(copies) > _MOST_TOLD:
        problems.append(
            Problem(
                kind="duplicate_mask",
                severity="warning",
                message=f"{len(copies) - _MOST_TOLD} more masks are the same as those of other images.",
                fix="Check how the masks were exported.",
                count=len(copies) - _MOST_TOLD,
                cases=tuple(copies[_MOST_TOLD:]),
            )
        )
    return problems


def told_inverted(seen: Sequence[SeenCase]) -> list[Problem]:
    """Masks of one structure that mark most of the picture and all its corners, as an inverted one does."""
    marked = [item for item in seen if item.mask_digest and not item.is_volume]
    filled = [item for item in marked if item.fills_corners]
    if not filled:
        return []
    mending: Mending = "invert"
    fix = "Look at the thumbnail; where the background is marked, invert the mask (255 minus its values)."
    if len(filled) > len(marked) / 2:
        return [
            Problem(
                kind="mask_inverted",
                severity="warning",
                message=f"{len(filled)} of {len(marked)} masks mark most of the picture and all four corners: "
                "they look inverted.",
                fix=fix,
                count=len(filled),
                cases=tuple(item.case.case_id for item in filled),
                mending=mending,
            )
        ]
    message = "The mask marks most of the picture and all four corners, as few of this dataset do: it looks inverted."
    return [
        Problem("mask_inverted", "warning", message, name, fix, cases=(name,), mending=mending)
        for name in (item.case.case_id for item in filled[:_MOST_TOLD])
    ]
