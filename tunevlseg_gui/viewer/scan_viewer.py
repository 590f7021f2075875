"""The slices with what belongs round them: planes, slice slider, window, readout of the place under the mouse."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from engine.volumes.slicing import Plane
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.keys_dialog import KeysDialog
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.measure_tool import MeasureTool
from tunevlseg_gui.viewer.panes import Panes
from tunevlseg_gui.viewer.planes import plane_title
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_strip import SliceStrip
from tunevlseg_gui.viewer.slice_words import height_in_words
from tunevlseg_gui.viewer.tool import Tool
from tunevlseg_gui.viewer.view_menu import ViewMenu
from tunevlseg_gui.viewer.window_list import WindowList

NARROW = 600
"""Pixels, below which the list of windows goes one line down: the slider would have no room."""


class ScanViewer(QWidget):
    """Everything needed to look at one scan with its layers; it knows nothing of phrases or jobs."""

    changed = Signal()  # the user changed slice, window, overlay, opacity or outline in the view
    content_changed = Signal()  # scan, layers, threshold, plane or slice may be others; told often, look before working
    prompt_wanted = Signal()  # the key /
    layer_chosen = Signal(object)  # Layer, by a key
    edit_wanted = Signal(str)  # the key of an editing tool: paint | erase | fill

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys_dialog: KeysDialog | None = None
        self.panes = Panes()
        self.view = self.panes.main
        self.state = self.view.state
        """Of the main view; scan, layers, window and cursor are those of all planes."""

        self.plane_combo = QComboBox()
        self.plane_combo.setObjectName("planeCombo")
        self.plane_combo.setAccessibleName(self.tr("Plane"))
        self.plane_combo.setToolTip(self.tr("Plane that is shown"))
        for plane in get_args(Plane):
            self.plane_combo.addItem(plane_title(plane), plane)
        self.window_combo = WindowList(self.state)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("sliceSlider")
        self.slider.setAccessibleName(self.tr("Slice number"))
        self.slider.setPageStep(10)
        self.slider.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as the strip of slices below
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
        self.help.setAccessibleName(self.tr("Keys and mouse"))
        self.help.setToolTip(self.tr("Keys and mouse (F1)"))
        self.help.clicked.connect(self.show_keys)
        self.three_button = QToolButton()
        self.three_button.setObjectName("threePlanesButton")
        self.three_button.setProperty("role", "flat")
        self.three_button.setText(self.tr("3 planes"))
        self.three_button.setCheckable(True)
        self.three_button.setToolTip(
            self.tr("One plane or three linked ones (key T); double click shows one of them alone")
        )
        self.solid_button = QToolButton()
        self.solid_button.setObjectName("surfaceButton")
        self.solid_button.setProperty("role", "flat")
        self.solid_button.setText("3-D")
        self.solid_button.setAccessibleName(self.tr("Masks in 3-D"))
        self.solid_button.setCheckable(True)
        self.solid_button.setToolTip(self.tr("The masks as surfaces in space, beside the slices"))
        self.view_button = QToolButton()
        self.view_button.setObjectName("viewMenuButton")
        self.view_button.setProperty("role", "flat")
        self.view_button.setText(self.tr("View"))
        self.view_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = ViewMenu(self)
        self.view_button.setMenu(self.menu)
        self.menu.aboutToShow.connect(self._offer_windows)
        self.menu.action_wanted.connect(lambda action: self.panes.active.do(action))

        self.tools = QWidget()
        row = self._first_row = QHBoxLayout(self.tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.plane_combo)
        row.addWidget(self.three_button)
        row.addWidget(self.solid_button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        row.addWidget(self.window_combo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.panes, 1)
        column.addWidget(self.tools)
        self.strip = SliceStrip()
        column.addWidget(self.strip)
        below = self._last_row = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.readout, 1)
        below.addWidget(self.view_button)
        below.addWidget(self.help)
        column.addLayout(below)

        self.plane_combo.activated.connect(self._plane_chosen)
        self.window_combo.chosen.connect(self._window_chosen)
        self.slider.valueChanged.connect(self._slid)
        self.panes.changed.connect(self._view_changed)
        self.panes.active_changed.connect(self._show_numbers)
        self.panes.layout_changed.connect(self._laid_out)
        self.panes.hovered.connect(self.readout.setText)
        self.panes.action_wanted.connect(self._act)
        self.strip.clicked.connect(self._slid)
        self.three_button.clicked.connect(self._three_clicked)
        self.solid_button.clicked.connect(self.panes.show_solid)
        habits().changed.connect(self._use_habits)
        self._use_habits()
        self._show_numbers()

    def show_scan(self, scan: ViewedScan) -> None:
        self.state.open(scan)
        self.readout.clear()
        self.panes.show_three(habits().settings.three_planes)
        self.panes.show_solid(self.panes.solid)  # of a picture there is nothing to show
        self.content_changed.emit()

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
        self.panes.take_tool(tool)

    def refresh(self) -> None:
        """After the state was changed from outside."""
        self.panes.refresh()
        self._show_numbers()
        self.content_changed.emit()

    def go_to(self, index: int) -> None:
        self.state.set_index(index)
        self.refresh()

    def _plane_chosen(self) -> None:
        self.panes.choose_plane(self.plane_combo.currentData())
        self._show_numbers()
        self.changed.emit()

    def _three_clicked(self, on: bool) -> None:
        self.panes.show_three(on)
        habits().set_three_planes(on)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        row = self._last_row if event.size().width() < NARROW else self._first_row
        if row.indexOf(self.window_combo) < 0:
            other = self._first_row if row is self._last_row else self._last_row
            other.removeWidget(self.window_combo)
            row.insertWidget(1 if row is self._last_row else row.count(), self.window_combo)

    def _laid_out(self) -> None:
        with QSignalBlocker(self.three_button):
            self.three_button.setChecked(self.panes.three)
            self.solid_button.setChecked(self.panes.solid)
        self._show_numbers()

    def _use_habits(self) -> None:
        kept = habits().settings
        self.panes.shared.neurological, self.panes.shared.ras = kept.neurological, kept.ras
        self.panes.refresh()

    def _act(self, action: str) -> None:
        """A key that concerns more than one slice view."""
        match action:
            case "windows":
                self._show_presets()
            case "keys":
                self.show_keys()
            case "ruler" | "area":
                held = self.view.mouse.tool
                same = isinstance(held, MeasureTool) and held.kind == action
                self.take_tool(None if same else MeasureTool(action))
            case "no_measurements":
                self.panes.shared.measurements.clear()
                self.refresh()
            case "mask_before" | "mask_next":
                chosen = self.state.choose_beside(1 if action == "mask_next" else -1)
                if chosen is not None:
                    self.refresh()
                    self.layer_chosen.emit(chosen)
            case "keep_window":
                self.window_combo.keep()
            case "forget_window":
                self.window_combo.forget()
            case "neurological":
                habits().set_neurological(not habits().settings.neurological)
            case "prompt":
                self.prompt_wanted.emit()
            case "paint" | "erase" | "fill":
                self.edit_wanted.emit(action)

    def _offer_windows(self) -> None:
        self.menu.entries["keep_window"].setEnabled(self.state.has_presets)
        self.menu.entries["forget_window"].setEnabled(self.window_combo.shows_own)

    def show_keys(self) -> None:
        """The list of keys and mouse, where keys can be changed too."""
        if self._keys_dialog is None:
            self._keys_dialog = KeysDialog(self)
        self._keys_dialog.open_with(habits().settings.keys)

    def _show_presets(self) -> None:
        if self.state.has_presets:
            self.window_combo.showPopup()

    def _window_chosen(self) -> None:
        self.refresh()
        self.changed.emit()

    def _slid(self, value: int) -> None:
        self.panes.active.state.set_index(value)
        self.refresh()
        self.changed.emit()

    def _view_changed(self) -> None:
        self._show_numbers()
        self.content_changed.emit()
        self.changed.emit()

    def _show_numbers(self) -> None:
        state, scan = self.state, self.state.scan
        volume = scan is not None and not scan.is_picture
        self.plane_combo.setVisible(volume)
        self.three_button.setVisible(self.panes.can_be_three)
        self.solid_button.setVisible(self.panes.can_be_three)
        for widget in (self.slider, self.number):
            widget.setVisible(volume or state.slices > 1)
        self.window_combo.setVisible(state.has_presets)
        self.strip.show_state(self.panes.active.state)
        if scan is None:
            self.readout.clear()
            return
        active = self.panes.active.state
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(active.slices - 1, 0))
            self.slider.setValue(active.index)
        self.plane_combo.setCurrentIndex(self.plane_combo.findData(state.plane))
        self.number.setText(f"{active.index + 1} / {active.slices}   {height_in_words(active)}".rstrip())
        self.window_combo.show_window()
