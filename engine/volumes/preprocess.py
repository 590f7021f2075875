"""A slice becomes a network's input, and its probabilities become a slice again; the same for training and inference.

The image is squashed to a square (its aspect is not kept), as the published systems do.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import model_validator

from engine.config.fields import Settings, setting
from engine.volumes.ct_windows import CT_WINDOWS
from engine.volumes.volume import Volume

Resample = Literal["bilinear", "bicubic"]
Range = tuple[float, float]

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_SAMPLE = 4_000_000  # voxels looked at for a percentile: its error stays far below one grey level


class Window(Settings):
    """The range of values shown from black to white: centre ± width / 2."""

    center: float = setting(40.0, "Value shown as mid-grey.", unit="HU")
    width: float = setting(400.0, "Distance from black to white.", unit="HU", gt=0)

    @property
    def limits(self) -> Range:
        return self.center - self.width / 2, self.center + self.width / 2


SOFT_TISSUE = Window(center=CT_WINDOWS["soft_tissue"][0], width=CT_WINDOWS["soft_tissue"][1])


class Preprocess(Settings):
    """How a slice becomes the input of a network."""

    size: int = setting(352, "Side of the square input.", unit="px", ge=16, le=2048)
    mean: tuple[float, float, float] = setting((0.485, 0.456, 0.406), "Mean per channel, of values from 0 to 1.")
    std: tuple[float, float, float] = setting((0.229, 0.224, 0.225), "Standard deviation per channel.")
    intensity: Literal["as_is", "window", "percentile"] = setting(
        "as_is", "How values become grey levels: 8-bit pictures as they are, by a window, or between two percentiles."
    )
    window: Window | None = setting(None, "The window, where intensity is window.")
    lower: float = setting(0.5, "Percentile of the volume shown as black.", unit="%", ge=0, lt=100)
    upper: float = setting(99.5, "Percentile of the volume shown as white.", unit="%", gt=0, le=100)
    resample: Resample = setting("bicubic", "How an image is resized.")

    @model_validator(mode="after")
    def _sensible(self) -> Preprocess:
        if min(self.std) <= 0:
            raise ValueError("std must be greater than zero")
        if self.lower >= self.upper:
            raise ValueError("lower must be less than upper")
        if self.intensity == "window" and self.window is None:
            raise ValueError("intensity is window, so a window is needed: {center: 40, width: 400}")
        return self


def suggest_intensity(volume: Volume) -> dict[str, Any]:
    """Preprocess fields for a scan: a soft-tissue window for CT, 8-bit pictures as they are, else percentiles."""
    if volume.is_picture or volume.is_colour:
        return {"intensity": "as_is" if volume.voxels.dtype == np.uint8 else "percentile", "window": None}
    if looks_like_ct(volume.voxels):
        return {"intensity": "window", "window": SOFT_TISSUE}
    return {"intensity": "percentile", "window": None}


def looks_like_ct(voxels: NDArray[Any]) -> bool:
    """Whether values reach below -500, as air does in Hounsfield units."""
    return voxels.dtype != np.uint8 and bool(voxels.size) and float(voxels.min()) < -500


def intensity_range(voxels: NDArray[Any], preprocess: Preprocess) -> Range:
    """The values that become black and white, once for a whole volume or stack.

    `voxels` [n, h, w] or with a colour axis. Give `SliceStack.slices`, so that the sample taken of a large volume, and
    with it the mask, does not depend on the order in which the file stores its voxels.
    """
    if preprocess.intensity == "window" and preprocess.window is not None:
        return preprocess.window.limits
    if preprocess.intensity == "as_is":
        if voxels.dtype == np.uint8:
            return 0.0, 255.0
        if looks_like_ct(voxels):
            return SOFT_TISSUE.limits
    return _percentiles(voxels, preprocess.lower, preprocess.upper)


def intensity_note(voxels: NDArray[Any], preprocess: Preprocess) -> str | None:
    """What a person should know about the grey levels: said where a scan's values cannot be shown as they are."""
    if preprocess.intensity == "window" and voxels.dtype == np.uint8:
        low, high = intensity_range(voxels, preprocess)
        return (
            f"Values are 8-bit, but this model expects scan units from {low:g} to {high:g}, as in CT: "
            "open the scan itself, not a picture of it, or the mask is not to be trusted."
        )
    if preprocess.intensity != "as_is" or voxels.dtype == np.uint8:
        return None
    low, high = intensity_range(voxels, preprocess)
    return f"Values are not 8-bit: {low:g} to {high:g} became black to white."


def _percentiles(voxels: NDArray[Any], lower: float, upper: float) -> Range:
    steps = [1, 1, 1]
    while voxels.size / (steps[0] * steps[1] * steps[2]) > _SAMPLE:
        # The axis with most samples is thinned first.
        left = [size / step for size, step in zip(voxels.shape, steps, strict=False)]
        steps[left.index(max(left))] += 1
    sample = voxels[tuple(slice(None, None, step) for step in steps)]
    low, high = (float(v) for v in np.percentile(sample, (lower, upper)))
    if high <= low:
        # Nearly everything has one value (a mask-like scan, a dark picture): the whole range then.
        low, high = float(voxels.min()), float(voxels.max())
    return (low, high) if high > low else (low, low + 1.0)


def to_uint8_rgb(slice2d: NDArray[Any], preprocess: Preprocess, volume_range: Range | None = None) -> NDArray[np.uint8]:
    """A slice [h, w] or [h, w, 3] of any number type → uint8 [h, w, 3].

    `volume_range` comes from `intensity_range` of the whole volume; without it the slice stands for the volume.
    """
    low, high = intensity_range(slice2d[None], preprocess) if volume_range is None else volume_range
    if slice2d.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        grey: NDArray[np.uint8] = slice2d
    else:
        scaled = (slice2d.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
        grey = np.rint(np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255)).astype(np.uint8)
    if grey.ndim == 2:
        grey = np.repeat(grey[:, :, None], 3, axis=2)
    return np.ascontiguousarray(grey)


def resize_image(rgb: NDArray[np.uint8], preprocess: Preprocess) -> NDArray[np.uint8]:
    """uint8 [h, w, 3] → uint8 [S, S, 3]; smoothed first where it shrinks, as Pillow does."""
    size = preprocess.size
    if rgb.shape[:2] == (size, size):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((size, size), _FILTERS[preprocess.resample]))


def normalise(square: NDArray[np.uint8], preprocess: Preprocess) -> NDArray[np.float32]:
    """uint8 [S, S, 3] → float32 [3, S, S], mean taken away, divided by the standard deviation."""
    mean = np.array(preprocess.mean, np.float32)[:, None, None]
    std = np.array(preprocess.std, np.float32)[:, None, None]
    channels = square.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    result: NDArray[np.float32] = np.ascontiguousarray((channels - mean) / std)
    return result


def to_input(slice2d: NDArray[Any], preprocess: Preprocess, volume_range: Range | None = None) -> NDArray[np.float32]:
    """A slice [h, w] or [h, w, 3] → float32 [3, S, S]: grey levels, size, normalisation."""
    return normalise(resize_image(to_uint8_rgb(slice2d, preprocess, volume_range), preprocess), preprocess)


def resize_mask(mask2d: NDArray[Any], size: int) -> NDArray[Any]:
    """Labels or 0/1 [h, w] → [S, S] of the same type (bool becomes uint8), nearest neighbour at pixel centres."""
    values = mask2d.view(np.uint8) if mask2d.dtype == np.bool_ else mask2d
    height, width = values.shape
    centres = 2 * np.arange(size) + 1  # in half pixels: whole numbers, so that no rounding decides
    rows, columns = centres * height // (2 * size), centres * width // (2 * size)
    return np.ascontiguousarray(values[np.ix_(rows, columns)])


def probability_to_slice(
    probability: NDArray[np.float32], shape_hw: tuple[int, int], resample: Resample = "bicubic"
) -> NDArray[np.float32]:
    """Probabilities [S, S] → float32 [h, w], kept within 0 and 1."""
    height, width = shape_hw
    if probability.shape == (height, width):
        return np.clip(probability, 0, 1).astype(np.float32, copy=False)
    image = Image.fromarray(np.ascontiguousarray(probability, dtype=np.float32))
    resized = np.array(image.resize((width, height), _FILTERS[resample]), np.float32)
    return np.clip(resized, 0, 1, out=resized)
