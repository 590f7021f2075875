"""The road of a first visit: demo, data, wizard, live curves, bundle, scan, phrase, mask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSlider, QSpinBox

from tunevlseg_gui.demo_driver.hand import Hand, StepFailed
from tunevlseg_gui.main_window import MainWindow

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage

PHRASE = "liver"


@dataclass
class Driven:
    """What the road left behind."""

    run: Path
    bundle: Path
    volume: Path
    mask: Path
    verified: bool


def drive(window: MainWindow, hand: Hand, mask: Path, epochs: int | None = None) -> Driven:
    """Takes the whole road; `epochs` shortens the run by typing a number into the wizard.

    Raises StepFailed at the first step that does not come to its end.
    """
    _data(window, hand)
    _wizard(window, hand, epochs)
    run = _live(window, hand)
    bundle, verified = _export(window, hand)
    volume = _segment(window, hand, mask)
    return Driven(run, bundle, volume, mask, verified)


def _data(window: MainWindow, hand: Hand) -> None:
    hand.stage("start", "Start page")
    hand.wait("Finding the devices", lambda: "looking" not in window.device.text())
    hand.picture("start")
    hand.stage("demo data", "Try the demo")
    hand.click("tryDemo")
    hand.wait("Drawing and opening the demo data", lambda: window.project.ready)
    page: Any = window.page("data")
    hand.wait("Showing thumbnails", lambda: page.browser.drawn)
    hand.say(f"Data page: {window.project.found.cases if window.project.found else 0} cases")
    hand.picture("data")


def _wizard(window: MainWindow, hand: Hand, epochs: int | None) -> None:
    hand.stage("wizard", "Tune…")
    hand.click("tuneDataset")
    page: Any = window.page("tune")
    hand.wait("Asking for models and strategies", lambda: page.catalogue.complete)
    for step in ("data", "model", "strategy"):
        hand.picture(f"wizard-{step}")
        hand.click("wizardNext")
    if page.draft.strategy != "vpt":
        raise StepFailed(f"The wizard suggests {page.draft.strategy}, not vpt.")
    if epochs is not None:
        hand.wait("Building the form", lambda: window.findChild(QSpinBox, "training_epochs") is not None)
        hand.type_into(hand.find(QSpinBox, "training_epochs"), str(epochs))
    hand.picture("wizard-settings")
    hand.click("wizardNext")
    review = hand.find(QPlainTextEdit, "reviewRecipe")
    if epochs is not None:
        hand.wait("Showing the recipe", lambda: f"epochs: {epochs}\n" in review.toPlainText())
    hand.picture("wizard-review")
    hand.stage("tuning", "Wizard: five clicks, visual prompts; the run starts")
    hand.click("wizardNext")
    hand.wait("Starting the run", lambda: window.stack.currentWidget() is window.page("runs"))


def _live(window: MainWindow, hand: Hand) -> Path:
    runs: Any = window.page("runs")
    live = runs.live
    told, numbers = 0, live.facts.numbers
    while not live.state.over:
        # A condition for each epoch: patience is for one, not for all.
        hand.wait("The next epoch", lambda seen=told: live.state.over or live.state.epoch > seen)
        if live.state.epoch == told:
            continue
        told = live.state.epoch
        hand.say(f"Epoch {told} of {live.state.epochs}: Dice {live.state.metrics.get('val_dice', 0.0):.3f}")
        if told == max(2, live.state.epochs // 2) and not live.state.over:
            hand.wait("Drawing the curves", lambda seen=told: len(live.dice.points("val")) >= seen)
            hand.wait("The numbers above them", lambda: numbers["epoch"].text().startswith(f"{live.state.epoch} "))
            for plot in (live.dice, live.loss):
                plot.redraw()  # curves are drawn a moment after they grow
            hand.picture("live-curves")
        if told == live.state.epochs:
            hand.wait("The end of the run", lambda: live.state.over)
    if live.state.phase != "finished":
        failure = live.state.failure
        raise StepFailed(
            failure.message if failure else f"The run ended as {live.state.phase}.", failure.hint if failure else ""
        )
    hand.picture("run-finished")
    return Path(live.folder)


def _export(window: MainWindow, hand: Hand) -> tuple[Path, bool]:
    hand.stage("export", "Run finished; Export")
    hand.click("exportRun")
    runs: Any = window.page("runs")
    dialog = runs.export_dialog
    hand.click("exportStart", dialog)
    badge = dialog.findChild(QLabel, "exportBadge")
    hand.wait("Writing and checking the bundle", badge.isVisible)
    verified = badge.text() == "verified"
    hand.say(f"Bundle: {badge.text()}")
    hand.picture("exported")
    bundle = Path(dialog.bundle)
    hand.click("exportUse", dialog)
    return bundle, verified


def _segment(window: MainWindow, hand: Hand, mask: Path) -> Path:
    page: SegmentPage = window.page("segment")  # type: ignore[assignment]
    hand.wait("Choosing the bundle", lambda: page.side.model is not None and page.side.model.kind != "base")
    hand.picture("segment-empty")
    hand.stage("open scan", "Segment page: the sample volume")
    hand.click("openSampleButton")
    hand.wait("Opening the volume", lambda: page.controller.scan is not None)
    hand.picture("volume")
    edit = page.side.prompt_edit
    hand.type_into(edit, PHRASE)
    hand.stage("segment", f"Asking for “{PHRASE}”")
    hand.click("segmentButton")
    state = page.viewer.state
    hand.wait("Asking the model", lambda: [layer.phrase for layer in state.layers if layer.counts.any()] == [PHRASE])
    layer = state.layers[0]
    if not layer.voxels(state.threshold):
        raise StepFailed(f"Nothing was found for “{PHRASE}”.", "Was the run long enough?")
    hand.wait("Showing a slice with the mask", lambda: bool(state.mask_of(layer).any()))
    hand.wait("Counting the slices", lambda: page.viewer.strip.profile is not None)
    hand.picture("mask")
    hand.stage("threshold and save", "Moving the threshold, saving the mask")
    slider = hand.find(QSlider, "thresholdSlider")
    before, amount = state.threshold, layer.voxels(state.threshold)
    hand.press(slider)
    hand.key(slider, Qt.Key.Key_Home)
    hand.wait("Moving the threshold down", lambda: state.threshold < 0.02)
    if layer.voxels(state.threshold) < amount:
        raise StepFailed("A lower threshold made the mask smaller.")
    hand.key(slider, Qt.Key.Key_Right, round(before * 100) - slider.minimum() + 10)
    hand.wait("Moving the threshold up", lambda: abs(state.threshold - before - 0.1) < 0.005)
    hand.picture("threshold")
    hand.key(slider, Qt.Key.Key_Left, 10)
    scan = page.controller.scan
    assert scan is not None
    # A file dialogue of the desktop cannot be driven; its answer is given here, the button is pressed all the same.
    page.ask_save_path = lambda: str(mask)  # type: ignore[method-assign]
    hand.click("saveMaskButton")
    hand.wait("Saving the mask", lambda: mask.exists() and page.status.text().startswith("Saved"))
    hand.picture("saved")
    return scan.path
