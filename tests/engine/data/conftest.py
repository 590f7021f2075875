"""Small datasets, made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from engine.contract.control import CancelToken
from engine.data.config import DataConfig
from engine.data.findings import DatasetReport
from engine.data.report import inspect


class Maker:
    """Draws images and masks that differ by seed."""

    def picture(self, height: int = 48, width: int = 64, *, seed: int = 0) -> NDArray[np.uint8]:
        """Noise [h, w, 3]."""
        return np.random.default_rng(1000 + seed).integers(0, 255, (height, width, 3), dtype=np.uint8)

    def disc(self, height: int = 48, width: int = 64, value: int = 255, *, seed: int = 0) -> NDArray[np.uint8]:
        """A mask [h, w] with one disc of `value`."""
        rng = np.random.default_rng(seed)
        row, column = rng.integers(height // 3, 2 * height // 3), rng.integers(width // 3, 2 * width // 3)
        rows, columns = np.ogrid[:height, :width]
        inside = (rows - row) ** 2 + (columns - column) ** 2 < (min(height, width) // 5) ** 2
        return np.where(inside, value, 0).astype(np.uint8)

    def save(self, path: Path, values: NDArray[Any]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)
        return path

    def pair(self, image: Path, mask: Path, *, seed: int = 0, value: int = 255) -> None:
        self.save(image, self.picture(seed=seed))
        self.save(mask, self.disc(value=value, seed=seed))

    def pairs(self, folder: Path, count: int = 6, *, value: int = 255) -> Path:
        """images/cN.png + masks/cN.png, all 64 × 48."""
        for number in range(count):
            self.pair(folder / f"images/c{number}.png", folder / f"masks/c{number}.png", seed=number, value=value)
        return folder

    def volume(
        self,
        path: Path,
        voxels: NDArray[Any],
        spacing: tuple[float, float, float] = (1.0, 1.0, 2.0),
        origin_x: float = 0.0,
    ) -> Path:
        """Voxels [z, y, x] as a volume file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        image = sitk.GetImageFromArray(voxels)
        image.SetSpacing(spacing)
        image.SetOrigin((origin_x, 0.0, 0.0))
        sitk.WriteImage(image, str(path))
        return path

    def volumes(self, folder: Path, count: int = 4, depth: int = 20) -> Path:
        """images/vN.nii.gz like CT, labels/vN.nii.gz with 1 in slices 5 to 9 and 2 in slices 8 to 11."""
        for number in range(count):
            rng = np.random.default_rng(number)
            voxels = rng.integers(-1000, 1000, (depth, 24, 32)).astype(np.int16)
            labels = np.zeros((depth, 24, 32), np.uint8)
            labels[5:10, 4:10, 4:10] = 1
            labels[8:12, 12:20, 12:20] = 2
            self.volume(folder / f"images/v{number}.nii.gz", voxels)
            self.volume(folder / f"labels/v{number}.nii.gz", labels)
        return folder


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture
def inspected() -> Callable[..., DatasetReport]:
    """`inspected(folder, seed=…, placed=…, **settings)`: the report; settings as in DataConfig."""

    def run(folder: Path, seed: int = 1, placed: dict[str, str] | None = None, **settings: Any) -> DatasetReport:
        config = DataConfig.model_validate({"folder": str(folder), **settings})
        return inspect(config, seed, lambda event: None, CancelToken(), placed=placed)

    return run
