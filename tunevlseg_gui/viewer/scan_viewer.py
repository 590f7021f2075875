"""The slice with what belongs round it: plane, slice slider, window, readout of the place under the mouse."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QToolTip, QVBoxLayout, QWidget

from engine.volumes.slicing import Plane
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.slice_view import KEYS, SliceView
from tunevlseg_gui.viewer.tool import Tool
from tunevlseg_gui.viewer.window_level import CT_PRESETS

PLANE_TITLES: dict[Plane, str] = {
    "axial": "Axial",
    "coronal": "Coronal",
    "sagittal": "Sagittal",
    "acquisition": "As stored",
}


class ScanViewer(QWidget):
    """Everything needed to look at one scan with its layers; it knows nothing of phrases or jobs."""

    changed = Signal()  # the user changed slice, window, overlay, opacity or outline in the view

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = SliceState()
        self.view = SliceView(self.state)

        self.plane_combo = QComboBox()
        self.plane_combo.setObjectName("planeCombo")
        self.plane_combo.setAccessibleName("Plane")
        self.plane_combo.setToolTip("Plane that is shown")
        for plane in get_args(Plane):
            self.plane_combo.addItem(PLANE_TITLES[plane], plane)
        self.window_combo = QComboBox()
        self.window_combo.setObjectName("windowCombo")
        self.window_combo.setAccessibleName("Window")
        self.window_combo.setToolTip("Window and level (key W, or 1 to 6); drag with the right button to change them")
        self.window_combo.addItem("Scan's own")
        for number, (name, window) in enumerate(CT_PRESETS, start=1):
            self.window_combo.addItem(f"{name}  {window.width:g} / {window.center:g}   ({number})")
        self.window_combo.addItem("Your own")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("sliceSlider")
        self.slider.setAccessibleName("Slice number")
        self.slider.setPageStep(10)
        self.number = QLabel()
        self.number.setObjectName("sliceNumber")
        self.readout = QLabel()
        self.readout.setObjectName("readout")
        self.readout.setProperty("role", "muted")
        self.readout.setTextFormat(Qt.TextFormat.PlainText)
        self.readout.setMinimumWidth(1)  # a long reading must not widen the window

        self.help = QToolButton()
        self.help.setObjectName("keysButton")
        self.help.setProperty("role", "flat")
        self.help.setText("?")
        self.help.setAccessibleName("Keys and mouse")
        self.help.setToolTip(KEYS)
        self.help.clicked.connect(self._show_keys)

        self.tools = QWidget()
        row = QHBoxLayout(self.tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.plane_combo)
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        row.addWidget(self.window_combo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.view, 1)
        column.addWidget(self.tools)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.readout, 1)
        below.addWidget(self.help)
        column.addLayout(below)

        self.plane_combo.activated.connect(self._plane_chosen)
        self.window_combo.activated.connect(self._window_chosen)
        self.slider.valueChanged.connect(self._slid)
        self.view.changed.connect(self._view_changed)
        self.view.hovered.connect(self.readout.setText)
        self.view.presets_wanted.connect(self._show_presets)
        self.view.keys_wanted.connect(self._show_keys)
        self._show_numbers()

    def show_scan(self, scan: ViewedScan) -> None:
        self.state.open(scan)
        self.view.viewport.reset()
        self.readout.clear()
        self.refresh()

    def close_scan(self) -> None:
        self.state.close()
        self.refresh()

    def show_layers(self, layers: list[Layer]) -> None:
        """Layers must lie on the scan's grid; raises ValueError where one does not."""
        for layer in layers:
            self.state.stack.like(layer.levels)
        self.state.layers = layers
        self.refresh()

    def take_tool(self, tool: Tool | None) -> None:
        """A tool for the mouse in every slice view, see `tunevlseg_gui.viewer.tool`; None puts it down."""
        held = self.view.mouse.tool
        if held is not None and held is not tool:
            held.put_down()
        self.view.take_tool(tool)

    def refresh(self) -> None:
        """After the state was changed from outside."""
        self.view.refresh()
        self._show_numbers()

    def go_to(self, index: int) -> None:
        self.state.set_index(index)
        self.refresh()

    def _plane_chosen(self) -> None:
        self.state.set_plane(self.plane_combo.currentData())
        self.view.viewport.reset()
        self.refresh()
        self.changed.emit()

    def _show_keys(self) -> None:
        QToolTip.showText(self.help.mapToGlobal(self.help.rect().topLeft()), KEYS, self.help, msecShowTime=20_000)

    def _show_presets(self) -> None:
        if self.state.has_presets:
            self.window_combo.showPopup()

    def _window_chosen(self, row: int) -> None:
        if row == 0:
            self.state.reset_window()
        else:
            self.state.use_preset(row - 1)
        self.refresh()
        self.changed.emit()

    def _slid(self, value: int) -> None:
        self.state.set_index(value)
        self.refresh()
        self.changed.emit()

    def _view_changed(self) -> None:
        self._show_numbers()
        self.changed.emit()

    def _show_numbers(self) -> None:
        state, scan = self.state, self.state.scan
        volume = scan is not None and not scan.is_picture
        self.plane_combo.setVisible(volume)
        for widget in (self.slider, self.number):
            widget.setVisible(volume or state.slices > 1)
        self.window_combo.setVisible(state.has_presets)
        if scan is None:
            self.readout.clear()
            return
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(state.slices - 1, 0))
            self.slider.setValue(state.index)
        self.plane_combo.setCurrentIndex(self.plane_combo.findData(state.plane))
        self.number.setText(f"{state.index + 1} / {state.slices}{self._height()}")
        self.window_combo.setCurrentIndex(self._window_row())

    def _height(self) -> str:
        """Where the slice lies in the body, such as "S 12.5 mm"."""
        height, width = self.state.stack.slice_shape
        world = self.state.stack.world_of(self.state.index, (height - 1) / 2, (width - 1) / 2)
        if world is None:
            return ""
        axis = {"sagittal": 0, "coronal": 1}.get(self.state.stack.display_plane, 2)
        letter = ("RL", "AP", "IS")[axis][world[axis] >= 0]
        return f"   {letter} {abs(world[axis]):.1f} mm"

    def _window_row(self) -> int:
        window = self.state.window
        if self.state.scan is not None and window == self.state.scan.window:
            return 0
        for row, (_, preset) in enumerate(CT_PRESETS, start=1):
            if window == preset:
                return row
        return self.window_combo.count() - 1
