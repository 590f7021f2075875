"""What a new label plan needs: a recipe, the numbers of cases, the Dice that is to be gained."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDoubleSpinBox, QFrame, QHBoxLayout, QLineEdit, QWidget

from engine.contract.jobs import PlanLabels
from engine.runs.studies import tournaments_folder
from tunevlseg_gui.pages.experiments.asking import choose_recipe
from tunevlseg_gui.pages.experiments.new_search import free_folder
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import card, label


class PlanForm(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recipe = QLineEdit()
        self.recipe.setObjectName("planRecipe")
        self.recipe.setAccessibleName(self.tr("Recipe"))
        self.recipe.setPlaceholderText(self.tr("A recipe with test images"))
        self.sizes = QLineEdit()
        self.sizes.setObjectName("planSizes")
        self.sizes.setAccessibleName(self.tr("Numbers of cases"))
        self.sizes.setPlaceholderText("1, 2, 4, …")
        self.sizes.setMaximumWidth(160)
        self.gain = QDoubleSpinBox()
        self.gain.setObjectName("planGain")
        self.gain.setAccessibleName(self.tr("Dice to be gained"))
        self.gain.setDecimals(3)
        self.gain.setRange(0.001, 0.5)
        self.gain.setSingleStep(0.01)
        self.gain.setValue(0.02)
        self.start = button(self.tr("Start"), "planStart", role="primary", picture="play")
        frame: QFrame = card("newPlan")
        line = QHBoxLayout(frame)
        line.setContentsMargins(14, 10, 14, 10)
        line.setSpacing(8)
        line.addWidget(label(self.tr("New"), "heading"))
        line.addWidget(self.recipe, 1)
        line.addWidget(button(self.tr("Choose…"), "planChoose", self._choose, picture="folder"))
        line.addWidget(label(self.tr("Cases"), "muted"))
        line.addWidget(self.sizes)
        line.addWidget(label(self.tr("Gain"), "muted"))
        line.addWidget(self.gain)
        line.addWidget(self.start)
        rows = QHBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(frame)

    def use_recipe(self, recipe: Path) -> None:
        self.recipe.setText(str(recipe))
        self.start.setFocus()

    def _choose(self) -> None:
        choose_recipe(self, self.recipe)

    def job(self) -> PlanLabels:
        """Raises ValueError with words for a person."""
        recipe = Path(self.recipe.text().strip()).expanduser()
        if not self.recipe.text().strip() or not recipe.is_file():
            raise ValueError(self.tr("Choose a recipe: save one on the Tune page, or take one of the presets."))
        try:
            sizes = [int(part) for part in self.sizes.text().replace("…", "").split(",") if part.strip()]
        except ValueError:
            raise ValueError(self.tr("Write the numbers of cases as 1, 2, 4.")) from None
        folder = free_folder(tournaments_folder(), f"labels-{recipe.stem}")
        return PlanLabels(str(recipe), str(folder), sizes, self.gain.value())
