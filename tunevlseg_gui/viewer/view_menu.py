"""Menu below the slices: orientation, what the right button does, keys."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from tunevlseg_gui.viewer.habits import habits

ORIENTATIONS = (
    (False, QT_TRANSLATE_NOOP("ViewMenu", "&Radiological: patient's right on the left")),
    (True, QT_TRANSLATE_NOOP("ViewMenu", "&Neurological: patient's right on the right")),
)
RIGHT_DRAGS = (
    ("window", QT_TRANSLATE_NOOP("ViewMenu", "Right drag: &window and level")),
    ("zoom", QT_TRANSLATE_NOOP("ViewMenu", "Right drag: &zoom")),
)
FRAMES = (
    (False, QT_TRANSLATE_NOOP("ViewMenu", "Places in &LPS, as DICOM and ITK")),
    (True, QT_TRANSLATE_NOOP("ViewMenu", "Places in RA&S, as NIfTI and 3D Slicer")),
)
SHOWING = (
    ("heat", QT_TRANSLATE_NOOP("ViewMenu", "Probabilities as a &heat map, and back")),
    ("solo", QT_TRANSLATE_NOOP("ViewMenu", "&Only one mask, and back")),
)
WINDOWS = (
    ("keep_window", QT_TRANSLATE_NOOP("ViewMenu", "&Keep this window and level…")),
    ("forget_window", QT_TRANSLATE_NOOP("ViewMenu", "Forget this window of your own")),
)
MEASURING = (
    ("ruler", QT_TRANSLATE_NOOP("ViewMenu", "R&uler: left drag; right click on it removes it")),
    ("area", QT_TRANSLATE_NOOP("ViewMenu", "&Area: draw round it; right click on it removes it")),
    ("no_measurements", QT_TRANSLATE_NOOP("ViewMenu", "Re&move all measurements")),
)


class ViewMenu(QMenu):
    """Choices that are kept as habits, and what else has no button of its own."""

    action_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("viewMenu")
        self.orientation = QActionGroup(self)
        for value, title in ORIENTATIONS:
            self._choice(self.orientation, self.tr(title), value)
        self.addSeparator()
        self.frame = QActionGroup(self)
        for value, title in FRAMES:
            self._choice(self.frame, self.tr(title), value)
        self.addSeparator()
        self.right_drag = QActionGroup(self)
        for meaning, title in RIGHT_DRAGS:
            self._choice(self.right_drag, self.tr(title), meaning)
        self.addSeparator()
        self.entries = {
            action: self.addAction(self.tr(title), lambda action=action: self.action_wanted.emit(action))
            for action, title in (*SHOWING, *WINDOWS, *MEASURING)
        }
        self.addSeparator()
        self.addAction(self.tr("&Keys and mouse…"), lambda: self.action_wanted.emit("keys"))
        self.frame.triggered.connect(lambda chosen: habits().set_ras(bool(chosen.data())))
        self.orientation.triggered.connect(lambda chosen: habits().set_neurological(bool(chosen.data())))
        self.right_drag.triggered.connect(lambda chosen: habits().set_right_drag(str(chosen.data())))
        self.aboutToShow.connect(self._show_choices)

    def _choice(self, group: QActionGroup, title: str, value: object) -> None:
        action = QAction(title, self)
        action.setCheckable(True)
        action.setData(value)
        group.addAction(action)
        self.addAction(action)

    def _show_choices(self) -> None:
        kept = habits().settings
        for group, chosen in (
            (self.orientation, kept.neurological),
            (self.frame, kept.ras),
            (self.right_drag, kept.right_drag),
        ):
            for action in group.actions():
                action.setChecked(action.data() == chosen)
