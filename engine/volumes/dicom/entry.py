"""What is told of a series before it is opened: a line of the chooser. It holds no name and no UID of the header."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Kind = Literal["volume", "picture"]


@dataclass(frozen=True)
class SeriesEntry:
    """One volume or picture that can be opened. `id` is a short hash, the same wherever the files lie."""

    number: int  # its place in the list, from 1
    id: str
    modality: str
    description: str  # empty where it holds the patient's name or an identifier
    part: str  # which part of the series ("echo 2 of 2"); empty where the series is one volume
    kind: Kind
    slices: int
    width: int
    height: int
    spacing_xyz: tuple[float, float, float] | None  # millimetres; None for pictures, or where it cannot be said
    title: str  # a name for the screen and for files: the folder's or file's, where that names nobody
    sheared: bool = False  # slices slanted as from a tilted gantry: few programs place such a NIfTI rightly
    problem: str = ""  # why it cannot be opened; empty where it can

    @property
    def mask_suffix(self) -> str:
        """The ending that masks of it have unless another is asked for."""
        if self.kind == "picture":
            return ".png" if self.slices == 1 else ".tif"
        return ".nrrd" if self.sheared else ".nii.gz"

    def in_words(self) -> str:
        """Such as "MR, Ax T2, 25 slices of 256 × 256, 0.9 × 0.9 × 6.5 mm"."""
        plural = "s" * (self.slices != 1)
        what = f"{self.slices} slice{plural}"
        if self.kind == "picture":
            what = "picture" if self.slices == 1 else f"{self.slices} frames"
        words = [self.modality, self.description, self.part, f"{what} of {self.width} × {self.height}"]
        if self.spacing_xyz is not None:
            words.append(" × ".join(f"{value:.3g}" for value in self.spacing_xyz) + " mm")
        return ", ".join(word for word in words if word)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SeriesEntry:
        """Inverse of `to_dict`, also after a way through JSON."""
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        if known.get("spacing_xyz") is not None:
            x, y, z = (float(value) for value in known["spacing_xyz"])
            known["spacing_xyz"] = (x, y, z)
        return cls(**known)
