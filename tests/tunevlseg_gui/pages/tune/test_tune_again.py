"""The wizard goes on from a run: its settings are filled in, and its learned weights named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tunevlseg_gui.pages.tune.page import SETTINGS, TunePage
from tunevlseg_gui.project import Project


def test_the_recipe_names_the_run_and_keeps_its_settings(qtbot: Any, tmp_path: Path, later: Any) -> None:
    run = tmp_path / "polyps-vpt-20260101"
    run.mkdir()
    recipe = {
        "version": 1,
        "data": {"folder": "elsewhere"},
        "model": {"name": "clipseg", "weights": "starter"},
        "strategy": {"name": "coop", "prompt_depth": 2},
        "training": {"epochs": 7},
    }
    (run / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    page = TunePage(later, Project())
    qtbot.addWidget(page)
    page.start_from(run)  # before the models are known
    later.describe()
    assert page.draft.weights == "starter"
    page.show()
    page.walk.show_step(SETTINGS)  # the form is drawn and read again
    made = page.wizard.recipe()
    assert made["training"]["start_from"] == str(run)
    assert made["training"]["epochs"] == 7
    assert (made["strategy"]["name"], made["strategy"]["prompt_depth"]) == ("coop", 2)
    page.draft.weights = "another"
    assert "start_from" not in page.wizard.recipe()["training"]
