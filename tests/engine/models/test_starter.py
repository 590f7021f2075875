"""What ships belongs together: the starter's weights, its bundle and its card."""

from __future__ import annotations

from engine.bundle.reader import Bundle
from engine.models.weights import find_weights


def test_the_shipped_bundle_is_of_the_shipped_weights() -> None:
    weights = find_weights("starter")
    bundle = Bundle.open(weights.path / "starter.vlseg")
    assert bundle.manifest.model.sha256 == weights.sha256
    assert bundle.manifest.parity.verified
    assert bundle.manifest.notice == weights.card.notice
    assert "has never seen medical images: tune first" in weights.card.notice
    assert "vpt" in weights.card.recommended


def test_what_ships_is_within_its_sizes() -> None:
    weights = find_weights("starter")
    assert sum(file.stat().st_size for file in weights.path.iterdir() if file.suffix != ".vlseg") <= 20e6
    assert (weights.path / "starter.vlseg").stat().st_size <= 20e6
