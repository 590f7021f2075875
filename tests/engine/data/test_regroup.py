"""What ends a leak, and makes none of its own."""

from __future__ import annotations

from engine.data.regroup import regrouped

PATIENT = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "b2": "b", "c1": "c", "d1": "d"}


def test_a_patient_goes_where_most_of_it_lies() -> None:
    split = {"a1": "val", "a2": "val", "a3": "train", "b1": "train", "b2": "train", "c1": "test", "d1": "train"}
    assert regrouped([["a1", "a2", "a3"]], PATIENT, split) == {"a3": "val"}


def test_all_images_of_the_patients_of_twins_come_along() -> None:
    split = dict.fromkeys(PATIENT, "train") | {"c1": "val"}
    assert regrouped([["b1", "c1"]], PATIENT, split) == {"c1": "train"}
    split = dict.fromkeys(PATIENT, "val") | {"b1": "train", "b2": "train", "c1": "test", "d1": "test"}
    # c and d hang together by way of b: three patients, one home.
    assert regrouped([["b1", "c1"], ["b2", "d1"]], PATIENT, split) == {"c1": "train", "d1": "train"}


def test_what_has_no_single_split_stays() -> None:
    assert regrouped([["a1", "zz"]], PATIENT, {"a1": "train, val"}) == {}
    assert regrouped([], PATIENT, dict.fromkeys(PATIENT, "train")) == {}
