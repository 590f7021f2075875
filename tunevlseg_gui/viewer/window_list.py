"""The list of windows and levels: the scan's own, the usual ones, and those that the user kept under a name."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QInputDialog, QWidget

from tunevlseg_gui.translation import from_engine
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel


class WindowList(QComboBox):
    """Shows and changes the window of a SliceState. Kept windows are in Hounsfield units, as the usual ones are."""

    chosen = Signal()  # by the user: the state's window is another

    def __init__(self, state: SliceState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("windowCombo")
        self.setAccessibleName(self.tr("Window"))
        self.setToolTip(self.tr("Window and level (key W, or 1 to 6); drag with the right button to change them"))
        self._state = state
        self._own: dict[str, WindowLevel] = {}
        self._fill()
        self._use_habits()
        habits().changed.connect(self._use_habits)
        self.activated.connect(self._activated)

    def show_window(self) -> None:
        """After the state's window was changed elsewhere."""
        window = self._state.window
        if self._state.scan is not None and window == self._state.scan.window:
            self.setCurrentIndex(0)
            return
        fitting = (row for row in range(1, self.count()) if self.itemData(row) == window)
        self.setCurrentIndex(next(fitting, self.count() - 1))

    @property
    def shows_own(self) -> bool:
        """Whether the window on show is one that the user kept."""
        return self._state.has_presets and self._state.window in self._own.values()

    def ask_name(self) -> str:
        """What the window on show is to be called; empty where the question was closed. Tests answer themselves."""
        name, agreed = QInputDialog.getText(self, self.tr("Keep this window and level"), self.tr("Its name"))
        return name.strip() if agreed else ""

    def keep(self) -> None:
        """The window on show, under a name."""
        if self._state.has_presets and (name := self.ask_name()):
            window = self._state.window
            habits().keep_window(name, window.center, window.width)

    def forget(self) -> None:
        """The window on show, where the user kept it; it stays on show."""
        for name, window in self._own.items():
            if window == self._state.window:
                habits().forget_window(name)
                return

    def _use_habits(self) -> None:
        own = {name: WindowLevel(*window) for name, window in habits().settings.windows.items()}
        if own != self._own:
            self._own = own
            self._fill()
            self.show_window()

    def _fill(self) -> None:
        """Each row has its window as data."""
        with QSignalBlocker(self):
            self.clear()
            self.addItem(self.tr("Scan's own"))
            for number, (name, window) in enumerate(CT_PRESETS, start=1):
                self.addItem(f"{from_engine(name)}  {window.width:g} / {window.center:g}   ({number})", window)
            for name, window in self._own.items():
                self.addItem(f"{name}  {window.width:g} / {window.center:g}", window)
            self.addItem(self.tr("Set by hand"))

    def _activated(self, row: int) -> None:
        window = self.itemData(row)
        if row == 0:
            self._state.reset_window()
        elif isinstance(window, WindowLevel):
            self._state.window = window
        self.chosen.emit()
