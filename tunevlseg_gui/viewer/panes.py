"""One plane, or three that are linked: which are on show, which one the user is in."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engine.volumes.slicing import Plane
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.viewer.across import Wanted
from tunevlseg_gui.viewer.shared_look import SharedLook
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.slice_view import SliceView
from tunevlseg_gui.viewer.surface.pane import SurfacePane
from tunevlseg_gui.viewer.tool import Tool

ANATOMICAL: tuple[Plane, ...] = ("axial", "coronal", "sagittal")

MAIN_SHARE = 0.6


class Panes(QWidget):
    """A main view, whose plane is chosen, and two at its side with the other planes."""

    changed = Signal()  # something was changed in one of them
    active_changed = Signal()
    layout_changed = Signal()
    hovered = Signal(str)
    action_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shared = SharedLook()
        self.shared.across.want = self._copy_across
        self.views = [SliceView(SliceState(self.shared, plane)) for plane in ANATOMICAL]
        self.main = self.active = self.views[0]
        self.three = False
        self._before: Plane | None = None  # the main view's plane, while another one is shown alone
        self._waiting: list[SliceView] = []  # to be painted again
        self._next = QTimer(self)
        self._next.timeout.connect(self._refresh_next)  # as soon as nothing else is to be done
        self._side = QSplitter(Qt.Orientation.Vertical)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self._across.addWidget(self.main)
        for view in self.views[1:]:
            self._side.addWidget(view)
            view.hide()
        self.surface = SurfacePane()
        self.solid = False
        self._side.addWidget(self.surface)
        self.surface.hide()
        self._across.addWidget(self._side)
        for number in range(2):
            self._across.setStretchFactor(number, 1)
        for splitter in (self._side, self._across):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._across)
        self._side.hide()
        for number, view in enumerate(self.views):
            if number:
                view.setObjectName(f"sliceView{number + 1}")
            view.changed.connect(lambda view=view: self._view_changed(view))
            view.focused.connect(lambda view=view: self._focused(view))
            view.hovered.connect(self.hovered)
            view.highlight_changed.connect(self._highlight_changed)
            view.action_wanted.connect(lambda action, view=view: self._act(view, action))

    @property
    def can_be_three(self) -> bool:
        """Of a picture, or a volume of one slice, there is one plane only."""
        scan = self.shared.scan
        return scan is not None and not scan.is_picture and scan.shape_zyx[0] > 1

    @property
    def shown(self) -> list[SliceView]:
        return self.views if self.three else [self.main]

    def show_three(self, on: bool) -> None:
        on = on and self.can_be_three
        if not on and self.active is not self.main:
            self._focused(self.main)
        if on and not self.three:
            self.shared.crosshair = True
        self.three = on
        self._arrange()
        self._name_views()
        self.refresh()
        self.layout_changed.emit()

    def show_solid(self, on: bool) -> None:
        """The masks in 3-D, beside one plane or three."""
        on = on and self.can_be_three
        changed, self.solid = on != self.solid, on
        self._arrange()
        if changed:
            if on:
                self.surface.open()
            else:
                self.surface.shut()
            self.layout_changed.emit()

    def _arrange(self) -> None:
        beside = [*(self.views[1:] if self.three else []), *([self.surface] if self.solid else [])]
        before = [widget for widget in (*self.views[1:], self.surface) if not widget.isHidden()]
        if beside == before and self._side.isHidden() != bool(beside):
            return
        opens = bool(beside) and self._side.isHidden()
        for widget in (*self.views[1:], self.surface):
            widget.setVisible(widget in beside)
        self._side.setVisible(bool(beside))
        # Sizes that were dragged are not kept: a window that was small meanwhile would squeeze the planes.
        if opens:
            self._across.setSizes([round(self.width() * MAIN_SHARE), round(self.width() * (1 - MAIN_SHARE))])
        if beside:
            self._side.setSizes([self.height() // len(beside)] * 3)

    def maximise(self, view: SliceView) -> None:
        """This view's plane alone; again: the three planes as they were."""
        if self.three:
            self._before = self.main.state.plane
            self.main.state.set_plane(view.state.plane)
            self.show_three(False)
            self.main.setFocus()
        else:
            if self._before is not None:
                self.main.state.set_plane(self._before)
            self._before = None
            self.show_three(True)

    def choose_plane(self, plane: Plane) -> None:
        """For the main view; the two at its side show the others."""
        self.main.state.set_plane(plane)
        self._before = None
        self._name_views()
        self.refresh()

    def take_tool(self, tool: Tool | None) -> None:
        held = self.main.mouse.tool
        if held is not None and held is not tool:
            held.put_down()
        for view in self.views:
            view.take_tool(tool)

    def refresh(self) -> None:
        """The plane that the user is in at once, the others one after another: keys and mouse are heard between."""
        self.active.refresh()
        self._waiting = [view for view in self.shown if view is not self.active]
        self._next.start()

    def _refresh_next(self) -> None:
        if self._waiting:
            self._waiting.pop(0).refresh()
        if not self._waiting:
            self._next.stop()

    def _copy_across(self, wanted: Wanted) -> None:
        """Also forgets copies of layers that are gone."""
        scan, layers = self.shared.scan, self.shared.layers
        held = [layer.levels for layer in layers] + [layer.answered[0] for layer in layers]
        self.shared.across.keep([*([scan.voxels] if scan is not None else []), *held, wanted.array])
        run_task(self, wanted.make, lambda _done: None)

    def _name_views(self) -> None:
        """Gives the side views the planes that the main one does not show."""
        state = self.main.state
        taken = state.plane if self.shared.scan is None else state.stack.display_plane
        rest = [plane for plane in ANATOMICAL if plane != taken]
        for view, plane in zip(self.views[1:], rest, strict=False):
            view.state.set_plane(plane)
        for view in self.views:
            view.setAccessibleName(self.tr("Slice, {plane}").format(plane=view.state.plane))

    def _view_changed(self, view: SliceView) -> None:
        for other in self.shown:
            if other is not view:
                other.refresh_if_changed()
        self.changed.emit()

    def _highlight_changed(self) -> None:
        for view in self.shown:
            view.refresh_if_changed()

    def _focused(self, view: SliceView) -> None:
        if view is not self.active:
            self.active = view
            self.active_changed.emit()

    def _act(self, view: SliceView, action: str) -> None:
        if action == "planes":
            self._before = None
            self.show_three(not self.three)
        elif action == "maximise":
            self.maximise(view)
        else:
            self.action_wanted.emit(action)
