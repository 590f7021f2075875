"""Several phrases in one array of label numbers: which number each has, and who has a voxel of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import Manifest
from engine.contract.errors import UnknownName
from engine.contract.jobs import Segment
from engine.inference.answer import Answer
from engine.volumes.segments import flatten

LIKELIER: Final = "likelier"
FIRST: Final = "first"
RULES: Final = {
    LIKELIER: "the likelier phrase has the voxel, the earlier one where they are equally likely",
    FIRST: "the phrase that comes first in `priority` has the voxel",
}


def label_values(manifest: Manifest, prompts: Sequence[str]) -> list[int]:
    """The number of each phrase: a bundle's labels keep theirs, free phrases take the first that no label has."""
    known = [manifest.label_named(prompt) for prompt in prompts]
    taken = {label.value for label in manifest.labels}
    free = (value for value in range(1, 65536) if value not in taken)
    return [label.value if label else next(free) for label in known]


def check_overlap(job: Segment, prompts: Sequence[str]) -> None:
    """Raises UnknownName for a rule, or a phrase in `priority`, that there is not."""
    if job.overlap not in RULES:
        raise UnknownName(
            f"There is no rule for overlaps {job.overlap!r}.", hint=f"Known: {', '.join(RULES)}.", field="overlap"
        )
    strangers = [name for name in job.priority if name not in prompts]
    if strangers:
        raise UnknownName(
            f"{strangers[0]!r} is to come first, but is not asked.",
            hint=f"The phrases: {', '.join(prompts)}.",
            field="priority",
        )


def order_of(prompts: Sequence[str], priority: Sequence[str]) -> list[int]:
    """Places of the phrases: those of `priority` first, the others as they were asked."""
    first = [prompts.index(name) for name in dict.fromkeys(priority)]
    return first + [index for index in range(len(prompts)) if index not in first]


def combine(
    answers: Sequence[Answer], values: Sequence[int], overlap: str = LIKELIER, priority: Sequence[str] = ()
) -> tuple[NDArray[np.unsignedinteger[Any]], dict[str, Any]]:
    """One mask [z, y, x] with the value of each phrase, and its legend, which states the rule and counts what it
    decided."""
    prompts = [answer.asked for answer in answers]
    rule = FIRST if priority or overlap == FIRST else LIKELIER
    order = order_of(prompts, priority)
    labels = np.zeros(answers[0].levels.shape, dtype=np.uint8 if max(values) < 256 else np.uint16)
    overlapping = 0
    # Plane by plane: the masks of many phrases on a large scan would fill the memory.
    for z, masks in enumerate(zip(*(answer.mask_planes() for answer in answers), strict=True)):
        if rule == FIRST:
            labels[z], several = flatten([masks[i] for i in order], [values[i] for i in order])
        else:
            labels[z], several = _likelier(masks, [answer.levels[z] for answer in answers], values)
        overlapping += several
    legend = {
        "labels": [
            {
                "value": value,
                "name": answer.label.name if answer.label else answer.asked,
                "phrase": answer.phrase,
                "colour": answer.label.colour if answer.label else None,
                "voxels": int(np.count_nonzero(labels == value)),
            }
            for answer, value in zip(answers, values, strict=True)
        ],
        "overlap": {
            "rule": rule,
            "meaning": RULES[rule],
            "priority": [prompts[i] for i in order] if rule == FIRST else [],
        },
        "overlapping_voxels": overlapping,
    }
    return labels, legend


def _likelier(
    masks: Sequence[NDArray[np.bool_]], levels: Sequence[NDArray[np.uint8]], values: Sequence[int]
) -> tuple[NDArray[Any], int]:
    """One plane [y, x] of numbers, and how many of its voxels several phrases have."""
    labels = np.zeros(masks[0].shape, dtype=np.uint8 if max(values) < 256 else np.uint16)
    best = np.zeros(labels.shape, dtype=np.uint8)
    overlap = np.zeros(labels.shape, dtype=bool)
    for mask, level, value in zip(masks, levels, values, strict=True):
        overlap |= mask & (labels > 0)
        # A mask may hold voxels of probability 0: holes that were filled.
        wins = mask & ((level > best) | (labels == 0))
        labels[wins] = value
        best[wins] = level[wins]
    return labels, int(np.count_nonzero(overlap))
