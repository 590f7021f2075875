"""Masks in 3-D beside the slices: the picture, whether it is of the masks as they are now, and what can be done."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from tunevlseg_gui.viewer.mask_overlay import Colour
from tunevlseg_gui.viewer.surface.process import DrawingProcess
from tunevlseg_gui.viewer.surface.view import SurfaceView

NO_OPENGL = QT_TRANSLATE_NOOP(
    "SurfacePane", "3-D needs OpenGL, which does not work here: {why}.\n\nThe slices show everything that it would."
)
STOPPED = QT_TRANSLATE_NOOP("SurfacePane", "Drawing in 3-D stopped: {why}.\n\nUpdate starts it again.")
NO_MASK = QT_TRANSLATE_NOOP("SurfacePane", "There is no mask to show. Ask for one, or draw it.")


@dataclass(frozen=True)
class ShownSurface:
    """One mask's surface, as files."""

    phrase: str
    colour: Colour
    files: dict[str, str]
    """`vertices`, `normals`, `triangles`: paths of .npy."""
    count: int
    """Triangles."""
    block_zyx: tuple[int, int, int]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class SurfacePane(QWidget):
    """Off until it is shown; the process that draws lives as long as it is."""

    update_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, parent: QWidget | None = None, drawing: DrawingProcess | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("surfacePane")
        self.drawing = drawing or DrawingProcess()
        self.drawing.setParent(self)
        self.view = SurfaceView(self.drawing)
        self.words = QLabel()
        self.words.setObjectName("surfaceWords")
        self.words.setProperty("role", "muted")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.update_button = _button(
            self.tr("Update"), "updateSurfaceButton", self.tr("Make the surfaces of the masks as they are now")
        )
        self.save_button = _button("STL…", "saveSurfaceButton", self.tr("Save the surfaces as STL, in millimetres"))
        self.update_button.clicked.connect(self._update)
        self.save_button.clicked.connect(self.save_wanted)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.save_button)
        row.addWidget(self.update_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.view, 1)
        column.addLayout(row)
        self._made_of: Hashable = None
        self._is_of: Hashable = None
        self._busy = False
        self._has_drawn = False  # the process that runs, or ran last
        self._surfaces: list[ShownSurface] = []
        self.drawing.lost.connect(self._lost)
        self.drawing.ready.connect(self._ready)
        self._show_words()

    def open(self) -> None:
        """The pane has been made visible: the process is started, surfaces are asked for."""
        self._start()
        if self._made_of != self._is_of or not self._surfaces:
            self.update_wanted.emit()

    def _start(self) -> None:
        if not self.drawing.runs:
            self._has_drawn = False
        self.view.show_message("" if self._surfaces else "…")
        self.drawing.start()

    def _update(self) -> None:
        """Also starts the process again where a crash, or somebody, has ended it."""
        if not self.drawing.runs:
            self._start()
        self.update_wanted.emit()

    def shut(self) -> None:
        self.drawing.close()
        self._show_words()

    def clear(self) -> None:
        """Another scan was opened."""
        self._made_of = None
        self._surfaces, self._busy = [], False
        self.view.clear()
        self.drawing.show([])
        if self.drawing.runs:
            self.view.show_message(self.tr(NO_MASK))
        self._show_words()

    def masks_are(self, key: Hashable) -> None:
        """`key` differs whenever the masks do."""
        self._is_of = key
        self._show_words()

    def show_busy(self) -> None:
        self._busy = True
        self._show_words()

    def show_failed(self) -> None:
        """Why is told elsewhere."""
        self._busy = False
        if not self._surfaces:
            self.view.show_message(self.tr(NO_MASK))
        self._show_words()

    def show_surfaces(self, surfaces: list[ShownSurface], key: Hashable) -> None:
        """Of the masks as they were when `masks_are` was told `key`."""
        self._surfaces, self._made_of, self._busy = surfaces, key, False
        shown: list[dict[str, Any]] = [{**one.files, "colour": list(one.colour)} for one in surfaces]
        self.drawing.show(shown)
        if surfaces:
            low = np.min([one.low for one in surfaces], axis=0)
            high = np.max([one.high for one in surfaces], axis=0)
            self.view.show_box(low, high, [(one.colour, one.phrase) for one in surfaces])
        else:
            self.view.clear()
        if self.drawing.runs:
            self.view.show_message("" if surfaces else self.tr(NO_MASK))
        self._show_words()

    @property
    def is_stale(self) -> bool:
        return bool(self._surfaces) and self._made_of != self._is_of

    def _ready(self, _name: str) -> None:
        self._has_drawn = True
        self._show_words()

    def _lost(self, why: str) -> None:
        self.view.show_message(self.tr(STOPPED if self._has_drawn else NO_OPENGL).format(why=why))
        self._show_words()

    def _show_words(self) -> None:
        triangles = sum(one.count for one in self._surfaces)
        coarse = max((max(one.block_zyx) for one in self._surfaces), default=1)
        if self._busy:
            words = self.tr("Making the surfaces…")
        elif self.is_stale:
            words = self.tr("The masks have changed.")
        elif self._surfaces:
            words = self.tr("{triangles} triangles").format(triangles=f"{triangles:,}") + (
                self.tr(", {coarse} voxels taken together").format(coarse=coarse) if coarse > 1 else ""
            )
        else:
            words = ""
        self.words.setText(words)
        self.words.setToolTip(words)
        self.update_button.setEnabled(not self._busy)
        self.save_button.setEnabled(not self._busy)


def _button(text: str, name: str, tip: str) -> QToolButton:
    made = QToolButton()
    made.setObjectName(name)
    made.setProperty("role", "flat")
    made.setText(text)
    made.setAccessibleName(tip)
    made.setToolTip(tip)
    return made
