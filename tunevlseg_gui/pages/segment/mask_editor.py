"""Editing of the shown masks: which layer, with which tool, what was done and can be taken back. The bar draws it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.bundle.levels import threshold_level
from engine.volumes.slicing import SliceStack
from tunevlseg_gui.pages.segment.edit_work import EditWork
from tunevlseg_gui.pages.segment.mask_changes import MaskChanges
from tunevlseg_gui.viewer.editing.brush import Brush
from tunevlseg_gui.viewer.editing.delta import Delta, apply, difference, shape_of
from tunevlseg_gui.viewer.editing.history import History, Step
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

LARGE = 2_000_000
"""Voxels; a larger box is turned over off the window's thread."""


class MaskEditor(QObject):
    """Holds the tool and the history. Only one change is under way at a time; a second is refused with a word."""

    changed = Signal()  # a mask, the tool, the history or what is proposed
    edited = Signal()  # a mask that is edited is another now
    told = Signal(str)  # a line for the user

    def __init__(self, client: Client, viewer: ScanViewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.work = EditWork(client, self)
        self.work.changed.connect(self.changed)
        self.work.told.connect(self.told)
        self.changes = MaskChanges(self, viewer)
        self.history = History(habits().settings.undo_mb)
        habits().changed.connect(self._use_habits)
        self.brush = Brush()
        self.layer: Layer | None = None
        self.tool_name = ""  # paint | erase | fill | island
        self._tool: Tool | None = None
        self._between: Preview | None = None
        self._proposed: Preview | None = None
        self.asking = False  # an answer is on its way: the list of layers is not to be changed
        self.view_folder: Path | None = None
        self.is_picture = True

    # what is edited

    def open(self, view_folder: Path, *, is_picture: bool) -> None:
        """Another scan: nothing is left of the edits of the last."""
        self.cancel()
        self.work.forget()
        self.history.clear()
        self.history.use_limit(habits().settings.undo_mb)
        self.layer, self._between = None, None
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
        """By the user's hand: heat map and slice strip are of it too."""
        self.layer = self._viewer.state.shared.chosen = layer
        self._between = None
        if self.tool_name:
            self.begin()
        self.refresh()

    def use_tool(self, name: str) -> None:
        """Takes a tool; the one that is in hand again puts it down. Taking one begins to edit the layer."""
        self.tool_name = "" if name == self.tool_name else name
        if self.tool_name and self.layer is None:
            self.tool_name = ""
            self.told.emit(self.tr("There is no mask to edit. Ask for one, or begin an empty one."))
        made: dict[str, Callable[[], Tool]] = {
            "paint": lambda: BrushTool(self, value=True),
            "erase": lambda: BrushTool(self, value=False),
            "fill": lambda: PickTool(self, self.changes.fill_at),
            "island": lambda: PickTool(self, self.changes.remove_part),
        }
        self._tool = made[self.tool_name]() if self.tool_name else None
        self._take()
        if self.tool_name:
            self.begin()
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
        if layer is None or self.refused():
            return None
        if not layer.edited:
            self.begin()
            return None
        if not layer.visible:
            self.told.emit(self.tr("“{phrase}” is hidden. Show it to edit it.").format(phrase=layer.phrase))
            return None
        return layer

    def refused(self) -> bool:
        """Whether something else must come first, which is told."""
        if self.work.busy:
            self.told.emit(self.tr("{busy} Wait, or press Esc.").format(busy=self.work.busy))
        elif self._between is not None:
            self.told.emit(self.tr("Take or drop what is proposed first."))
        return bool(self.work.busy or self._between is not None)

    @property
    def busy(self) -> str:
        """What is under way, in words; empty: nothing."""
        return self.work.busy

    def begin(self, then: Callable[[], None] | None = None) -> None:
        """The layer, as it is shown, becomes a mask of its own."""
        layer = self.layer
        if layer is None or self.work.busy:
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
            self.add(step)
            if then is not None:
                then()

        self.work.run(self.tr("Making the mask ready."), lambda: begun(layer.levels, level), made)

    # steps

    def stroke_ended(self, layer: Layer, value: bool, delta: Delta) -> None:
        self.add(VoxelsChanged(self.tr("Paint") if value else self.tr("Erase"), layer, delta))

    def add(self, step: Step) -> None:
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
            self._proposed = Preview(self.tr("The model's new answer"), layer, proposal.levels, level, adds=False)
        self._take()
        self.changed.emit()

    def undo(self) -> None:
        self._travel(self.history.next_undo, self.history.undo, self.tr("Undoing."))

    def redo(self) -> None:
        self._travel(self.history.next_redo, self.history.redo, self.tr("Doing it again."))

    def _travel(self, step: Step | None, go: Callable[[], Step | None], words: str) -> None:
        if step is None or self.refused():
            return
        if self.asking and isinstance(step, LayersChanged):
            self.told.emit(self.tr("An answer is on its way. Wait for it, or press Esc."))
            return
        delta = getattr(step, "delta", None)
        if delta is not None and np.prod(shape_of(delta.box)) > LARGE:
            self.work.run(words, go, lambda _step: self._travelled(step))
        else:
            go()
            self._travelled(step)

    def _travelled(self, step: Step) -> None:
        """The mask that a step was about is the one in hand again."""
        layer = getattr(step, "layer", None)
        if layer in self._viewer.state.layers:
            self.layer = layer
        self._after()

    # the model's answer

    def back_to_answer(self) -> None:
        layer = self.layer
        if layer is None or not layer.edited or layer.answer is None or self.refused():
            return
        step = EditingEnded(layer)
        step.redo()
        if self.tool_name:
            self.use_tool("")
        self.add(step)

    # what is proposed

    @property
    def preview(self) -> Preview | None:
        return self._between or self._proposed

    def preview_on(self, stack: SliceStack, index: int) -> NDArray[np.bool_] | None:
        return None if self.preview is None else self.preview.on(stack, index)

    def propose_between(self, layer: Layer, levels: NDArray[np.uint8]) -> None:
        """What lies between painted slices: it changes nothing before it is taken."""
        self._between = Preview(self.tr("Slices between"), layer, levels)
        self.told.emit(self.tr("Proposed between the painted slices: take it with Enter, or drop it with Esc."))
        self.refresh()

    def propose(self, layer: Layer, answer: Layer) -> None:
        """The model's new answer to the phrase of an edited layer: it changes nothing before it is taken."""
        step = ProposalSet(self.tr("The model's answer"), layer, layer.proposal, answer)
        step.redo()
        self.layer = layer
        self.add(step)

    def take(self) -> None:
        """The proposal becomes the mask, as one step."""
        preview = self.preview
        if preview is None or self.work.busy:
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
                    self.add(VoxelsChanged(self.tr("Fill between slices"), layer, delta))
                return
            layer.proposal = None
            self.add(ProposalSet(self.tr("Take the model's answer"), layer, proposal, None, delta))

        self.work.run(self.tr("Taking it."), find, taken)

    def drop(self) -> None:
        if self._between is not None:
            self._between = None
            self.refresh()
        elif self._proposed is not None and not self.work.busy:
            layer = self._proposed.layer
            step = ProposalSet(self.tr("Turn the answer down"), layer, layer.proposal, None)
            step.redo()
            self.add(step)

    # an end to it

    def cancel(self) -> bool:
        """Ends what is under way, or drops what is proposed, or puts the tool down; whether there was any."""
        if self.work.busy:
            self.work.cancel()
            return True
        if self.preview is not None:
            self.drop()
            return True
        if self.tool_name:
            self.use_tool("")
            return True
        return False
