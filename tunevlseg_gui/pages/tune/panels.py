"""What hangs in the steps besides their own parts: see `WizardStep`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from tunevlseg_gui.pages.tune.domain_gauge import DomainGauge
from tunevlseg_gui.pages.tune.phrase_bench import PhraseBench
from tunevlseg_gui.pages.tune.quick_look import QuickLook
from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.wizard import Wizard


@dataclass(frozen=True)
class Panel:
    """`make` builds it, with the wizard; it hangs in `step` (data | model | strategy | settings | review)."""

    step: str
    make: Callable[[Wizard], QWidget]
    first: bool = False  # above the step's own parts


PANELS: tuple[Panel, ...] = (
    # Where the phrases stand that both are about; the model is the one that is chosen, at first the starter.
    Panel("data", QuickLook),
    Panel("data", PhraseBench),
    # Its cards are advised for and against by what the gauge says.
    Panel("strategy", DomainGauge, first=True),
)
"""In the order in which they stand."""


def hang_in(wizard: Wizard, steps: Mapping[str, WizardStep]) -> None:
    """Makes the panels and gives each to its step."""
    for panel in PANELS:
        steps[panel.step].add_panel(panel.make(wizard), first=panel.first)
