"""What an exporter must give."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import Manifest, Precision
from engine.config.fields import Settings
from engine.contract.control import CancelToken, Emit
from engine.strategies.tuned_model import TunedModel


@dataclass(frozen=True)
class ImageSet:
    """Preprocessed inputs float32 [n, 3, S, S] that both programs are asked about, and where they come from."""

    inputs: NDArray[np.float32]
    source: Literal["validation", "drawn"]


@dataclass(frozen=True)
class ExportParts:
    """What is written beside the network itself.

    `manifest`: labels, preprocessing, names, scores; what the exporter knows better (flags, opset, precision, parity,
    sums of files) is filled in by it. `tokenizer`: the bytes of tokenizer.json. `image_sets` are for the parity check,
    each reported apart. `calibration`: inputs float32 [n, 3, S, S] to measure the ranges of int8 on, none to do
    without.
    """

    manifest: Manifest
    tokenizer: bytes
    image_sets: tuple[ImageSet, ...]
    calibration: NDArray[np.float32] | None = None


class Exporter(Settings):
    """Settings of one way to export; `write` does it."""

    @abstractmethod
    def write(
        self,
        tuned: TunedModel,
        parts: ExportParts,
        outs: Mapping[Precision, Path],
        emit: Emit,
        cancel: CancelToken,
        job_id: str,
        *,
        overwrite: bool = False,
    ) -> None:
        """Writes a bundle for each precision asked for, each whole or not at all.

        Raises InputError, DiskFull, ParityFailed, Cancelled.
        """
