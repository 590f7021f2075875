from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from engine.volumes.geometry import Geometry
from engine.volumes.preprocess import (
    Preprocess,
    Window,
    intensity_note,
    intensity_range,
    normalise,
    probability_to_slice,
    resize_image,
    resize_mask,
    suggest_intensity,
    to_input,
    to_uint8_rgb,
)
from engine.volumes.slicing import SliceStack
from engine.volumes.volume import Volume

GEOMETRY = Geometry((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
RANDOM = np.random.default_rng(0)


def ct() -> np.ndarray:
    return RANDOM.integers(-1024, 1500, (6, 20, 30)).astype(np.int16)


def test_eight_bit_pictures_stay_as_they_are() -> None:
    grey = RANDOM.integers(0, 256, (11, 13)).astype(np.uint8)
    rgb = to_uint8_rgb(grey, Preprocess())
    assert rgb.shape == (11, 13, 3)
    assert np.array_equal(rgb[..., 1], grey)
    colour = RANDOM.integers(0, 256, (11, 13, 3)).astype(np.uint8)
    assert np.array_equal(to_uint8_rgb(colour, Preprocess()), colour)


def test_window_cuts_at_its_limits() -> None:
    preprocess = Preprocess(intensity="window", window=Window(center=40, width=400))
    values = np.array([[-1000, -160, 40, 240, 3000]], np.int16)
    shown = to_uint8_rgb(values, preprocess, intensity_range(values[None], preprocess))[0, :, 0]
    assert shown.tolist() == [0, 0, 128, 255, 255]


def test_percentiles_are_of_the_volume_not_of_the_slice() -> None:
    volume = np.linspace(0, 1000, 6 * 20 * 30).reshape(6, 20, 30).astype(np.float32)
    preprocess = Preprocess(intensity="percentile", lower=10, upper=90)
    limits = intensity_range(volume, preprocess)
    assert limits == pytest.approx((100, 900), abs=0.01)
    assert to_uint8_rgb(volume[0], preprocess, limits).max() < to_uint8_rgb(volume[5], preprocess, limits).min()


def test_percentiles_of_a_large_volume_come_from_a_sample() -> None:
    volume = RANDOM.normal(100, 15, (66, 250, 250)).astype(np.float32)
    preprocess = Preprocess(intensity="percentile")
    assert intensity_range(volume, preprocess) == pytest.approx(np.percentile(volume, (0.5, 99.5)), abs=0.5)


def test_the_sample_does_not_depend_on_storage_order() -> None:
    volume = np.cumsum(RANDOM.normal(size=(120, 210, 200)), axis=2).astype(np.float32)
    straight = SliceStack(volume, GEOMETRY, "axial")
    flipped = Geometry((1.0, 1.0, 1.0), (199.0, 209.0, 0.0), (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0))
    turned = SliceStack(np.ascontiguousarray(volume[:, ::-1, ::-1]), flipped, "axial")
    preprocess = Preprocess(intensity="percentile")
    assert intensity_range(straight.slices, preprocess) == intensity_range(turned.slices, preprocess)


@pytest.mark.parametrize("value", [0, 7])
def test_a_constant_slice_gives_numbers(value: int) -> None:
    constant = np.full((1, 8, 8), value, np.int16)
    preprocess = Preprocess(intensity="percentile", size=16)
    result = to_input(constant[0], preprocess, intensity_range(constant, preprocess))
    assert np.isfinite(result).all()


def test_almost_constant_volumes_keep_their_contrast() -> None:
    lesion = np.zeros((1, 100, 100), np.float32)
    lesion[0, 50, 50] = 9
    assert intensity_range(lesion, Preprocess(intensity="percentile")) == (0, 9)


def test_suggestions() -> None:
    assert suggest_intensity(Volume(ct(), GEOMETRY))["window"] == Window(center=40, width=400)
    assert suggest_intensity(Volume(np.abs(ct()), GEOMETRY)) == {"intensity": "percentile", "window": None}
    assert suggest_intensity(Volume(np.zeros((1, 4, 4), np.uint8), None))["intensity"] == "as_is"
    assert suggest_intensity(Volume(np.zeros((1, 4, 4), np.uint16), None))["intensity"] == "percentile"
    for volume in (Volume(ct(), GEOMETRY), Volume(np.zeros((1, 4, 4), np.uint16), None)):
        Preprocess(**suggest_intensity(volume))


def test_sixteen_bit_pictures_are_scaled_and_told() -> None:
    picture = RANDOM.integers(0, 4096, (1, 50, 50)).astype(np.uint16)
    note = intensity_note(picture, Preprocess())
    assert note is not None
    assert "became black to white" in note
    assert intensity_note(picture.astype(np.uint8), Preprocess()) is None
    shown = to_uint8_rgb(picture[0], Preprocess(), intensity_range(picture, Preprocess()))
    assert shown.min() == 0
    assert shown.max() == 255


def test_ct_given_to_a_model_for_pictures_uses_the_soft_tissue_window() -> None:
    assert intensity_range(ct(), Preprocess()) == (-160, 240)


def test_resize_squashes_to_a_square() -> None:
    picture = np.zeros((40, 20, 3), np.uint8)
    picture[20:] = 200
    square = resize_image(picture, Preprocess(size=32))
    assert square.shape == (32, 32, 3)
    assert square[:14].max() == 0
    assert square[18:].min() == 200


def test_input_is_normalised_by_channel() -> None:
    preprocess = Preprocess(size=16, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0))
    white = np.full((16, 16, 3), 255, np.uint8)
    result = normalise(white, preprocess)
    assert (result.shape, result.dtype) == ((3, 16, 16), np.float32)
    assert result[:, 0, 0].tolist() == [1.0, 3.0, 0.5]
    assert np.array_equal(to_input(white, preprocess), result)


@pytest.mark.parametrize("shape", [(7, 9), (65, 31), (16, 16), (200, 333)])
def test_masks_are_resized_as_pillow_does(shape: tuple[int, int]) -> None:
    mask = RANDOM.integers(0, 5, shape).astype(np.uint8)
    expected = np.asarray(Image.fromarray(mask).resize((48, 48), Image.Resampling.NEAREST))
    assert np.array_equal(resize_mask(mask, 48), expected)
    assert resize_mask(mask > 2, 48).dtype == np.uint8
    assert resize_mask(mask.astype(np.uint16) + 300, 48).min() >= 300


@pytest.mark.parametrize("resample", ["bilinear", "bicubic"])
def test_probabilities_come_back_within_limits(resample: str) -> None:
    probability = np.zeros((16, 16), np.float32)
    probability[:, 8:] = 1
    back = probability_to_slice(probability, (30, 50), resample)
    assert (back.shape, back.dtype) == ((30, 50), np.float32)
    assert back.min() == 0
    assert back.max() == 1
    assert np.array_equal(back[:, :22] > 0.5, np.zeros((30, 22), bool))
    assert (back[:, 28:] > 0.5).all()


@pytest.mark.parametrize(
    "wrong",
    [{"intensity": "window"}, {"std": (0.0, 1.0, 1.0)}, {"lower": 60, "upper": 40}, {"size": 3}, {"colour": 1}],
)
def test_impossible_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        Preprocess(**wrong)


def test_settings_survive_their_own_dump() -> None:
    preprocess = Preprocess(intensity="window", window=Window(center=-600, width=1500))
    assert Preprocess(**preprocess.model_dump()) == preprocess
    assert Preprocess.model_validate_json(preprocess.model_dump_json()) == preprocess


def test_a_picture_under_a_window_of_scan_units_is_told() -> None:
    of_ct = Preprocess(intensity="window", window=Window(center=40, width=400))
    note = intensity_note(np.zeros((1, 4, 4), np.uint8), of_ct)
    assert note is not None
    assert "-160 to 240" in note
    assert intensity_note(np.zeros((1, 4, 4), np.int16), of_ct) is None
