"""What one page asks of another: pages do not know each other, so that each says what it wishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from tunevlseg_gui.frame.opener import Opener
from tunevlseg_gui.frame.page_stack import PageStack
from tunevlseg_gui.project import Project


class Passages(QObject):
    def __init__(self, pages: PageStack, opener: Opener, project: Project) -> None:
        super().__init__(opener)
        self._pages = pages
        self._opener = opener
        self._project = project

    def connect_page(self, page: QWidget) -> None:
        """Hears what the page wishes; a page has some of these signals."""
        wishes = {
            "tune_wanted": self.tune_dataset,
            "data_wanted": lambda: self._pages.show_page("data"),
            "folder_wanted": self._opener.ask_for_folder,
            "run_started": self.show_run,
            "run_wanted": self.show_run,
            "search_wanted": self.search_recipe,
            "labels_wanted": self.plan_labels,
            "bundle_wanted": lambda path: self._opener.open_path(Path(path)),
            "tune_requested": self.tune_model,
            "tune_again_requested": self.tune_again,
            "recipe_wanted": self.tune_recipe,
        }
        for signal, done in wishes.items():
            if hasattr(page, signal):
                getattr(page, signal).connect(done)

    @Slot()
    def tune_dataset(self) -> None:
        """From the Data page: the open dataset is to be learnt."""
        page: Any = self._pages.page("tune")
        page.begin()
        self._pages.show_page("tune")

    @Slot(str)
    def tune_model(self, weights: str) -> None:
        """From the Segment page: the base model in use is to be tuned."""
        page: Any = self._pages.page("tune")
        page.prefer(weights)
        page.begin()
        self._pages.show_page("tune")

    @Slot(object, object)
    def tune_again(self, dataset: Path, run: Path | None) -> None:
        """From the Segment page: corrected masks are to be learnt, from where the last run ended."""
        self._opener.open_path(dataset)
        page: Any = self._pages.page("tune")
        if run is not None:
            page.start_from(run)
        page.begin()
        self._pages.show_page("tune")

    @Slot(object)
    def tune_recipe(self, recipe: Path) -> None:
        """From the Runs or the Studies page: one more run by this recipe; where no dataset is open, its own is."""
        folder = _dataset_of(recipe) if self._project.folder is None else None
        if folder is not None:
            self._opener.open_path(folder)
        self._opener.open_path(recipe)

    @Slot(object)
    def search_recipe(self, recipe: Path) -> None:
        """From the Tune or the Runs page: many runs of this recipe in place of one."""
        page: Any = self._pages.page("experiments")
        self._pages.show_page("experiments")
        page.search(recipe)

    @Slot(object)
    def plan_labels(self, recipe: Path) -> None:
        """From the Runs page: would more labels pay, for this recipe?"""
        page: Any = self._pages.page("experiments")
        self._pages.show_page("experiments")
        page.plan_labels(recipe)

    @Slot(object)
    def show_run(self, run: Path) -> None:
        page: Any = self._pages.page("runs")
        self._pages.show_page("runs")
        page.open_run(run)


def _dataset_of(recipe: Path) -> Path | None:
    """The folder that a recipe learns from, where it is there."""
    try:
        data = dict(yaml.safe_load(recipe.read_text(encoding="utf-8"))["data"])
        folder = recipe.parent / str(data["folder"])
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return None
    return folder if data["folder"] and folder.is_dir() else None
