"""The wizard goes on from a run: its settings are filled in, and its learned weights named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from PySide6.QtCore import QObject

from engine.contract.control import CancelToken
from engine.contract.events import JobFinished
from engine.contract.jobs import Describe
from engine.jobs import describe
from tunevlseg_gui.pages.tune.page import SETTINGS, TunePage
from tunevlseg_gui.project import Project


class Later(QObject):
    """A client whose answers come when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    def submit(self, job: object, hear: Any = None) -> str:
        self.asked.append((job, hear))
        return "job"

    def describe(self) -> None:
        hear = next(hear for job, hear in self.asked if isinstance(job, Describe))
        hear(JobFinished("job", describe.run(Describe(), lambda event: None, CancelToken(), "job")))


def test_the_recipe_names_the_run_and_keeps_its_settings(qtbot: Any, tmp_path: Path) -> None:
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
    client = Later()
    page = TunePage(client, Project())  # type: ignore[arg-type]
    qtbot.addWidget(page)
    page.start_from(run)  # before the models are known
    client.describe()
    assert page.draft.weights == "starter"
    page._show_step(SETTINGS)  # the form is drawn and read again
    made = page._recipe()
    assert made["training"]["start_from"] == str(run)
    assert made["training"]["epochs"] == 7
    assert (made["strategy"]["name"], made["strategy"]["prompt_depth"]) == ("coop", 2)
    page.draft.weights = "another"
    assert "start_from" not in page._recipe()["training"]
