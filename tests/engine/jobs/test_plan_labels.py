"""Each size is tuned on its own cases and scored on the same test images; sizes hold each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import OutOfRange, RecipeError
from engine.contract.jobs import PlanLabels
from engine.data.config import DataConfig
from engine.data.report import inspect
from engine.jobs import plan_labels
from engine.synthetic.sample_data import write_dataset
from tests.fakes.recipes import write_recipe


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=12)
    return folder


@pytest.fixture
def recipe(tiny_weights: Path, drawn: Path, tmp_path: Path) -> Path:
    return write_recipe(tmp_path, tiny_weights, drawn, epochs=1)


def test_more_cases_hold_those_of_fewer(drawn: Path) -> None:
    def train(most: int) -> set[str]:
        report = inspect(
            DataConfig(folder=str(drawn), split={"train_cases": most}), 12345, lambda _: None, CancelToken()
        )
        assert len(report.of_split("test")) == 1
        return {finding.case.case_id for finding in report.of_split("train")}

    two, four, all_ = train(2), train(4), train(0)
    assert len(two) == 2
    assert two < four < all_


def test_a_plan_has_a_point_for_each_size(recipe: Path, tmp_path: Path) -> None:
    job = PlanLabels(str(recipe), str(tmp_path / "plan"), [1, 2, 4])
    result = plan_labels.run(job, lambda _: None, CancelToken(), "job")
    assert [point["cases"] for point in result["points"]] == [1, 2, 4]
    assert "Not reliable" in result["advice"]  # one test image
    for size in (1, 2, 4):
        labels = json.loads((tmp_path / "plan" / f"cases-{size:04d}" / "result.json").read_text())
        assert labels["epochs"] == 1
    assert plan_labels.run(job, lambda _: None, CancelToken(), "job")["points"] == result["points"]


def test_too_few_sizes_are_refused(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(OutOfRange, match="three sizes"):
        plan_labels.run(PlanLabels(str(recipe), str(tmp_path / "p"), [1, 2]), lambda _: None, CancelToken(), "job")
    with pytest.raises(OutOfRange, match="gain"):
        plan_labels.run(PlanLabels(str(recipe), gain=2.0), lambda _: None, CancelToken(), "job")


def test_a_folder_holds_the_plan_of_one_recipe(recipe: Path, tmp_path: Path) -> None:
    """Else sizes that were tuned with other settings would lie on one curve."""
    first = PlanLabels(str(recipe), str(tmp_path / "plan"), [1, 2, 4])
    plan_labels.run(first, lambda _: None, CancelToken(), "job")
    other = PlanLabels(str(recipe), str(tmp_path / "plan"), [1, 2, 4], overrides=["training.learning_rate=0.5"])
    with pytest.raises(RecipeError, match="training differs"):
        plan_labels.run(other, lambda _: None, CancelToken(), "job")
