"""What pages ask of each other."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from PIL import Image
from pytestqt.qtbot import QtBot

from tunevlseg_gui.main_window import MainWindow


def write_recipe(path: Path, folder: str) -> Path:
    path.write_text(yaml.safe_dump({"version": 1, "data": {"folder": folder}, "strategy": {"name": "coop"}}))
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for part in ("images", "masks"):
        (tmp_path / "mine" / part).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / "mine" / part / "a.png")
    return tmp_path / "mine"


def test_a_run_tuned_again_brings_its_dataset_where_none_is_open(
    window: MainWindow, qtbot: QtBot, dataset: Path, tmp_path: Path
) -> None:
    window.passages.tune_recipe(write_recipe(tmp_path / "recipe.yaml", "mine"))  # relative to the recipe
    assert window.project.folder == dataset
    assert window.stack.currentWidget() is window.stack.made("tune")
    other = tmp_path / "other"
    other.mkdir()
    window.passages.tune_recipe(write_recipe(tmp_path / "second.yaml", str(other)))
    assert window.project.folder == dataset, "a dataset that is open stays"


@pytest.mark.parametrize("folder", ["gone", ""])
def test_one_whose_dataset_is_gone_still_gives_its_settings(window: MainWindow, folder: str, tmp_path: Path) -> None:
    window.passages.tune_recipe(write_recipe(tmp_path / "recipe.yaml", folder))
    assert window.project.folder is None
    assert window.stack.currentWidget() is window.stack.made("tune")
