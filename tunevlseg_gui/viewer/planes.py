"""What planes are called."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

from engine.volumes.slicing import Plane
from tunevlseg_gui.translation import translate

PLANE_TITLES: dict[Plane, str] = {
    "axial": QT_TRANSLATE_NOOP("Planes", "Axial"),
    "coronal": QT_TRANSLATE_NOOP("Planes", "Coronal"),
    "sagittal": QT_TRANSLATE_NOOP("Planes", "Sagittal"),
    "acquisition": QT_TRANSLATE_NOOP("Planes", "As stored"),
}


def plane_title(plane: Plane) -> str:
    return translate("Planes", PLANE_TITLES[plane])
