"""What an exporter must give."""

from __future__ import annotations

from abc import abstractmethod
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
class ExportParts:
    """What is written beside the network itself.

    `manifest`: labels, preprocessing, names, scores; what the exporter knows better (flags, opset, precision, parity,
    sums of files) is filled in by it. `tokenizer`: the bytes of tokenizer.json. `images`: preprocessed inputs float32
    [n, 3, S, S] for the parity check, `images_from` where they come from.
    """

    manifest: Manifest
    tokenizer: bytes
    images: NDArray[np.float32]
    images_from: Literal["validation", "drawn"]


class Exporter(Settings):
    """Settings of one way to export; `write` does it."""

    @abstractmethod
    def write(
        self,
        tuned: TunedModel,
        parts: ExportParts,
        out: Path,
        emit: Emit,
        cancel: CancelToken,
        job_id: str,
        *,
        precision: Precision = "fp32",
        overwrite: bool = False,
    ) -> Path:
        """Writes `out` whole or not at all and returns it.

        Raises InputError, DiskFull, ParityFailed, RecipeError for a precision it does not offer, Cancelled.
        """
