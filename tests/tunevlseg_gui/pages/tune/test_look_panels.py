"""The three looks before tuning, in the wizard: what they ask, show, keep and drop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.events import JobFailed, JobFinished, Progress
from engine.contract.jobs import ComparePhrases, DomainShift, QuickLook
from tunevlseg_gui.pages.tune.page import DATA, MODEL, STRATEGY, TunePage
from tunevlseg_gui.pages.tune.wizard import DomainShift as Shift
from tunevlseg_gui.project import Project
from tunevlseg_gui.widgets.turns import none_wait


@pytest.fixture
def page(qtbot: QtBot, later: Any, project: Project) -> TunePage:
    made = TunePage(later, project)
    qtbot.addWidget(made)
    made.resize(1100, 800)
    made.show()
    made.came_to_front()
    later.describe()
    return made


def panel(page: TunePage, name: str) -> Any:
    found = page.findChild(object, name)
    assert found is not None
    return found


def text(page: TunePage, name: str) -> str:
    found = page.findChild(QLabel, name)
    assert found is not None
    return found.text() if found.isVisibleTo(page) else ""


def last(later: Any, kind: type) -> str:
    """The id of the last job of a kind."""
    return f"job-{max(at for at, (job, _) in enumerate(later.asked, start=1) if isinstance(job, kind))}"


def finish(later: Any, kind: type, result: dict[str, Any]) -> None:
    later.answer(kind, JobFinished(last(later, kind), result))


def shift(level: str = "high", value: float = 3.2, **more: Any) -> dict[str, Any]:
    return {
        "known": True,
        "value": value,
        "low": value - 0.2,
        "high": value + 0.2,
        "level": level,
        "levels": [1.3, 2.0],
        "images": 9,
        "patients": 9,
        "words": "These pictures are far from what this model knows.",
        "advice": "image",
        "advised": "Tune the image side (VPT).",
        "reference": "256 scenes",
        "phrases": [{"phrase": "polyp", "value": 3.4, "beyond": 0.9, "nearest": "area", "level": "high"}],
        "map": {
            "own": 2,
            "cases": ["a", "b"],
            "slices": [0, 4],
            "pca": [[0, 0], [9, 1], [20, 2]],
            "tsne": [[0, 0]] * 3,
        },
    } | more


# -- domain gauge ----------------------------------------------------------------------------------------------------


def test_the_gauge_measures_by_itself_and_advises(page: TunePage, later: Any) -> None:
    page.walk.show_step(STRATEGY)
    (job,) = later.jobs(DomainShift)
    assert job.data["labels"][0]["phrase"] == "polyp"
    assert (job.weights, job.reference) == ("starter", "")
    finish(later, DomainShift, shift())
    assert text(page, "shiftValue") == "3.2"
    assert text(page, "shiftBounds") == "3.0 to 3.4"
    assert page.wizard.shift is not None
    assert page.wizard.shift.level == "far"
    scale = panel(page, "shiftScale")
    assert scale.zone().name == "far"
    assert "far from what this model knows" in scale.accessibleDescription()
    told = [found.text() for found in page.strategy_step.findChildren(QLabel)]
    assert any(text.startswith("Not advised here") for text in told)
    assert any("“area”" in text for text in told)
    page.walk.show_step(MODEL)
    page.walk.show_step(STRATEGY)
    assert len(later.jobs(DomainShift)) == 1  # known already


def test_it_goes_on_while_the_wizard_does_and_ends_when_it_is_about_nothing_any_more(
    page: TunePage, later: Any, project: Project
) -> None:
    page.walk.show_step(STRATEGY)
    page.walk.show_step(MODEL)
    assert last(later, DomainShift) not in later.cancelled
    project.change_label(1, "phrase", phrase="adenoma")
    assert last(later, DomainShift) in later.cancelled
    finish(later, DomainShift, shift())  # too late
    assert page.wizard.shift is None


def test_other_weights_are_unknown_until_a_folder_is_named(page: TunePage, later: Any) -> None:
    gauge = panel(page, "domainGauge")
    page.walk.show_step(STRATEGY)
    finish(later, DomainShift, {"known": False, "words": "Unknown.", "advice": "", "advised": "Name a folder."})
    assert text(page, "shiftWords") == "Unknown."
    assert text(page, "shiftValue") == ""
    assert page.wizard.shift is None
    gauge.measure_by("/photos")
    assert later.jobs(DomainShift)[-1].reference == "/photos"
    finish(later, DomainShift, shift("low", 1.0))
    assert page.wizard.shift == Shift("near", f"{shift()['words']} {shift()['advised']}")
    assert panel(page, "shiftShipped").isVisibleTo(page)
    gauge.measure_by("")
    assert later.jobs(DomainShift)[-1].reference == ""


def test_a_failure_says_why_and_can_be_tried_again(page: TunePage, later: Any) -> None:
    page.walk.show_step(STRATEGY)
    later.answer(DomainShift, Progress(last(later, DomainShift), 3, 9, "images", 12.0, "encoding"))
    assert "encoding" in text(page, "domainGaugeStage")
    later.answer(DomainShift, JobFailed(last(later, DomainShift), "One image.", "Add images."))
    assert text(page, "domainGaugeTold") == "One image. Add images."
    assert panel(page, "domainGaugeStart").isVisibleTo(page)
    panel(page, "domainGaugeStart").click()
    assert len(later.jobs(DomainShift)) == 2


def test_cancel_is_at_once_and_leaves_the_focus_somewhere(page: TunePage, later: Any, qtbot: QtBot) -> None:
    page.walk.show_step(STRATEGY)
    stop = panel(page, "domainGaugeCancel")
    stop.setFocus()
    qtbot.keyClick(stop, Qt.Key.Key_Space)
    assert last(later, DomainShift) in later.cancelled
    assert not stop.isVisibleTo(page)
    finish(later, DomainShift, shift())
    assert page.wizard.shift is None


def test_the_map_tells_each_case_by_mouse_and_arrow_keys(
    page: TunePage, later: Any, qtbot: QtBot, tmp_path: Path
) -> None:
    np.save(tmp_path / "map-pictures.npy", np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3))
    page.walk.show_step(STRATEGY)
    found = shift()
    found["map"]["pictures"] = str(tmp_path / "map-pictures.npy")
    finish(later, DomainShift, found)
    panel(page, "shiftMapShow").click()
    points = panel(page, "shiftMap")
    qtbot.waitUntil(points.isVisible)
    qtbot.keyClick(points, Qt.Key.Key_Right)
    assert text(page, "shiftMapCase") == "a"
    qtbot.keyClick(points, Qt.Key.Key_Right)
    assert text(page, "shiftMapCase") == "b, slice 5"
    qtbot.waitUntil(lambda: not panel(page, "shiftMapPicture").pixmap.isNull())
    qtbot.keyClick(points, Qt.Key.Key_Right)
    assert "model knows" in text(page, "shiftMapCase")
    box = points._plot.getViewBox()
    points._moved(box.mapViewToScene(QPointF(0, 0)))
    assert text(page, "shiftMapCase") == "a"
    panel(page, "shiftMapKind").setCurrentIndex(1)
    assert "beside whom" in text(page, "shiftMapMeaning")


# -- quick look ------------------------------------------------------------------------------------------------------


def looked(folder: Path, count: int = 3) -> dict[str, Any]:
    rows = []
    for number in range(count):
        path = folder / f"look-{number}.png"
        QImage(20, 10, QImage.Format.Format_RGB888).save(str(path))
        rows.append({"case": f"case {number}", "slice": 0, "path": str(path), "dice": {"polyp": number / 10}})
    return {"rows": rows, "dice": {"polyp": 0.1}, "mean": 0.1}


def test_a_look_shows_images_with_their_dice_and_enlarges_them(
    page: TunePage, later: Any, qtbot: QtBot, tmp_path: Path
) -> None:
    page.walk.show_step(DATA)
    panel(page, "quickLookStart").click()
    (job,) = later.jobs(QuickLook)
    assert (job.images, job.seed) == (6, page.draft.seed)
    finish(later, QuickLook, looked(tmp_path))
    assert text(page, "quickLookSummary") == "Dice of these images before tuning: 0.10."
    second = panel(page, "look2")
    assert second.accessibleName() == "case 1: Dice 0.10"
    qtbot.waitUntil(lambda: not second.pixmap.isNull())
    shown = panel(page, "quickLook").enlarge(1)
    qtbot.waitUntil(lambda: not shown.picture.pixmap.isNull())
    qtbot.keyClick(shown, Qt.Key.Key_Right)
    assert shown.words.text() == "3 / 3   case 2: Dice 0.20"
    assert not shown.next.isEnabled()
    for _ in range(3):
        qtbot.keyClick(shown, Qt.Key.Key_Left)
    assert shown.at == 0
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def test_enter_enlarges_and_another_model_takes_the_look_away(
    page: TunePage, later: Any, qtbot: QtBot, tmp_path: Path
) -> None:
    page.walk.show_step(DATA)
    panel(page, "quickLookStart").click()
    finish(later, QuickLook, looked(tmp_path))
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        qtbot.keyClick(panel(page, "look1"), key)
        shown = panel(page, "largeLook")
        assert shown.at == 0
        shown.reject()
        qtbot.waitUntil(lambda: page.findChild(object, "largeLook") is None)
    page.wizard.choose_weights("starter-cris")
    assert page.findChild(object, "look1") is None
    assert text(page, "quickLookSummary") == ""


def test_a_look_ends_with_its_step_and_needs_a_dataset(page: TunePage, later: Any, qtbot: QtBot) -> None:
    page.walk.show_step(DATA)
    panel(page, "quickLookStart").click()
    page.walk.show_step(MODEL)
    assert last(later, QuickLook) in later.cancelled
    empty = TunePage(later, Project())
    qtbot.addWidget(empty)
    assert not panel(empty, "quickLookStart").isEnabled()
    assert not panel(empty, "phraseBenchStart").isEnabled()


# -- phrase bench ----------------------------------------------------------------------------------------------------


def row(text: str, dice: float, verdict: str) -> dict[str, Any]:
    first = verdict == "first"
    difference = None if first else dice - 0.4
    return {
        "text": text,
        "dice": dice,
        "dice_low": dice - 0.1,
        "dice_high": dice + 0.1,
        "difference": difference,
        "difference_low": None if difference is None else difference - 0.05,
        "difference_high": None if difference is None else difference + 0.05,
        "verdict": verdict,
    }


def compared(page: TunePage, later: Any, qtbot: QtBot) -> None:
    panel(page, "phraseBenchStart").click()
    wordings = [row("polyp", 0.4, "first"), row("the polyp", 0.5, "better"), row("dark hole", 0.1, "worse")]
    label = {"label": "polyp", "value": 1, "wordings": wordings, "words": "“the polyp” is better."}
    finish(later, ComparePhrases, {"labels": [label], "images": 12, "patients": 12, "words": "Chosen here."})
    qtbot.waitUntil(none_wait)  # tables are shown in turns of their own


def test_wordings_are_added_by_enter_and_asked(page: TunePage, later: Any, qtbot: QtBot) -> None:
    page.walk.show_step(DATA)
    wording = panel(page, "benchWording")
    for typed in ("  dark   hole ", "dark hole", "   "):
        wording.setText(typed)
        qtbot.keyClick(wording, Qt.Key.Key_Return)
    assert text(page, "benchAdded") == "To compare: “dark hole”"
    panel(page, "benchSuggest").setChecked(False)
    compared(page, later, qtbot)
    job = later.jobs(ComparePhrases)[-1]
    assert (job.wordings, job.suggest) == ({"polyp": ["dark hole"]}, False)
    table = panel(page, "benchTable_1")
    assert table.item(1, 2).text() == "+0.10  (+0.05 to +0.15)"
    assert table.item(0, 2).text() == "–"
    assert "patients: 12" in text(page, "benchNote")


def test_one_click_makes_a_wording_the_phrase_and_undo_takes_it_back(
    page: TunePage, later: Any, project: Project, qtbot: QtBot
) -> None:
    page.walk.show_step(DATA)
    compared(page, later, qtbot)
    use = page.findChild(QPushButton, "benchUse_1_1")
    assert use is not None
    assert use.accessibleName() == "Use “the polyp”"
    use.click()
    assert page.wizard.recipe()["data"]["labels"][0]["phrase"] == "the polyp"
    assert panel(page, "benchTable_1").rowCount() == 3  # the comparison stands
    assert (use.text(), use.isEnabled()) == ("in use", False)
    project.undo_stack.undo()
    assert page.wizard.recipe()["data"]["labels"][0]["phrase"] == "polyp"
    assert use.isEnabled()


def test_another_dataset_takes_comparison_and_wordings_away(
    page: TunePage, later: Any, project: Project, qtbot: QtBot, tmp_path: Path
) -> None:
    page.walk.show_step(DATA)
    panel(page, "benchWording").setText("dark hole")
    panel(page, "benchAdd").click()
    compared(page, later, qtbot)
    project.open(tmp_path / "other")
    assert page.findChild(object, "benchTable_1") is None
    assert panel(page, "phraseBench").added == {}


def test_every_label_has_its_table(page: TunePage, later: Any, qtbot: QtBot, project: Project) -> None:
    page.walk.show_step(DATA)
    panel(page, "phraseBenchStart").click()
    labels = [
        {"label": f"label {value}", "value": value, "wordings": [row("a", 0.4, "first"), row("b", 0.4, "worse")]}
        for value in (1, 2, 3)
    ]
    finish(later, ComparePhrases, {"labels": labels, "images": 12, "patients": 12, "words": ""})
    qtbot.waitUntil(lambda: len(panel(page, "phraseBench").tables()) == 3)


# -- the keyboard ----------------------------------------------------------------------------------------------------


def focused(page: TunePage, qtbot: QtBot, start: str, times: int) -> list[str]:
    """The names of what Tab reaches from there on."""
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    panel(page, start).setFocus()
    seen = []
    for _ in range(times):
        here = page.focusWidget()
        seen.append(here.objectName())
        qtbot.keyClick(here, Qt.Key.Key_Tab)
    return seen


def test_tab_reaches_everything_in_the_order_in_which_it_stands(
    page: TunePage, later: Any, qtbot: QtBot, tmp_path: Path
) -> None:
    page.walk.show_step(DATA)
    panel(page, "quickLookStart").click()
    finish(later, QuickLook, looked(tmp_path, 2))
    compared(page, later, qtbot)
    looks = ["quickLookStart", "look1", "look2"]
    bench = ["phraseBenchStart", "benchWording", "benchAdd", "benchSuggest", "benchTable_1"]
    uses = ["benchUse_1_1", "benchUse_1_2"]  # the first wording is in use
    assert focused(page, qtbot, "quickLookStart", 11) == [*looks, *bench, *uses, "wizardNext"]
    page.walk.show_step(STRATEGY)
    finish(later, DomainShift, shift())
    panel(page, "shiftMapShow").click()
    qtbot.waitUntil(panel(page, "shiftMap").isVisible)
    gauge = ["domainGaugeStart", "shiftMapShow", "shiftReference", "shiftMap", "shiftMapKind"]
    assert focused(page, qtbot, "domainGaugeStart", 6) == [*gauge, "strategy_vpt"]


def test_six_images_fit_the_smallest_window(page: TunePage, tmp_path: Path) -> None:
    QImage(8, 4, QImage.Format.Format_RGB888).save(str(tmp_path / "look.png"))
    rows = [
        {"case": f"patient_{number}", "path": str(tmp_path / "look.png"), "dice": {"liver": 0.5}} for number in range(6)
    ]
    panel(page, "quickLook").show_result({"rows": rows, "mean": 0.5, "dice": {"liver": 0.5}})
    assert panel(page, "quickLook").minimumSizeHint().width() < 700
