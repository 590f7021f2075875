"""Splits: by patient, reproducible, never without something to learn from."""

from __future__ import annotations

import pytest

from engine.config.yaml_io import build
from engine.contract.errors import OutOfRange
from engine.data.config import SplitConfig
from engine.data.split import SLABS, Member, assign, shared_out


def _members(patients: int, images: int = 1, given: str | None = None) -> list[Member]:
    return [Member(f"p{p}_{i}", f"p{p}", given) for p in range(patients) for i in range(images)]


def _splits(members: list[Member], **settings: object) -> dict[str, set[str]]:
    found = assign(members, SplitConfig.model_validate(settings), 1).split_of
    return {split: {case for case, where in found.items() if where == split} for split in ("train", "val", "test")}


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (4, (2, 1, 1)), (10, (8, 1, 1)), (101, (81, 10, 10))],
)
def test_shares(count: int, expected: tuple[int, int, int]) -> None:
    assert tuple(shared_out(count, SplitConfig()).values()) == expected


@pytest.mark.parametrize("count", range(1, 30))
@pytest.mark.parametrize(
    "shares", [(0.8, 0.1, 0.1), (0.1, 0.1, 0.8), (0.1, 0.8, 0.1), (0.5, 0.5, 0.0), (0.02, 0.49, 0.49)]
)
def test_something_is_left_to_learn_from(count: int, shares: tuple[float, float, float]) -> None:
    train, val, test = shares
    counts = shared_out(count, SplitConfig(train=train, val=val, test=test))
    assert sum(counts.values()) == count
    assert counts["train"] >= 1
    assert counts["val"] >= (1 if count >= 2 else 0)
    assert counts["test"] >= (1 if count >= 3 and test else 0)


def test_images_of_a_patient_stay_together() -> None:
    splits = _splits(_members(10, images=4))
    patients = {split: {case.split("_")[0] for case in cases} for split, cases in splits.items()}
    assert [len(patients[split]) for split in ("train", "val", "test")] == [8, 1, 1]
    assert not patients["train"] & (patients["val"] | patients["test"])
    assert len(splits["train"]) == 32


def test_the_seed_and_the_names_decide() -> None:
    members = _members(40)
    config = SplitConfig()
    first = assign(members, config, 1).split_of
    assert assign(list(reversed(members)), config, 1).split_of == first
    assert assign(members, config, 2).split_of != first


def test_by_image_may_part_a_patient() -> None:
    splits = _splits(_members(1, images=20), by="image")
    assert [len(cases) for cases in splits.values()] == [16, 2, 2]


def test_a_lone_patient_is_split_by_image_with_a_warning() -> None:
    found = assign(_members(1, images=10), SplitConfig(), 1)
    assert sorted(found.split_of.values()).count("train") == 8
    assert [problem.kind for problem in found.problems] == ["one_patient"]
    assert found.problems[0].severity == "warning"


def test_a_lone_volume_is_split_by_slabs_with_a_warning() -> None:
    found = assign(_members(1), SplitConfig(), 1, sliceable=True)
    assert found.split_of == {"p0_0": SLABS}
    assert found.problems[0].kind == "one_volume"


def test_a_lone_picture_can_only_be_learnt_from() -> None:
    found = assign(_members(1), SplitConfig(), 1)
    assert found.split_of == {"p0_0": "train"}
    assert found.problems[0].kind == "one_image"


def test_folders_stand() -> None:
    members = [Member("a", "a", "train"), Member("b", "b", "val"), Member("c", "c", "test")]
    found = assign(members, SplitConfig(), 1)
    assert found.split_of == {"a": "train", "b": "val", "c": "test"}
    assert found.problems == ()


def test_val_is_taken_from_train_where_it_lacks() -> None:
    members = [*_members(9, given="train"), *(Member(f"t{i}", f"t{i}", "test") for i in range(5))]
    found = assign(members, SplitConfig(), 1)
    counts = [list(found.split_of.values()).count(split) for split in ("train", "val", "test")]
    assert counts == [8, 1, 5]
    assert {case for case, split in found.split_of.items() if split == "test"} == {f"t{i}" for i in range(5)}
    assert found.problems[0].kind == "no_val_split"


def test_a_patient_in_two_folders_is_told() -> None:
    members = [Member("a1", "a", "train"), Member("a2", "a", "val"), Member("b", "b", "test")]
    assert [problem.kind for problem in assign(members, SplitConfig(), 1).problems] == ["leak"]


def test_a_lone_train_folder_is_split_by_seed() -> None:
    splits = _splits(_members(10, given="train"))
    assert [len(cases) for cases in splits.values()] == [8, 1, 1]


def test_shares_must_add_up() -> None:
    with pytest.raises(OutOfRange, match=r"data\.split: train, val and test add up to 1\.2"):
        build(SplitConfig, {"train": 0.8, "val": 0.3, "test": 0.1}, path="data.split")


# Folds, labels, given splits.


def test_every_patient_is_val_in_one_fold_and_test_stays_the_same() -> None:
    members = _members(23, images=2)
    found = [_splits(members, folds=5, fold=fold) for fold in range(1, 6)]
    assert len({frozenset(one["test"]) for one in found}) == 1
    val = [case for one in found for case in one["val"]]
    assert sorted(val) == sorted({member.case_id for member in members} - found[0]["test"])
    assert all(not one["train"] & one["val"] and one["train"] | one["val"] == set(val) for one in found)
    without_test = [_splits(members, folds=5, fold=fold, train=0.9, val=0.1, test=0) for fold in range(1, 6)]
    assert sorted(len(one["val"]) for one in without_test) == [8, 8, 10, 10, 10]


def test_more_folds_than_patients_are_refused() -> None:
    with pytest.raises(OutOfRange, match="need as many patients") as caught:
        _splits(_members(4), folds=4, train=0.8, val=0.1, test=0.1)
    assert caught.value.field == "data.split.folds"


@pytest.mark.parametrize("settings", [{"folds": 1}, {"folds": 3, "fold": 4}, {"patient_pattern": "("}])
def test_settings_that_make_no_sense(settings: dict[str, object]) -> None:
    with pytest.raises(OutOfRange):
        build(SplitConfig, settings, path="data.split")


@pytest.mark.parametrize("folds", [0, 4])
def test_a_rare_label_reaches_every_split(folds: int) -> None:
    """4 of 40 patients show label 2: by chance, validation would often have none of them."""
    members = [
        Member(f"c{p}_{i}", f"p{p}", labels=frozenset({1, 2} if p % 10 == 3 and i == 0 else {1}))
        for p in range(40)
        for i in range(2)
    ]
    rare = {member.case_id for member in members if 2 in member.labels}
    for seed in range(12):
        config = SplitConfig(train=0.5, val=0.25, test=0.25, stratify=True, folds=folds)
        found = assign(members, config, seed).split_of
        assert {found[case] for case in rare} == {"train", "val", "test"}
        plain = assign(members, SplitConfig(train=0.5, val=0.25, test=0.25), seed).split_of
        assert sorted(found.values()) == sorted(plain.values()) or folds


def test_given_splits_may_be_shared_out_anew() -> None:
    members = [*_members(5, given="train"), *(Member(f"v{p}", f"v{p}", "val") for p in range(5))]
    assert _splits(members)["val"] == {f"v{p}" for p in range(5)}
    anew = _splits(members, given=False)
    assert len(anew["val"]) == 1
    assert len(anew["test"]) == 1
