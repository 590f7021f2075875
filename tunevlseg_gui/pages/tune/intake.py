"""What comes into the wizard from elsewhere: installed models, a model to begin with, a recipe, a run to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from PySide6.QtCore import QObject, Signal

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import Describe
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.pages.tune.wizard import Wizard


class Intake(QObject):
    """`preferred` names weights that are to be chosen."""

    notice = Signal(object)
    preferred = Signal(str)

    def __init__(self, wizard: Wizard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wizard = wizard
        self._asked = False
        self._prefer = ""  # weights that were just installed
        self._wanted: Path | None = None  # a run to go on from, once the models are known

    def ask_once(self) -> None:
        """Which models are installed; the engine is asked again only where it could not answer."""
        if not self._asked:
            self._asked = True
            self._wizard.client.submit(Describe(), self._described)

    def installed(self, name: str, *, choose: bool) -> None:
        """There are new weights."""
        self._prefer = name if choose else ""
        self._wizard.client.submit(Describe(), self._described)

    def open_recipe(self, path: Path) -> None:
        """Takes model, strategy and settings from a recipe; the dataset is the one that is open."""
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
            strategy, model = dict(found["strategy"]), dict(found.get("model") or {})
            training = dict(found.get("training") or {})
            data = dict(found.get("data") or {})
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError):
            self.notice.emit(
                Notice(
                    self.tr("{name} is not a recipe.").format(name=path.name),
                    self.tr("A recipe names a strategy; see recipe.full.yaml."),
                    "danger",
                )
            )
            return
        shown = {spec.name for spec in self._wizard.catalogue.image_fields()}
        self._wizard.take_values(
            str(model.get("weights") or "starter"),
            str(strategy.pop("name", "vpt")),
            strategy,
            training,
            {name: value for name, value in data.items() if name in shown},
        )
        told = self.tr("{name}: its model, strategy and settings are filled in.").format(name=path.name)
        self.notice.emit(Notice(told, tone="good"))

    def start_from(self, run: Path) -> None:
        """Model, strategy and settings of a run, whose learned weights the next one begins with."""
        if not self._wizard.catalogue.complete:
            # The models are not known yet: a choice made now would be lost.
            self._wanted = run
            self.ask_once()
            return
        self.open_recipe(run / "recipe.yaml")
        draft = self._wizard.draft
        values: dict[str, Any] = draft.training_values.setdefault(draft.key, {})
        values["start_from"] = str(run)

    def _described(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                found = Catalogue.of(result)
                if found.complete:
                    self._wizard.put_catalogue(found)
                    prefer, self._prefer = self._prefer, ""
                    if prefer:
                        self.preferred.emit(prefer)
                    wanted, self._wanted = self._wanted, None
                    if wanted is not None:
                        self.start_from(wanted)
            case JobFailed() as failure:
                self._asked = False
                self.notice.emit(of_failure(failure))
