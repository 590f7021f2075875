"""Editing of the shown masks: which layer, with which tool, what was done and can be taken back. The bar draws it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.bundle.levels import threshold_level
from engine.contract.errors import Cancelled, EngineError
from engine.volumes.slicing import SliceStack
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.whole_mask import WholeMask
from tunevlseg_gui.viewer.editing.between import painted_slices, slices_between
from tunevlseg_gui.viewer.editing.brush import Brush
from tunevlseg_gui.viewer.editing.delta import Delta, apply, box_around, delta_of, difference, shape_of, whole_box
from tunevlseg_gui.viewer.editing.history import History, Step
from tunevlseg_gui.viewer.editing.parts import holes_of_slice, part_at, region_at
from tunevlseg_gui.viewer.editing.preview import Preview
from tunevlseg_gui.viewer.editing.steps import (
    EditingBegun,
    EditingEnded,
    LayersChanged,
    ProposalSet,
    VoxelsChanged,
    begun,
)
from tunevlseg_gui.viewer.editing.tools import BrushTool, PickTool, PreviewTool
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.tool import Tool

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page_jobs import Client
    from tunevlseg_gui.viewer.scan_viewer import ScanViewer
    from tunevlseg_gui.viewer.slice_view import SliceView

LARGE = 2_000_000
"""Voxels; a larger box is turned over off the window's thread."""


class MaskEditor(QObject):
    """Holds the tool and the history. Only one change is under way at a time; a second is refused with a word."""

    changed = Signal()  # a mask, the tool, the history or what is proposed
    edited = Signal()  # a mask that is edited is another now
    told = Signal(str)  # a line for the user
    stepped = Signal(int, int)  # done, total of something that takes a while

    def __init__(self, client: Client, viewer: ScanViewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.history = History(habits().settings.undo_mb)
        habits().changed.connect(self._use_habits)
        self.brush = Brush()
        self.layer: Layer | None = None
        self.busy = ""  # what is under way, in words
        self.tool_name = ""  # paint | erase | fill | island
        self._tool: Tool | None = None
        self._between: Preview | None = None
        self._proposed: Preview | None = None
        self._stop = threading.Event()
        self._era = 0  # grows with each scan: what was begun on another one comes too late
        self._whole = WholeMask(client, self)
        self.asking = False  # an answer is on its way: the list of layers is not to be changed
        self.view_folder: Path | None = None
        self.is_picture = True

    # what is edited

    def open(self, view_folder: Path, *, is_picture: bool) -> None:
        """Another scan: nothing is left of the edits of the last."""
        self.cancel()
        self._era += 1
        self.history.clear()
        self.history.use_limit(habits().settings.undo_mb)
        self.layer, self.busy, self._between = None, "", None
        self.view_folder, self.is_picture = view_folder, is_picture
        self.use_tool("")

    def _use_habits(self) -> None:
        self.history.use_limit(habits().settings.undo_mb)

    def layers_shown(self, layers: list[Layer]) -> None:
        """The list of layers is another; the one that is edited stays, where it is still there."""
        if self.layer not in layers:
            self.layer = next((layer for layer in reversed(layers) if layer.visible), layers[-1] if layers else None)
            self._between = None
        if not layers and self.tool_name:
            self.use_tool("")
        self.refresh()

    def choose(self, layer: Layer) -> None:
        self.layer = layer
        self._between = None
        if self.tool_name:
            self._begin()
        self.refresh()

    def use_tool(self, name: str) -> None:
        """Takes a tool; the one that is in hand again puts it down. Taking one begins to edit the layer."""
        self.tool_name = "" if name == self.tool_name else name
        if self.tool_name and self.layer is None:
            self.tool_name = ""
            self.told.emit("There is no mask to edit. Ask for one, or begin an empty one.")
        made: dict[str, Callable[[], Tool]] = {
            "paint": lambda: BrushTool(self, value=True),
            "erase": lambda: BrushTool(self, value=False),
            "fill": lambda: PickTool(self, self._fill_at),
            "island": lambda: PickTool(self, self._remove_part),
        }
        self._tool = made[self.tool_name]() if self.tool_name else None
        self._take()
        if self.tool_name:
            self._begin()
        self.refresh()

    def _take(self) -> None:
        if self._tool is None or isinstance(self._tool, PreviewTool):
            self._tool = PreviewTool(self) if self.preview is not None else None
        held = self._viewer.view.mouse.tool
        if held is not self._tool and (self._tool is not None or isinstance(held, (BrushTool, PickTool, PreviewTool))):
            self._viewer.take_tool(self._tool)

    def let_go(self, tool: Tool) -> None:
        if tool is self._tool:
            self._tool, self.tool_name = None, ""
            self.changed.emit()

    def resize(self, steps: int) -> None:
        self.brush = self.brush.resized(steps)
        self.changed.emit()

    def set_radius(self, radius: float) -> None:
        self.brush = Brush(radius, self.brush.ball)
        self._viewer.refresh()

    def set_ball(self, on: bool) -> None:
        self.brush = Brush(self.brush.radius, on)

    def target(self) -> Layer | None:
        """The layer to change now; None where that cannot be, and why is told."""
        layer = self.layer
        if layer is None or self._refused():
            return None
        if not layer.edited:
            self._begin()
            return None
        if not layer.visible:
            self.told.emit(f"“{layer.phrase}” is hidden. Show it to edit it.")
            return None
        return layer

    def _refused(self) -> bool:
        """Whether something else must come first, which is told."""
        if self.busy:
            self.told.emit(f"{self.busy} Wait, or press Esc.")
        elif self._between is not None:
            self.told.emit("Take or drop what is proposed first.")
        return bool(self.busy or self._between is not None)

    def _begin(self, then: Callable[[], None] | None = None) -> None:
        """The layer, as it is shown, becomes a mask of its own."""
        layer = self.layer
        if layer is None or self.busy:
            return
        if layer.edited:
            if then is not None:
                then()
            return
        threshold = self._viewer.state.threshold
        level = threshold_level(threshold) if layer.is_present(threshold) else 256

        def made(found: tuple[NDArray[np.uint8], NDArray[np.int64]]) -> None:
            step = EditingBegun(layer, *found)
            step.redo()
            self._add(step)
            if then is not None:
                then()

        self._run("Making the mask ready.", lambda: begun(layer.levels, level), made)

    # steps

    def stroke_ended(self, layer: Layer, value: bool, delta: Delta) -> None:
        self._add(VoxelsChanged("Paint" if value else "Erase", layer, delta))

    def _add(self, step: Step) -> None:
        self.history.add(step)
        self._after()

    def _after(self) -> None:
        self.refresh()
        self.edited.emit()

    def refresh(self) -> None:
        """After layers, proposals or steps changed."""
        layer = self.layer
        proposal = layer.proposal if layer is not None else None
        if proposal is None or layer is None:
            self._proposed = None
        elif self._proposed is None or self._proposed.levels is not proposal.levels:
            threshold = self._viewer.state.threshold
            level = threshold_level(threshold) if proposal.is_present(threshold) else 256
            self._proposed = Preview("The model's new answer", layer, proposal.levels, level, adds=False)
        self._take()
        self.changed.emit()

    def undo(self) -> None:
        self._travel(self.history.next_undo, self.history.undo, "Undoing.")

    def redo(self) -> None:
        self._travel(self.history.next_redo, self.history.redo, "Doing it again.")

    def _travel(self, step: Step | None, go: Callable[[], Step | None], words: str) -> None:
        if step is None or self._refused():
            return
        if self.asking and isinstance(step, LayersChanged):
            self.told.emit("An answer is on its way. Wait for it, or press Esc.")
            return
        delta = getattr(step, "delta", None)
        if delta is not None and np.prod(shape_of(delta.box)) > LARGE:
            self._run(words, go, lambda _step: self._travelled(step))
        else:
            go()
            self._travelled(step)

    def _travelled(self, step: Step) -> None:
        """The mask that a step was about is the one in hand again."""
        layer = getattr(step, "layer", None)
        if layer in self._viewer.state.layers:
            self.layer = layer
        self._after()

    # changes at one place

    def _fill_at(self, view: SliceView, row: int, column: int) -> None:
        layer = self.target()
        if layer is None:
            return
        stack, index = view.state.stack, view.state.index
        region, closed = region_at(stack.like(layer.levels)[index] > 0, row, column)
        if not region.any():
            self.told.emit("That is inside of the mask already. Click into a hole.")
        elif not closed:
            self.told.emit("The mask does not enclose this place on the slice: nothing was filled. Close its outline.")
        else:
            self._change_slice("Fill", layer, stack, index, region)

    def fill_slice(self) -> None:
        """Fills what the mask encloses on the shown slice."""

        def go() -> None:
            layer = self.target()
            if layer is None:
                return
            state = self._viewer.panes.active.state
            holes = holes_of_slice(state.stack.like(layer.levels)[state.index] > 0)
            if not holes.any():
                self.told.emit("There is no hole on this slice.")
                return
            self._change_slice("Fill holes", layer, state.stack, state.index, holes)

        self._begin(go)

    def _change_slice(self, words: str, layer: Layer, stack: SliceStack, index: int, marked: NDArray[np.bool_]) -> None:
        box, changed = stack.piece((index, 0, 0), marked[None])
        delta = delta_of(box, changed)
        if delta is not None:
            apply(layer, delta)
            self._add(VoxelsChanged(words, layer, delta))

    def _remove_part(self, view: SliceView, row: int, column: int) -> None:
        layer = self.target()
        if layer is None:
            return
        z, y, x = (round(value) for value in view.state.stack.voxel_of(view.state.index, row, column))
        if not layer.levels[z, y, x]:
            self.told.emit("There is no mask under the mouse. Click on the part that is to go.")
            return

        def find() -> Delta | None:
            box = box_around(layer.levels > 0) or whole_box(layer.levels.shape)
            inner = (z - box[0].start, y - box[1].start, x - box[2].start)
            return delta_of(box, part_at(layer.levels[box] > 0, inner))

        self._compute("Remove part", "Looking for the part.", layer, find)

    # changes of the whole mask

    def smooth(self) -> None:
        """Rounds the border: a blur of 1.5 voxels, and one half of it as the threshold."""
        spacing = self._viewer.panes.active.state.stack.spacing_hw
        self._refine("Smooth", "Smoothing.", smooth=round(1.5 * min(spacing), 3))

    def keep_largest(self) -> None:
        self._refine("Largest part", "Looking for the largest part.", largest=True)

    def _refine(self, words: str, doing: str, *, smooth: float = 0.0, largest: bool = False) -> None:
        """In the engine, which has the filters."""

        def go() -> None:
            layer, folder = self.target(), self.view_folder
            if layer is None or folder is None:
                return
            era = self._era

            def made(levels: NDArray[np.uint8]) -> None:
                if era == self._era:
                    self.busy = ""
                    self._compute(words, doing, layer, lambda: difference(layer.levels, levels > 0))

            def failed(problem: str) -> None:
                if era == self._era:
                    self._end(problem)

            self.busy = doing
            self.changed.emit()
            view = "" if self.is_picture else str(folder)
            self._whole.refine(layer.levels, folder, view, made, failed, smooth=smooth, largest=largest)

        if not self._refused():
            self._begin(go)

    def interpolate(self) -> None:
        """Proposes what lies between the painted slices of the shown plane; nothing changes before it is taken."""

        def go() -> None:
            layer = self.target()
            if layer is None:
                return
            stack = self._viewer.panes.active.state.stack

            def told(done: int, total: int) -> None:
                if self._stop.is_set():
                    raise Cancelled
                self.stepped.emit(done, total)

            def find() -> NDArray[np.uint8] | None:
                mask = stack.like(layer.levels) > 0
                made = slices_between(mask, painted_slices(mask), stack.spacing_hw, told)
                if not made.any():
                    return None
                return np.ascontiguousarray(stack.restore(made)).view(np.uint8)

            def found(levels: NDArray[np.uint8] | None) -> None:
                if levels is None:
                    self.told.emit("There is no gap between painted slices of this plane.")
                    return
                self._between = Preview("Slices between", layer, levels)
                self.told.emit("Proposed between the painted slices: take it with Enter, or drop it with Esc.")
                self.refresh()

            self._run("Filling between slices.", find, found)

        if not self._refused():
            self._begin(go)

    def back_to_answer(self) -> None:
        layer = self.layer
        if layer is None or not layer.edited or layer.answer is None or self._refused():
            return
        step = EditingEnded(layer)
        step.redo()
        if self.tool_name:
            self.use_tool("")
        self._add(step)

    # what is proposed

    @property
    def preview(self) -> Preview | None:
        return self._between or self._proposed

    def preview_on(self, stack: SliceStack, index: int) -> NDArray[np.bool_] | None:
        return None if self.preview is None else self.preview.on(stack, index)

    def propose(self, layer: Layer, answer: Layer) -> None:
        """The model's new answer to the phrase of an edited layer: it changes nothing before it is taken."""
        step = ProposalSet("The model's answer", layer, layer.proposal, answer)
        step.redo()
        self.layer = layer
        self._add(step)

    def take(self) -> None:
        """The proposal becomes the mask, as one step."""
        preview = self.preview
        if preview is None or self.busy:
            return
        layer, proposal = preview.layer, preview.layer.proposal
        between = preview is self._between

        def find() -> Delta | None:
            delta = difference(layer.levels, preview.wanted())
            if delta is not None:
                apply(layer, delta)
            return delta

        def taken(delta: Delta | None) -> None:
            if between:
                self._between = None
                if delta is not None:
                    self._add(VoxelsChanged("Fill between slices", layer, delta))
                return
            layer.proposal = None
            self._add(ProposalSet("Take the model's answer", layer, proposal, None, delta))

        self._run("Taking it.", find, taken)

    def drop(self) -> None:
        if self._between is not None:
            self._between = None
            self.refresh()
        elif self._proposed is not None and not self.busy:
            layer = self._proposed.layer
            step = ProposalSet("Turn the answer down", layer, layer.proposal, None)
            step.redo()
            self._add(step)

    # work off the window's thread

    def cancel(self) -> bool:
        """Ends what is under way, or drops what is proposed, or puts the tool down; whether there was any."""
        if self.busy:
            self._stop.set()
            self._whole.cancel()
            return True
        if self.preview is not None:
            self.drop()
            return True
        if self.tool_name:
            self.use_tool("")
            return True
        return False

    def _compute(self, words: str, doing: str, layer: Layer, find: Callable[[], Delta | None]) -> None:
        def work() -> Delta | None:
            delta = find()
            if self._stop.is_set():
                raise Cancelled
            if delta is not None:
                apply(layer, delta)
            return delta

        def done(delta: Delta | None) -> None:
            if delta is None:
                self.told.emit(f"{words}: nothing to change.")
            else:
                self._add(VoxelsChanged(words, layer, delta))
                self.told.emit(f"{words}: done. Ctrl+Z takes it back.")

        self._run(doing, work, done)

    def _run(self, doing: str, work: Callable[[], object], done: Callable[..., None]) -> None:
        era = self._era
        self.busy = doing
        self._stop = threading.Event()
        self.changed.emit()

        def arrived(found: object) -> None:
            if era == self._era:
                self._end("")
                done(found)

        def failed(error: Exception) -> None:
            if era != self._era:
                return
            said = error.message if isinstance(error, EngineError) else str(error)
            self._end("Cancelled; the mask is as it was." if isinstance(error, Cancelled) else said)

        run_task(self, work, arrived, failed)

    def _end(self, said: str) -> None:
        self.busy = ""
        if said:
            self.told.emit(said)
        self.changed.emit()
