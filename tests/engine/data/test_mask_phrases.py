"""What a mask gives to a phrase, and the regions it is taken from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.mask_phrases import phrase_for, plural, regions


def _mask(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((90, 120), np.uint8)
    for top, left, bottom, right in boxes:
        mask[top:bottom, left:right] = 1
    return mask


def test_one_small_region() -> None:
    mask = _mask((5, 5, 15, 15))
    assert phrase_for("count", "polyp.", mask) == "one polyp"
    assert phrase_for("size", "Polyp", mask) == "one small polyp"
    assert phrase_for("location", "polyp", mask) == "one small polyp, located in top left of the image"


def test_several_regions_largest_first() -> None:
    mask = _mask((40, 50, 60, 80), (80, 110, 88, 118), (2, 55, 10, 62))
    assert phrase_for("location", "tumour in the breast", mask) == (
        "three medium tumours in the breast, located in center, bottom right, top of the image"
    )


def test_nothing_marked() -> None:
    assert phrase_for("location", "Tumour in the image.", _mask()) == "no tumour in the image"


def test_specks_are_no_further_regions() -> None:
    assert phrase_for("count", "polyp", _mask((5, 5, 30, 30), (80, 80, 81, 81))) == "one polyp"
    assert phrase_for("count", "cell", _mask((80, 80, 81, 81))) == "one cell"


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("polyp", "polyps"),
        ("biopsy of a colon", "biopsies of a colon"),
        ("retinal blood vessels", "retinal blood vessels"),
        ("branch", "branches"),
        ("day", "days"),
    ],
)
def test_plural(phrase: str, expected: str) -> None:
    assert plural(phrase) == expected


def test_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        phrase_for("colour", "polyp", _mask())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_regions_are_those_of_scipy(seed: int, share: float) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    mask = (np.random.default_rng(seed).random((14, 17)) < share).astype(np.uint8)
    labelled, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = sorted((labelled == at).sum() / mask.size for at in range(1, count + 1))
    assert sorted(region.share for region in regions(mask)) == pytest.approx(sizes)
