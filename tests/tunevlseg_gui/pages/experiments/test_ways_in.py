"""From the wizard and from a run to a search or a label budget of the same recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.pages.experiments.new_search import NewSearchDialog


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "my polyps.yaml"
    path.write_text("version: 1\n")
    return path


def test_a_search_is_asked_for_with_the_recipe(window: MainWindow, recipe: Path) -> None:
    page: Any = window.page("tune")
    page.search_wanted.emit(recipe)
    assert window.stack.currentWidget() is window.page("experiments")
    dialog = window.findChild(NewSearchDialog)
    assert dialog is not None
    dialog.trials.setValue(7)
    dialog.goals["seconds"].setChecked(True)
    assert not dialog.pruner.isEnabled()  # a pruner compares one value
    job = dialog.job()
    assert (job.recipe, Path(job.folder).name) == (str(recipe), "my-polyps")
    assert job.search["trials"] == 7
    assert job.search["objectives"] == ["val_dice", "seconds"]
    dialog.recipe.setText(str(recipe.with_name("gone.yaml")))
    with pytest.raises(ValueError, match="Choose a recipe"):
        dialog.job()
    dialog.reject()


def test_a_label_budget_begins_with_the_runs_recipe(window: MainWindow, recipe: Path) -> None:
    page: Any = window.page("runs")
    page.labels_wanted.emit(recipe)
    experiments: Any = window.page("experiments")
    tab = experiments.tab("labels")
    assert tab.isVisible()
    tab.form.sizes.setText("1, 2, 4")
    job = tab.form.job()
    assert (job.recipe, job.sizes, job.gain) == (str(recipe), [1, 2, 4], 0.02)
    assert Path(job.out).name == "labels-my-polyps"
    tab.form.sizes.setText("some")
    with pytest.raises(ValueError, match="numbers of cases"):
        tab.form.job()
