"""One slice as bytes: the image, then one bit a pixel for each label, then one bit a pixel for void."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Where the parts of a row lie, for images [S, S, 3] (`size` S) and `labels` masks.

    Masks take a bit a pixel: with a hundred organs they would be ninety times as large as the image otherwise, and
    unpacking is faster than reading eight times as much.
    """

    size: int
    labels: int

    @property
    def image_bytes(self) -> int:
        return self.size * self.size * 3

    @property
    def plane_bytes(self) -> int:
        return -(-self.size * self.size // 8)

    @property
    def stride(self) -> int:
        """Bytes of a row."""
        return self.image_bytes + (self.labels + 1) * self.plane_bytes

    def packed(
        self, image: NDArray[np.uint8], masks: NDArray[np.uint8], void: NDArray[np.bool_] | None
    ) -> NDArray[np.uint8]:
        """A row [stride] of image uint8 [S, S, 3], masks 0/1 [L, S, S] and void bool [S, S] (None: nowhere)."""
        row = np.zeros(self.stride, np.uint8)
        row[: self.image_bytes] = image.reshape(-1)
        planes = row[self.image_bytes :].reshape(self.labels + 1, self.plane_bytes)
        planes[:-1] = np.packbits(masks.reshape(self.labels, -1), axis=-1)
        if void is not None:
            planes[-1] = np.packbits(void.reshape(-1))
        return row

    def image(self, row: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The image [S, S, 3] in a row, a view."""
        return row[: self.image_bytes].reshape(self.size, self.size, 3)

    def mask_bits(self, row: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Packed masks [L, plane_bytes], a view."""
        return row[self.image_bytes : self.stride - self.plane_bytes].reshape(self.labels, self.plane_bytes)

    def void_bits(self, row: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Packed void [plane_bytes], a view."""
        return row[self.stride - self.plane_bytes :]

    def unpacked(self, bits: NDArray[np.uint8]) -> NDArray[Any]:
        """Bits uint8 [..., plane_bytes] as 0/1 uint8 [..., S, S]."""
        planes = np.unpackbits(bits, axis=-1, count=self.size * self.size)
        return planes.reshape(*bits.shape[:-1], self.size, self.size)
