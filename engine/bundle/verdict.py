"""What a bundle's parity reports come to, in a line for people: the same words wherever a bundle appears."""

from __future__ import annotations

from collections.abc import Sequence

from engine.bundle.manifest import Manifest, Parity, Precision

DICE_ASKED: dict[Precision, float] = {"fp32": 0.999, "fp16": 0.99, "int8": 0.99}
"""Masks of the graphs and of the tuned model must agree this well for a bundle to be called verified."""


def reports_of(manifest: Manifest) -> list[Parity]:
    """Every comparison that was made; bundles of version 1 hold one."""
    if manifest.parity_reports:
        return list(manifest.parity_reports)
    return [manifest.parity] if manifest.parity.dice is not None else []


def weakest(reports: Sequence[Parity]) -> Parity:
    """The report that agrees least: not verified before verified, then by Dice; of equals, the first."""
    return min(reports, key=lambda report: (report.verified, 1.0 if report.dice is None else report.dice))


def verdict(manifest: Manifest) -> str:
    """Such as "verified against torch (int8): Dice 0.9968 on 20 validation and 8 drawn images, probabilities differ by
    0.046 at most, on CPU"."""
    reports = reports_of(manifest)
    if not reports:
        return "not verified: its graphs were never compared with the network that they come from"
    worst = weakest(reports)
    head = "verified against torch" if manifest.parity.verified else "NOT verified against torch"
    dice = f"Dice {worst.dice or 0.0:.4f}"
    if not worst.verified:
        dice += f" ({DICE_ASKED[manifest.precision]:g} is asked)"
    largest = max(report.max_probability_difference or 0.0 for report in reports)
    line = f"{head} ({manifest.precision}): {dice} on {_images(reports)}, probabilities differ by {largest:.2g} at most"
    return f"{line}, on {_providers(reports)}{_nothing(reports)}"


def short_verdict(manifest: Manifest) -> str:
    """For a table: "verified, fp32, Dice 1.0000"."""
    reports = reports_of(manifest)
    if not reports:
        return f"never verified, {manifest.precision}"
    word = "verified" if manifest.parity.verified else "NOT verified"
    return f"{word}, {manifest.precision}, Dice {weakest(reports).dice or 0.0:.4f}"


def _images(reports: Sequence[Parity]) -> str:
    counts: dict[str, int] = {}
    for report in reports:
        counts[report.source] = max(report.images, counts.get(report.source, 0))
    return f"{' and '.join(f'{count} {source}' for source, count in counts.items())} images"


def _providers(reports: Sequence[Parity]) -> str:
    names = dict.fromkeys(report.provider.removesuffix("ExecutionProvider") for report in reports)
    return " and ".join(names)


def _nothing(reports: Sequence[Parity]) -> str:
    """Images on which neither program finds anything prove little."""
    blank = dict.fromkeys(report.source for report in reports if report.non_empty == 0)
    return f" (nothing is found on the {' and '.join(blank)} images, which prove little)" if blank else ""
