"""Which slices of a volume are used for what."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from engine.data.config import DataConfig, SplitConfig
from engine.data.split import SPLITS, shared_out


def chosen_slices(labelled: Sequence[int], total: int, config: DataConfig, case_id: str, seed: int) -> tuple[int, ...]:
    """Indices into a stack of `total` slices, in order; `labelled` are those in which a label is marked.

    Those with a label, and a share of the others drawn by seed and case, so that a model also sees slices to leave
    empty; a case without any label keeps at least one slice. `each_nth` thins both.
    """
    if total == 1:
        return (0,)
    grid = range(0, total, config.each_nth)
    if config.slices == "all":
        return tuple(grid)
    with_label = sorted(set(labelled) & set(grid)) or sorted(labelled)[:1]
    empty = sorted(set(grid) - set(labelled))
    wanted = min(len(empty), round(len(with_label) * config.empty_slices))
    if not with_label:
        wanted = min(len(empty), max(1, round(len(grid) * config.empty_slices)))
    drawn = sorted(empty, key=lambda index: hashlib.sha256(f"{seed}:{case_id}:{index}".encode()).digest())[:wanted]
    return tuple(sorted([*with_label, *drawn]))


def slabs(chosen: Sequence[int], labelled: Sequence[int], config: SplitConfig) -> dict[str, tuple[int, ...]]:
    """Neighbouring parts of one volume's `chosen` slices, train first, cut so that each has its share of labels."""
    marked = sorted(set(chosen) & set(labelled))
    rule = marked if len(marked) >= len(SPLITS) else sorted(chosen)
    counts = shared_out(len(rule), config)
    end = rule[-1] + 1 if rule else 0
    first_val = rule[counts["train"]] if counts["train"] < len(rule) else end
    past_val = counts["train"] + counts["val"]
    first_test = rule[past_val] if past_val < len(rule) else end
    parts: dict[str, tuple[int, ...]] = {
        "train": tuple(index for index in chosen if index < first_val),
        "val": tuple(index for index in chosen if first_val <= index < first_test),
        "test": tuple(index for index in chosen if first_test <= index),
    }
    if not counts["test"]:
        # Slices beyond the last label go to the last part that is wanted.
        parts = {**parts, "val": parts["val"] + parts["test"], "test": ()}
    return parts
