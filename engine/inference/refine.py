"""A mask made cleaner: smoothed probabilities, holes filled, specks and all but the largest part taken away.

In three dimensions on the scan's own grid, with distances in millimetres; a picture, or a volume of one slice, in two.
The filters are SimpleITK's, and run on the box that holds something only: memory and time follow the structure.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from engine.bundle.levels import mask_of, threshold_level
from engine.config.fields import Settings, setting
from engine.contract.errors import OutOfRange
from engine.volumes.geometry import Geometry

_REACH = 4.0
"""Standard deviations after which a blur is over."""


class Refinement(Settings):
    """What is done to an answer, in the order of the fields. Nothing, by default."""

    smooth: float = setting(
        0.0,
        "Standard deviation of the blur over the probabilities, before the threshold.",
        unit="mm; px for pictures",
        ge=0,
        le=20,
    )
    fill_holes: bool = setting(False, "Fill what the mask encloses on all sides.")
    largest: bool = setting(False, "Keep the largest part only; parts that touch at a corner are one.")
    smallest: float = setting(
        0.0, "Parts smaller than this are taken away.", unit="ml; px for pictures", ge=0, le=100_000
    )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Refinement:
        """From settings that hold others too. Raises OutOfRange."""
        try:
            return cls.model_validate({name: values[name] for name in cls.model_fields if name in values})
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = str(problem["loc"][0])
            raise OutOfRange(
                f"{field}: {problem['input']!r} is outside its limits.",
                hint=f"{cls.model_fields[field].description} {problem['msg']}.",
                field=field,
            ) from None

    @property
    def does_nothing(self) -> bool:
        return not (self.smooth or self.fill_holes or self.largest or self.smallest)


NOTHING = Refinement()


def refine(
    levels: NDArray[np.uint8], threshold: float, refinement: Refinement, geometry: Geometry | None
) -> NDArray[np.bool_]:
    """The mask [z, y, x] of probabilities as levels (engine.bundle.levels) on the scan's grid.

    `geometry` None: a picture, measured in pixels. Raises OutOfRange for a threshold outside 0 … 1.
    """
    if refinement.does_nothing:
        return mask_of(levels, threshold)
    level = threshold_level(threshold)
    spacing = (1.0, 1.0, 1.0) if geometry is None else geometry.spacing_xyz[::-1]
    flat = levels.shape[0] == 1
    mask = np.zeros(levels.shape, dtype=np.bool_)
    # Far from anything that reaches a tenth of the threshold a blur cannot reach the threshold either.
    reach = [math.ceil(_REACH * refinement.smooth / step) for step in spacing]
    box = _box(levels >= (max(1, level // 10) if refinement.smooth else level), reach)
    if box is None:
        return mask
    found = levels[box]
    if refinement.smooth:
        blurred = _blurred(found, refinement.smooth, spacing, flat)
        inside = blurred >= threshold * 255.0
    else:
        inside = found >= level
    if refinement.fill_holes:
        inside = _filled(inside, flat)
    if refinement.largest or refinement.smallest:
        voxel = float(np.prod(spacing)) / (1.0 if geometry is None else 1000.0)
        fewest = math.ceil(round(refinement.smallest / voxel, 6))
        inside = _without_small(inside, fewest, refinement.largest)
    mask[box] = inside
    return mask


def _box(wanted: NDArray[np.bool_], reach: list[int]) -> tuple[slice, ...] | None:
    """The smallest box around what is wanted, `reach` [z, y, x] wider on each side; None where nothing is."""
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        hit = np.flatnonzero(wanted.any(axis=others))
        if not len(hit):
            return None
        box.append(slice(max(0, int(hit[0]) - reach[axis]), int(hit[-1]) + 1 + reach[axis]))
    return tuple(box)


def _image(values: NDArray[Any], flat: bool, spacing: tuple[float, ...] = (1.0, 1.0, 1.0)) -> Any:
    sitk: Any = importlib.import_module("SimpleITK")  # heavy: only where something is refined
    image = sitk.GetImageFromArray(np.ascontiguousarray(values[0] if flat else values))
    image.SetSpacing(tuple(float(step) for step in reversed(spacing[1:] if flat else spacing)))
    return image


def _array(image: Any, flat: bool) -> NDArray[Any]:
    sitk: Any = importlib.import_module("SimpleITK")
    values: NDArray[Any] = sitk.GetArrayFromImage(image)
    return values[None] if flat else values


def _blurred(levels: NDArray[np.uint8], sigma: float, spacing: tuple[float, ...], flat: bool) -> NDArray[np.float32]:
    """A Gaussian of `sigma` in the spacing's unit. Axes too short for ITK's recursive filter are left as they are."""
    sitk: Any = importlib.import_module("SimpleITK")
    image = sitk.Cast(_image(levels, flat, spacing), sitk.sitkFloat32)
    for axis, size in enumerate(image.GetSize()):
        if size >= 4:
            image = sitk.RecursiveGaussian(image, sigma=sigma, direction=axis)
    return _array(image, flat)


def _filled(mask: NDArray[np.bool_], flat: bool) -> NDArray[np.bool_]:
    sitk: Any = importlib.import_module("SimpleITK")
    return _array(sitk.BinaryFillhole(_image(mask.astype(np.uint8), flat)), flat) > 0


def _without_small(mask: NDArray[np.bool_], fewest: int, largest: bool) -> NDArray[np.bool_]:
    """Parts of at least `fewest` voxels; of those the largest only, where asked."""
    sitk: Any = importlib.import_module("SimpleITK")
    parts = sitk.ConnectedComponent(_image(mask.astype(np.uint8), flat := mask.shape[0] == 1), True)
    # Relabelled by size: 1 is the largest.
    parts = _array(sitk.RelabelComponent(parts, minimumObjectSize=max(0, fewest), sortByObjectSize=True), flat)
    return parts == 1 if largest else parts > 0
