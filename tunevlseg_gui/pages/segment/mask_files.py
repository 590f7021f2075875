"""Masks as they are shown → files that the engine saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.bundle.levels import threshold_level
from engine.contract.jobs import SaveMask
from tunevlseg_gui.pages.segment.recovery import Origin
from tunevlseg_gui.pages.segment.whole_mask import write_array
from tunevlseg_gui.viewer.mask_overlay import Colour, Layer
from tunevlseg_gui.viewer.scan import ViewedScan


@dataclass(frozen=True)
class MaskFiles:
    """`revisions`: which state of each edited layer was written."""

    folder: Path
    paths: tuple[Path, ...]
    prompts: tuple[str, ...]
    colours: tuple[Colour, ...]
    revisions: tuple[tuple[Layer, int], ...]

    @property
    def colours_by_prompt(self) -> dict[str, str]:
        """As #rrggbb."""
        return {prompt: hex_colour(colour) for prompt, colour in zip(self.prompts, self.colours, strict=True)}


def hex_colour(colour: Colour) -> str:
    """As #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def write_masks(layers: Sequence[Layer], threshold: float, folder: Path) -> MaskFiles:
    """Writes what is shown of each layer into `folder`, 0 and above. Raises DiskFull, InputError."""
    paths, revisions = [], []
    for number, layer in enumerate(layers):
        if layer.edited:
            revisions.append((layer, layer.revision))
        level = threshold_level(threshold)
        shown = layer.levels >= level if layer.is_present(threshold) else np.zeros(layer.levels.shape, np.bool_)
        paths.append(write_array(folder / f"mask-{number}.npy", shown.view(np.uint8)))
    return MaskFiles(
        folder,
        tuple(paths),
        tuple(layer.phrase for layer in layers),
        tuple(layer.colour for layer in layers),
        tuple(revisions),
    )


def save_job(
    files: MaskFiles, scan: ViewedScan, out: Path, origin: Origin, threshold: float, identity: str
) -> SaveMask:
    return SaveMask(
        str(scan.path),
        [str(path) for path in files.paths],
        list(files.prompts),
        str(out),
        edited=[layer.phrase for layer, _ in files.revisions],
        series=scan.series,
        bundle=origin.bundle,
        axis=origin.axis,
        label=origin.label,
        threshold=threshold,
        overwrite=True,
        colours=files.colours_by_prompt,
        identity=identity,
    )
