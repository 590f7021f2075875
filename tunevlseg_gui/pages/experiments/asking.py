"""What the dialogs of this page share: a recipe is chosen, and what is filled in wrongly is said where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QWidget

from engine.runs.folders import recipes_folder
from tunevlseg_gui.translation import translate

T = TypeVar("T")


def checked(ask: Callable[[], T], wrong: QLabel) -> T | None:
    """What `ask` gives; None where it raises ValueError, whose words `wrong` then shows."""
    try:
        found = ask()
    except ValueError as error:
        wrong.setText(str(error))
        wrong.show()
        return None
    wrong.hide()
    return found


def choose_recipe(parent: QWidget, field: QLineEdit) -> None:
    """Puts the chosen recipe's path into the field; nothing where nobody chose."""
    chosen, _ = QFileDialog.getOpenFileName(
        parent,
        translate("Asking", "Choose a recipe"),
        field.text() or str(recipes_folder()),
        translate("Asking", "Recipe (*.yaml *.yml)"),
    )
    if chosen:
        field.setText(chosen)
