"""Panels of the phrase, the gain and the prompt pack: what a run keeps is shown, and what is asked is asked once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Signal
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from engine.contract.events import JobFailed, JobFinished, Progress
from engine.contract.jobs import Job, Pack, PhraseEffect, SplitGain
from engine.insight.gain import split_gain
from engine.insight.phrase_effect import RULE
from engine.runs import layout
from engine.runs.overview import overview
from tests.fakes.run_folders import write_run
from tunevlseg_gui.bridge.client import Listener
from tunevlseg_gui.pages.runs.gain_panel import GainPanel
from tunevlseg_gui.pages.runs.pack_drag import PackDrag, mime_of, pack_path
from tunevlseg_gui.pages.runs.pack_panel import PackPanel
from tunevlseg_gui.pages.runs.phrase_effect_panel import PhraseEffectPanel
from tunevlseg_gui.widgets.share_bars import ShareBar, ShareBars


class Asked(QObject):
    """Keeps what a panel asks, and lets a test answer."""

    run_event = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[tuple[Job, Listener]] = []
        self.watched: list[Path] = []
        self.cancelled: list[str] = []

    def submit(self, job: Job, listener: Listener) -> str:
        self.jobs.append((job, listener))
        return f"job{len(self.jobs)}"

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    def watch(self, run: Path) -> None:
        self.watched.append(run)


@pytest.fixture
def client(qapp: object) -> Asked:
    return Asked()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = write_run(tmp_path / "coop", "coop")
    (folder / layout.EPOCHS / "best").write_text("7")
    save_file({"learner.context_vectors": np.ones((2, 4, 32), np.float32)}, folder / layout.BEST)
    return folder


def phrase_effect(**more: Any) -> dict[str, Any]:
    numbers = {"dice": 0.8, "dice_other": 0.3, "share": 0.625, "agreement": 0.4, "lost": 0.5, "pairs": 9, "cases": 9}
    words = [
        {"word": word, "mask_dropped": 0.1, "mask_replaced": 0.5, "dice_dropped": -0.2, "dice_replaced": None}
        for word in ("left", "lung")
    ]
    vector = {
        "label": None,
        "depth": 1,
        "position": 1,
        "length": 1.0,
        "by_distance": [["cat", 0.5, 1.2]],
        "by_cosine": [["dog", 0.6, 1.3]],
        "random_distance": 1.4,
        "random_cosine": 0.2,
        "nearer": 0.99,
        "nearer_by_cosine": 0.2,
    }
    return {
        "verdict": "yes",
        "words": "With other words the Dice falls.",
        "rule": RULE,
        "best_epoch": 7,
        "split": "val",
        "images": 9,
        "cases": 9,
        "synthetic": True,
        "notes": [],
        "kinds": [{"kind": "nonsense", **numbers}],
        "labels": [
            {"label": name, "phrase": name, "verdict": "no", "controls": {"nonsense": ["xyz"]}, **numbers}
            for name in ("left lung", "heart")
        ],
        "word_effects": [{"label": "left lung", "phrase": "left lung", "images": 3, "words": words}],
        "nearest": {"note": "Nearest words may mean nothing.", "vectors": [vector]},
        **more,
    }


def test_the_arrows_scroll_to_words_below_the_page(qtbot: QtBot, client: Asked, run: Path) -> None:
    found = phrase_effect()
    found["nearest"]["vectors"] *= 9
    (run / layout.PHRASE).write_text(json.dumps(found), encoding="utf-8")
    panel = PhraseEffectPanel(client)
    qtbot.addWidget(panel)
    panel.resize(800, 420)
    panel.show()
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.vectors.values.rowCount() == 9)
    inside = panel.body.widget()
    qtbot.waitUntil(lambda: inside.height() >= inside.sizeHint().height())  # laid out
    panel.vectors.setFocus()
    for _ in range(9):
        qtbot.keyClick(panel.vectors, Qt.Key.Key_Down)

    def last_row_seen() -> bool:
        row = panel.vectors.visualRect(panel.vectors.values.index(8, 0))
        top = panel.vectors.viewport().mapTo(panel.body.viewport(), row.topLeft()).y()
        return 0 <= top <= panel.body.viewport().height() - row.height()

    qtbot.waitUntil(last_row_seen)


def test_the_badge_of_a_run_is_shown_and_told_in_the_table(qtbot: QtBot, client: Asked, run: Path) -> None:
    panel = PhraseEffectPanel(client)
    qtbot.addWidget(panel)
    panel.show()
    (run / layout.PHRASE).write_text(json.dumps(phrase_effect()), encoding="utf-8")
    panel.show_run(run)
    qtbot.waitUntil(panel.badge.isVisible)
    assert panel.badge.text().endswith("yes")
    assert panel.badge.property("tone") == "good"
    assert "synthetic" in panel.words.text()
    assert "Rule: no: masks agree" in panel.rule.text()
    assert [bar.number for bar in panel.dropped.bars] == ["10%", "10%"]
    assert [bar.value for bar in panel.gained.bars] == [-0.2, -0.2]
    assert "left: 10%" in panel.dropped.accessibleDescription()
    assert panel.vectors.values.rows[0][0][3].text == "cat"
    assert panel.vectors.values.rows[0][0][6].tone == "muted"  # random vectors lie as near
    row = overview(run)
    assert row is not None
    assert row["phrase"] == "yes"

    (run / layout.PHRASE).write_text(json.dumps(phrase_effect(best_epoch=3)), encoding="utf-8")
    panel.show_run(run)
    qtbot.waitUntil(lambda: "ask again" in panel.words.text())
    stale = overview(run)
    assert stale is not None
    assert stale["phrase"] == ""
    imported = {"verdict": "weakly", "words": "Told by its pack.", "best_epoch": 7}
    (run / layout.PHRASE).write_text(json.dumps(imported), encoding="utf-8")
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.words.text() == "Told by its pack.")
    assert not panel.kinds.isVisible()
    assert not panel.dropped.isVisible()
    for damaged in ("{", "[]", '{"verdict": "yes"}'):
        (run / layout.PHRASE).write_text(damaged, encoding="utf-8")
        panel.show_run(run)
        qtbot.waitUntil(panel.nothing.isVisible)


def test_asking_shows_progress_and_the_answer(qtbot: QtBot, client: Asked, run: Path) -> None:
    panel = PhraseEffectPanel(client)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_run(run)
    qtbot.keyClicks(panel.phrase, "upper lobe")
    qtbot.keyClick(panel.phrase, Qt.Key.Key_Return)
    qtbot.keyClick(panel.phrase, Qt.Key.Key_Return)
    assert [job for job, _ in client.jobs] == [PhraseEffect(str(run), phrase="upper lobe")]
    heard = client.jobs[0][1]
    heard(Progress("job1", 3, 9, "images", 12.0, "encoding images"))
    assert panel.bar.progress.isVisible()
    assert "3/9" in panel.bar.words.text()
    qtbot.mouseClick(panel.bar.cancel, Qt.MouseButton.LeftButton)
    assert client.cancelled == ["job1"]
    heard(JobFinished("job1", phrase_effect()))
    assert panel.badge.isVisible()
    assert panel.bar.start.isVisible()
    told: list[object] = []
    panel.notice.connect(told.append)
    panel.bar.ask()
    client.jobs[1][1](JobFailed("job2", "No images.", "Give some."))
    assert getattr(told[-1], "message", "") == "No images."


def test_a_gain_waits_for_its_controls_and_is_split(qtbot: QtBot, client: Asked, run: Path) -> None:
    panel = GainPanel(client)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_run(run)
    qtbot.mouseClick(panel.bar.start, Qt.MouseButton.LeftButton)
    assert client.jobs[0][0] == SplitGain(str(run), "queue")
    controls = {"zero_shot": "/runs/z", "upsampler_only": "/runs/u"}
    client.jobs[0][1](
        JobFinished("job1", {"state": "waiting", "controls": controls, "waiting": list(controls.values())})
    )
    assert panel.state.isVisible()
    assert client.watched == [Path("/runs/z"), Path("/runs/u")]
    client.run_event.emit("/runs/z", JobFinished("a", {}))
    assert len(client.jobs) == 1  # the other one is still missing
    client.run_event.emit("/runs/u", JobFinished("b", {}))
    assert len(client.jobs) == 2
    values = np.linspace(0.1, 0.5, 20)
    gain = split_gain(values, values + 0.1, values + 0.4, [str(number) for number in range(20)])
    done = {"state": "done", "controls": controls, "waiting": [], "split": "test", "notes": [], **gain.to_values()}
    client.jobs[1][1](JobFinished("job2", done))
    assert "due to them" in panel.words.text()
    assert [round(bar.value or 0, 2) for bar in panel.chart.bars] == [0.25, 0.75]
    assert panel.parts.values.rowCount() == 3
    assert not panel.state.isVisible()

    (run / layout.GAIN).write_text(json.dumps({**done, "share": None}), encoding="utf-8")
    panel.show_run(run)
    qtbot.waitUntil(panel.words.isVisible)
    assert not panel.chart.isVisible()


def test_a_pack_is_saved_where_it_was_asked(qtbot: QtBot, client: Asked, run: Path, tmp_path: Path) -> None:
    panel = PackPanel(client)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_run(run)
    qtbot.waitUntil(panel.tile.isVisible)
    assert "coop-1.tvprompt" in panel.tile_words.text()
    qtbot.mouseClick(panel.bar.start, Qt.MouseButton.LeftButton)
    assert client.jobs[0][0] == Pack(str(run), str(run / "coop.tvprompt"), overwrite=True)
    told: list[object] = []
    panel.notice.connect(told.append)
    client.jobs[0][1](JobFinished("job1", {"pack": "x", "kilobytes": 3.2, "learned": 9, "presence": "Not calibrated."}))
    assert "3.2 kB" in getattr(told[-1], "message", "")
    (run / layout.BEST).unlink()
    panel.show_run(run)
    qtbot.waitUntil(panel.nothing.isVisible)
    assert not panel.tile.isVisible()


def test_a_pack_of_another_run_is_not_replaced_unasked(
    qtbot: QtBot, client: Asked, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = PackPanel(client)
    qtbot.addWidget(panel)
    panel.show_run(run)
    told: list[object] = []
    panel.notice.connect(told.append)
    (tmp_path / "other.tvprompt").touch()
    # The system's own file dialog cannot be driven here; it asks about the name as it was typed.
    answers = iter([str(tmp_path / "new"), str(tmp_path / "other")])
    monkeypatch.setattr(
        "tunevlseg_gui.pages.runs.pack_panel.QFileDialog.getSaveFileName", lambda *_: (next(answers), "")
    )
    for _ in range(2):
        panel._choose()
        assert panel._job(run).out == str(tmp_path / "new.tvprompt")
    assert [getattr(notice, "message", "") for notice in told] == [f"{tmp_path / 'other.tvprompt'} is there already."]


def test_a_drag_begins_once_the_pack_is_there(
    qtbot: QtBot, client: Asked, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = ShareBars("x", "x")
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    widget.show()
    offered: list[tuple[Path, str] | None] = [(run, "a b")]
    drag = PackDrag(client, widget, lambda place: offered[0])
    carried: list[Path] = []
    drag.carry = carried.append
    monkeypatch.setattr(
        "tunevlseg_gui.pages.runs.pack_drag.QGuiApplication.mouseButtons", lambda: Qt.MouseButton.LeftButton
    )
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    out = pack_path(run, "a b")
    assert client.jobs[0][0] == Pack(str(run), str(out), overwrite=True, calibrate=False)
    assert out.name == "a-b.tvprompt"
    qtbot.mouseMove(widget, QPoint(11, 11))
    qtbot.mouseMove(widget, QPoint(80, 80))
    assert carried == []  # the file is not there yet
    client.jobs[0][1](JobFinished("job1", {}))
    assert carried == [out]
    assert mime_of(out).urls() == [QUrl.fromLocalFile(str(out))]
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(80, 80))

    # A click drags nothing, nor does what cannot be packed.
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    client.jobs[1][1](JobFinished("job2", {}))
    offered[0] = None
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert (len(client.jobs), len(carried)) == (2, 1)


def test_bars_paint_at_any_size(qtbot: QtBot) -> None:
    bars = ShareBars("x", "x")
    qtbot.addWidget(bars)
    bars.show()
    for shown in ([], [ShareBar("a" * 80, -1.2, "-120 %"), ShareBar("", None, "–"), ShareBar("b", 0.0, "0")]):
        bars.show_bars(shown)
        for width in (20, 400):
            bars.resize(width, bars.sizeHint().height())
            assert not bars.grab().isNull()
