"""From the values seen in all masks to the table of labels, and what does not fit between the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.data.config import LabelConfig, MaskKind
from engine.data.findings import CaseFinding
from engine.data.labels import LabelTable, labels_found
from engine.data.problem import Problem
from engine.data.split import SPLITS

_MOST_TOLD = 3  # one by one
_LARGEST_VALUE = 65535


@dataclass(frozen=True, slots=True)
class SeenValues:
    """One case's mask values. `cut`: made of 0 and 1 from grey levels; `objects`: one number an object."""

    case_id: str
    counts: Mapping[int, int]
    cut: bool = False
    objects: bool = False


def table_for(
    given: Sequence[LabelConfig], name: str, seen: Sequence[SeenValues], kind: MaskKind | None = None
) -> tuple[LabelTable, list[Problem]]:
    """The labels to use: those `given` (by the user or the dataset), else one for each value found.

    Masks with one value above 0 are binary, whatever the value; so are lossy ones, those that number objects, and those
    of a layout that says so (`kind`), as long as there is one label.
    """
    values = sorted({value for case in seen for value, count in case.counts.items() if count})
    if not values:
        return LabelTable(tuple(given), "values"), [_all_empty(len(seen))] if seen else []
    problems: list[Problem] = []
    binary = len(given) <= 1 and (kind == "binary" or (kind is None and _binary(values, seen)))
    if kind is None and len(given) <= 1 and any(case.objects for case in seen):
        binary = True
        problems.append(_numbered_objects([case.case_id for case in seen if case.objects]))
    if given:
        table = LabelTable(tuple(given), "binary" if binary else "values")
    else:
        usable = [value for value in values if value <= _LARGEST_VALUE]
        found: MaskKind = "binary" if binary else "values"
        table = LabelTable(labels_found(name, found, usable), found)
    return table, [*problems, *([] if binary else _unlisted(table, seen, bool(given)))]


def label_gaps(table: LabelTable, findings: Sequence[CaseFinding]) -> list[Problem]:
    """Labels that no mask holds, none of those to learn from, or none of those that choose the best epoch."""
    if not any(any(finding.counts.values()) for finding in findings):
        return []
    held = {label.value: sum(finding.counts[label.value] for finding in findings) for label in table.labels}
    in_split = {
        split: frozenset[int]().union(*(finding.labels_in.get(split, frozenset()) for finding in findings))
        for split in SPLITS
    }
    problems = _absent([label for label in table.labels if not held[label.value]])
    present = [label for label in table.labels if held[label.value]]
    problems += [_not_in_train(label) for label in present if label.value not in in_split["train"]]
    unseen = [label for label in present if label.value not in in_split["val"]]
    if unseen and any(finding.slices.get("val") for finding in findings):
        problems.append(_not_in_val(unseen))
    empty = [finding.case.case_id for finding in findings if not any(finding.counts.values())]
    if empty:
        problems.append(_some_empty(empty, len(findings)))
    return problems


def _binary(values: Sequence[int], seen: Sequence[SeenValues]) -> bool:
    if any(case.cut for case in seen):
        return True
    one_each = all(len(case.counts) <= 1 for case in seen)
    return one_each and (len(values) == 1 or set(values) == {1, 255})


def _absent(labels: Sequence[LabelConfig]) -> list[Problem]:
    if len(labels) <= _MOST_TOLD:
        return [
            Problem(
                kind="label_absent",
                severity="warning",
                message=f"No mask holds the label {label.name!r} (value {label.value}): it cannot be learnt.",
                fix="Correct its value in the label table, or remove the label.",
            )
            for label in labels
        ]
    named = ", ".join(label.name for label in labels)
    message = f"No mask holds these {len(labels)} labels, which cannot be learnt: {named}."
    fix = "Correct their values in the label table, or remove the labels."
    return [Problem("label_absent", "warning", message, "", fix, len(labels))]


def _not_in_train(label: LabelConfig) -> Problem:
    return Problem(
        kind="label_not_in_train",
        severity="warning",
        message=f"The label {label.name!r} is marked nowhere in the training split: it cannot be learnt.",
        fix="Set data.split.stratify, choose another seed, or remove the label.",
    )


def _not_in_val(labels: Sequence[LabelConfig]) -> Problem:
    shown = ", ".join(label.name for label in labels[:6]) + (" …" if len(labels) > 6 else "")
    return Problem(
        kind="label_not_in_val",
        severity="note",
        message=f"Marked nowhere in the validation split: {shown}. The best epoch is chosen without looking at that.",
        fix="Choose another seed, or a larger share for val.",
        count=len(labels),
    )


def _some_empty(empty: Sequence[str], cases: int) -> Problem:
    return Problem(
        kind="masks_empty",
        severity="note",
        message=f"{len(empty)} of {cases} cases have an empty mask: nothing is to be found in them.",
        fix="Nothing to do, if that is meant.",
        count=len(empty),
        cases=tuple(empty),
        mending="leave_out",
    )


def _all_empty(cases: int) -> Problem:
    return Problem(
        kind="all_masks_empty",
        severity="error",
        message=f"All {cases} masks are empty (0 everywhere): there is nothing to learn.",
        fix="Check that the masks were exported with the structures marked.",
    )


def _numbered_objects(cases: Sequence[str]) -> Problem:
    return Problem(
        kind="numbered_objects",
        severity="warning",
        message=f"{len(cases)} masks number their objects (1, 2, 3 …) instead of naming structures: "
        "all objects were taken as one label.",
        fix="If the numbers do mean different structures, list them in the label table.",
        count=len(cases),
        cases=tuple(cases),
    )


def _unlisted(table: LabelTable, seen: Sequence[SeenValues], given: bool) -> list[Problem]:
    known = set(table.values)
    extra: Counter[int] = Counter(value for case in seen for value in case.counts if value not in known)
    if not extra or not given:
        return []
    shown = ", ".join(str(value) for value in sorted(extra)[:8]) + (" …" if len(extra) > 8 else "")
    return [
        Problem(
            kind="values_unlisted",
            severity="note",
            message=f"Masks also hold values that are no label ({shown}); they count as background.",
            fix="Add them to the label table to use them.",
            count=len(extra),
            cases=tuple(case.case_id for case in seen if not known.issuperset(case.counts)),
        )
    ]
