"""The masks on show: which there are, and how they look. Nothing here asks the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.answers import fullest_slice, judge
from tunevlseg_gui.pages.segment.cleaner_box import Cleaning
from tunevlseg_gui.pages.segment.cleaning import CleaningChanged, LayerCleaner
from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.pages.segment.page_jobs import Client
from tunevlseg_gui.viewer.editing.steps import LayersChanged, new_mask
from tunevlseg_gui.viewer.mask_overlay import COLOURS, MOST_LAYERS, Layer

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class ShownLayers(QObject):
    """Keeps viewer, list of answers, edit bar and editor at the same layers."""

    changed = Signal()  # layers or their visibility, or what is in them: for what depends on it
    rearranged = Signal()  # the user added, removed or brought back a mask

    def __init__(self, client: Client, page: SegmentPage, editor: MaskEditor) -> None:
        super().__init__(page)
        self._page, self._editor = page, editor
        self.cleaning = page.side.answers.cleaner.cleaning
        self._cleaner = LayerCleaner(client, self._cleaned, page.show_problem, self)
        editor.changed.connect(self._edits_changed)

    def scan_opened(self) -> None:
        """Nothing is left of the masks of the last one."""
        self._cleaner.stop()
        self.show([])

    def show(self, layers: list[Layer]) -> None:
        side, viewer = self._page.side, self._page.viewer
        judge(layers, self.cleaning.presence, viewer.state.threshold)
        self._page.edit_bar.show_layers(layers)
        self._page.edit_bar.setVisible(viewer.state.scan is not None)
        if viewer.state.scan is not None:
            viewer.show_layers(layers)
        side.answers.layer_list.show_layers(layers)
        side.answers.setVisible(bool(layers))
        self.show_amounts()
        self._editor.layers_shown(layers)

    def show_amounts(self) -> None:
        state = self._page.viewer.state
        voxel_ml = state.scan.voxel_ml if state.scan else None
        self._page.side.answers.layer_list.show_amounts(state.threshold, voxel_ml)
        self.changed.emit()

    def show_first(self, new: list[Layer]) -> None:
        """Goes to a slice that shows something of them, unless this one does already."""
        state = self._page.viewer.state
        found = [layer for layer in new if layer.voxels(state.threshold)]
        if not found or any(state.mask_of(layer).any() for layer in found):
            return
        scan, stack, threshold, plane = state.scan, state.stack, state.threshold, state.plane

        def go(index: int) -> None:
            if state.scan is scan and state.plane == plane:
                self._page.viewer.go_to(index)

        layer = found[0]
        run_task(self, lambda: fullest_slice(stack.like(layer.levels), threshold), go)

    # which there are

    def remove(self, layer: Layer) -> None:
        self.rearrange(self.tr("Remove"), [known for known in self._page.viewer.state.layers if known is not layer])

    def add_empty(self) -> None:
        """A mask to be drawn by hand, called as the first phrase in the box that no mask has."""
        scan, layers = self._page.viewer.state.scan, self._page.viewer.state.layers
        if scan is None:
            return
        if len(layers) == MOST_LAYERS:
            self._page.show_status(
                self.tr("There are {most} masks already. Remove one first.").format(most=MOST_LAYERS)
            )
            return
        taken = {layer.phrase for layer in layers}
        names = [
            *self._page.side.prompt_edit.phrases(),
            "mask",
            *(self.tr("mask {number}").format(number=number) for number in range(2, 99)),
        ]
        name = next(name for name in names if name not in taken)
        colour = next(one for one in COLOURS if one not in {layer.colour for layer in layers})
        made = new_mask(name, scan.shape_zyx, colour)
        self.rearrange(self.tr("New mask"), [*layers, made])
        if made in self._page.viewer.state.layers:
            self._editor.choose(made)

    def rearrange(self, words: str, after: list[Layer]) -> None:
        """Other layers, as a step that can be taken back."""
        if self._editor.asking:
            self._page.show_status(self.tr("An answer is on its way. Wait for it, or press Esc."))
            return
        step = LayersChanged(words, list(self._page.viewer.state.layers), after, self.show)
        step.redo()
        self._editor.history.add(step)
        self._editor.refresh()
        self.rearranged.emit()

    # how they look

    def set_threshold(self, threshold: float) -> None:
        """Thresholds what is there already: no job."""
        self._page.viewer.state.threshold = threshold
        self._page.viewer.refresh()
        self.show_amounts()
        if not self.cleaning.does_nothing:
            self.clean()

    def cleaning_changed(self) -> None:
        """The controls for a cleaner mask say something else: a step that can be taken back."""
        cleaning = self._page.side.answers.cleaner.cleaning
        if cleaning == self.cleaning:
            return
        self._editor.history.add(CleaningChanged(self.cleaning, cleaning, self._show_cleaning))
        self._show_cleaning(cleaning)
        self._editor.refresh()

    def _show_cleaning(self, cleaning: Cleaning) -> None:
        side, state = self._page.side, self._page.viewer.state
        self.cleaning = cleaning
        side.answers.cleaner.show_cleaning(cleaning)
        judge({*side.answers.layer_list.layers, *state.layers}, cleaning.presence, state.threshold)
        side.answers.layer_list.show_visible()
        self._cleaned()
        self.clean()

    def clean(self) -> None:
        """Shows the answers as the controls for a cleaner mask say; the model is not asked again."""
        state, view = self._page.viewer.state, self._editor.view_folder
        if state.scan is None or view is None or self._editor.asking:
            return
        self._cleaner.clean(
            [layer for layer in state.layers if not layer.edited],
            self.cleaning,
            state.threshold,
            view,
            is_picture=state.scan.is_picture,
        )

    def _cleaned(self) -> None:
        self._page.viewer.refresh()
        self.show_amounts()

    def set_opacity(self, opacity: float) -> None:
        self._page.viewer.state.set_opacity(opacity)
        self._page.viewer.refresh()

    def set_outline(self, on: bool) -> None:
        self._page.viewer.state.outline = on
        self._page.viewer.refresh()

    def set_overlay(self, on: bool) -> None:
        self._page.viewer.state.overlay_on = on
        self._page.viewer.refresh()

    def toggled(self) -> None:
        """Another one is hidden or shown."""
        self._page.viewer.refresh()
        self.changed.emit()

    def view_changed(self) -> None:
        """Keys in the view changed what controls beside it show."""
        state, side = self._page.viewer.state, self._page.side
        side.answers.set_opacity(state.opacity)
        side.answers.set_overlay(state.overlay_on, state.outline)

    def _edits_changed(self) -> None:
        state = self._page.viewer.state
        self._page.viewer.refresh()
        self._page.side.answers.show_edited([layer.phrase for layer in state.layers if layer.edited], len(state.layers))
        self.show_amounts()
