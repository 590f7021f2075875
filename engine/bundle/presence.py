"""When a phrase counts as found: the rule, its calibration on a run's validation images, and the words for it.

The presence score of a slice is the mean of its 16 highest probabilities at model size; that of a scan is the highest
of its slices' scores. A phrase is *found* where the score reaches a cut. One pixel that is sure proves little: 16 are a
spot of 4 × 4, which the networks' coarse maps make of anything that they see at all.

Calibrated: with the scores of validation pairs (image, label) whose truth is not empty ("shown") and whose truth is
empty ("absent"), the cut lies in the middle between the 95th percentile of the absent and the 5th percentile of the
shown; where the two overlap, at the latter, so that at most one in twenty of what is there is called not found. Fewer
than five pairs of either kind calibrate nothing: then the cut is the threshold of the mask.

What the rule cannot do: a structure of fewer than 16 pixels at the model's size scores low however sure the network is;
and it is calibrated on single slices, so that among the many slices of a scan without the structure one is likelier to
reach the cut than the share of such images says. Whoever asks can set another cut, or none (`segment --presence`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.config.fields import Settings, setting

PIXELS: Final = 16
FEWEST: Final = 5


class Presence(Settings):
    """A calibrated rule, and how well it did on the pairs that it was calibrated on."""

    cut: float = setting(0.5, "Presence score from which on a phrase counts as found.", gt=0, lt=1)
    shown: int = setting(0, "Validation pairs whose truth shows the label.", ge=0)
    absent: int = setting(0, "Validation pairs whose truth is empty.", ge=0)
    shown_found: float = setting(1.0, "Share of the former that the rule finds.", ge=0, le=1)
    absent_found: float = setting(0.0, "Share of the latter that the rule finds all the same.", ge=0, le=1)


def presence_score(probability: NDArray[np.floating]) -> float:
    """The mean of the 16 highest values of a map [S, S], of all where it has fewer; 0 for an empty one."""
    values = probability.ravel()
    if values.size > PIXELS:
        values = np.partition(values, values.size - PIXELS)[-PIXELS:]
    return float(values.mean(dtype=np.float64)) if values.size else 0.0


def calibrate(shown: NDArray[np.floating], absent: NDArray[np.floating]) -> Presence | None:
    """The rule from the scores [n] and [m] of pairs that show their label and that do not; None for too few."""
    if min(len(shown), len(absent)) < FEWEST:
        return None
    lowest, highest = float(np.quantile(shown, 0.05)), float(np.quantile(absent, 0.95))
    cut = (lowest + highest) / 2 if highest < lowest else lowest
    cut = round(min(max(cut, 0.001), 0.999), 4)
    return Presence(
        cut=cut,
        shown=len(shown),
        absent=len(absent),
        shown_found=round(float(np.mean(shown >= cut)), 4),
        absent_found=round(float(np.mean(absent >= cut)), 4),
    )


def in_words(presence: Presence | None) -> str:
    """How far "not found" can be trusted, for a person."""
    if presence is None:
        return "The rule for not found is not calibrated: no validation images without the structure."
    return (
        f"Not found below a score of {presence.cut:.2f}; of {presence.shown} validation images that show the structure "
        f"{presence.shown_found:.0%} count as found, of {presence.absent} without it {presence.absent_found:.0%}. "
        "A scan is judged by its highest slice: with many slices, more are found wrongly."
    )
