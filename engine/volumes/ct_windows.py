"""The usual CT windows, centre and width in Hounsfield units, as most viewers have them (OHIF, 3D Slicer, MITK)."""

from __future__ import annotations

from typing import Final

CT_WINDOWS: Final[dict[str, tuple[float, float]]] = {
    "soft_tissue": (40.0, 400.0),
    "lung": (-600.0, 1500.0),
    "bone": (480.0, 2500.0),
    "brain": (40.0, 80.0),
    "liver": (90.0, 150.0),
    "vessels": (300.0, 600.0),
}


def window_title(name: str) -> str:
    """A window's name as people read it: "Soft tissue"."""
    return name.replace("_", " ").capitalize()
