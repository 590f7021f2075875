from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.volumes.slicing import SliceStack
from tunevlseg_gui.viewer.editing.brush import Brush, Stroke
from tunevlseg_gui.viewer.editing.delta import difference
from tunevlseg_gui.viewer.editing.history import History
from tunevlseg_gui.viewer.editing.steps import VoxelsChanged
from tunevlseg_gui.viewer.mask_overlay import Layer, count_levels


@dataclass
class Noted:
    """A step that costs what it says."""

    words: str
    nbytes: int

    def undo(self) -> None: ...

    def redo(self) -> None: ...


SHAPE = (5, 9, 11)
place = st.tuples(st.integers(0, 4), st.floats(-3, 12), st.floats(-3, 14), st.floats(-3, 12), st.floats(-3, 14))
acts = st.one_of(
    st.tuples(st.just("stroke"), place, st.floats(0.5, 6), st.booleans(), st.booleans()),
    st.tuples(st.just("replace"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
)


def _edit(layer: Layer, act: tuple) -> VoxelsChanged | None:
    stack = SliceStack(np.zeros(SHAPE, np.uint8), None, "axial")
    if act[0] == "stroke":
        _, (index, *ends), radius, ball, value = act
        stroke = Stroke(layer, stack, Brush(radius, ball), value)
        stroke.go(index, (ends[0], ends[1]), (ends[2], ends[3]))
        delta = stroke.end()
    else:
        wanted = np.random.default_rng(act[1]).random(SHAPE) > 0.6
        delta = difference(layer.levels, wanted)
    if delta is None:
        return None
    step = VoxelsChanged(act[0], layer, delta)
    if act[0] == "replace":
        step.redo()
    return step


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=25))
def test_any_sequence_of_edits_is_taken_back_and_done_again_bit_for_bit(sequence: list[tuple]) -> None:
    """Beside the history a plain list of copies, which is what undo and redo must agree with."""
    layer = Layer("liver", np.zeros(SHAPE, np.uint8), (1, 2, 3), edited=True)
    layer.counts = count_levels(layer.levels)
    history = History()
    states, at = [layer.levels.copy()], 0
    for act in sequence:
        if act[0] == "undo":
            assert (history.undo() is None) == (at == 0)
            at = max(0, at - 1)
        elif act[0] == "redo":
            assert (history.redo() is None) == (at == len(states) - 1)
            at = min(len(states) - 1, at + 1)
        elif step := _edit(layer, act):
            history.add(step)
            states, at = [*states[: at + 1], layer.levels.copy()], at + 1
        assert np.array_equal(layer.levels, states[at])
        assert np.array_equal(layer.counts, count_levels(layer.levels))
    while history.undo():
        pass
    assert np.array_equal(layer.levels, states[0])
    while history.redo():
        pass
    assert np.array_equal(layer.levels, states[-1])


def test_the_oldest_steps_go_where_memory_is_short_and_their_number_does_not_matter() -> None:
    history = History(limit_mb=1)
    for number in range(5000):
        history.add(Noted(str(number), 100))
    assert len(history) == 5000
    history.add(Noted("large", 900_000))
    assert history.nbytes <= 1_000_000
    assert len(history) == 1001
    assert history.next_undo is not None
    assert history.next_undo.words == "large"


def test_the_newest_step_is_kept_however_large() -> None:
    history = History(limit_mb=1)
    history.add(Noted("small", 10))
    history.add(Noted("huge", 5_000_000))
    assert len(history) == 1
    assert history.undo() is not None


def test_a_new_step_ends_what_could_be_done_again() -> None:
    history = History()
    history.add(Noted("one", 1))
    history.undo()
    history.add(Noted("two", 1))
    assert history.next_redo is None
    assert history.redo() is None
