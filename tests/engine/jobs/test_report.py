"""The report is one whole HTML file: nothing is fetched, nobody is named, what is missing is told."""

from __future__ import annotations

import base64
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from PIL import Image

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError
from engine.contract.events import Event
from engine.contract.jobs import Report, Tune
from engine.contract.notices import RESEARCH_ONLY
from engine.jobs import report, tune
from engine.runs import layout
from engine.runs.scores import about_path, read_evaluation
from engine.synthetic.sample_data import write_dataset
from tests.fakes.run_folders import write_run, write_scores

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Which tags are open, what is said, and what would be fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.count: dict[str, int] = {}
        self.images: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        given = dict(attrs)
        for name in ("src", "href", "xlink:href", "data", "action"):
            value = given.get(name)
            if value and value.startswith("data:"):
                self.images.append(value)
            elif value:
                self.fetched.append(value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def made(runs: list[Path], out: Path, **how: bool) -> str:
    job = Report([str(run) for run in runs], str(out), **how)
    report.run(job, lambda event: None, CancelToken(), "job")
    return out.read_text(encoding="utf-8")


def test_two_runs_side_by_side(tmp_path: Path) -> None:
    first = write_run(tmp_path / "coop", "coop", 1)
    second = write_run(tmp_path / "vpt", "vpt", 2, gain=0.1)
    (first / layout.CHANGES).write_text('{"time": "t", "after_epoch": 3, "change": "paused"}\nhalf', encoding="utf-8")
    text = made([first, second], tmp_path / "report.html", pictures=False)
    page = Page(text)
    assert page.open == []
    assert page.fetched == []
    assert "@import" not in text
    assert "url(" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert page.text.count(RESEARCH_ONLY) == 2
    assert "different, 48 pairs" in page.text
    assert "strategy.name" in page.text
    assert page.count["svg"] == 5
    mean = read_evaluation(first / layout.SCORES).summary()[-1]
    assert f"{mean['dice']:.3f}" in page.text
    assert f"({mean['dice_low']:.3f}–{mean['dice_high']:.3f})" in page.text
    assert "change: paused" in page.text
    assert "summary is left out" in page.text  # /data/abdomen is not there


def test_nobody_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "DOE_JOHN" / "run", "vpt", 1)
    values = yaml.safe_load((run / layout.RECIPE).read_text())
    values["data"]["folder"] = "/scans/DOE_JOHN/ct"
    (run / layout.RECIPE).write_text(yaml.safe_dump(values))
    scores = (run / layout.SCORES).read_text()
    (run / layout.SCORES).write_text(scores.replace("case-", "DOE_JOHN-"))
    about = json.loads(about_path(run / layout.SCORES).read_text())
    cases = dict.fromkeys(read_evaluation(run / layout.SCORES).cases, "DOE_JOHN")
    about_path(run / layout.SCORES).write_text(json.dumps({**about, "data": "/scans/DOE_JOHN/ct", "patients": cases}))
    (run / layout.LOG).write_text("opened /scans/DOE_JOHN")
    (run / layout.NOTES).write_text("note: DOE_JOHN looks odd\ntags: [DOE_JOHN]\n")
    text = made([run], tmp_path / "report.html", pictures=False)
    assert "DOE" not in text
    assert "…/ct" in text


def test_what_files_say_is_no_markup(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "vpt", 1, name="<script>alert(1)</script>")
    labels = {"labels": [{"name": '"><img src=x>', "phrase": "{{ 7 * 7 }}"}], "synthetic": True}
    (run / layout.LABELS).write_text(json.dumps(labels))
    text = made([run], tmp_path / "report.html", pictures=False)
    assert "<script" not in text
    assert "<img src=x" not in text
    assert "{{ 7 * 7 }}" in text
    assert "Synthetic data." in text
    assert Page(text).open == []


def test_a_run_without_scores_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "vpt", 1, cases=0)
    # As a run that came from a prompt pack: one row with the best values alone.
    (run / layout.METRICS).write_text("epoch,val_dice,seconds\n8,0.5,\n")
    (run / layout.ENVIRONMENT).write_text("damaged")
    (run / layout.LABELS).write_text('{"labels": [{"value": 1}, 7]}')
    (run / layout.RECIPE).write_text("name: odd\nstrategy: vpt\nmodel: [1]\ndata: 7\n")
    page = Page(made([run], tmp_path / "report.html"))
    assert "The run was not scored." in page.text
    assert "0 s" in page.text
    assert page.open == []


def test_few_scores_have_no_interval(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "vpt", 1, cases=0)
    write_scores(run / layout.SCORES, 1, 0.0, 3)
    page = Page(made([run], tmp_path / "report.html", pictures=False))
    assert "Only 3 cases were scored" in page.text
    assert "95 % interval 0" not in page.text


def test_what_cannot_be_is_refused_before_any_work(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "vpt", 1)
    taken = tmp_path / "taken.html"
    taken.write_text("mine")
    for job, words in (
        (Report([str(run)], str(taken)), "there already"),
        (Report([str(run)], str(tmp_path / "report.pdf")), "no name of a report"),
        (Report([], str(tmp_path / "a.html")), "1 to"),
        (Report([str(tmp_path)], str(tmp_path / "a.html")), "not a run"),
        (Report([str(run)], str(taken / "a.html")), "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            report.run(job, lambda event: None, CancelToken(), "job")
    assert taken.read_text() == "mine"
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        report.run(Report([str(run)], str(tmp_path / "b.html")), lambda event: None, token, "job")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "taken.html"]


def test_a_real_run_has_data_and_examples(
    tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_dataset("polyps", tmp_path / "polyps", count=12)
    values = {
        "version": 1,
        "name": "real",
        "data": {"folder": str(tmp_path / "polyps"), "split": {"train": 0.4, "val": 0.2, "test": 0.4}},
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 1},
        "training": {"epochs": 1, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False},
    }
    recipe, heard = tmp_path / "recipe.yaml", list[Event]()
    recipe.write_text(yaml.safe_dump(values), encoding="utf-8")
    tune.run(Tune(str(recipe), str(tmp_path / "run")), heard.append, CancelToken(), "job")
    out = tmp_path / "report.html"
    assert main(["report", str(tmp_path / "run"), "--out", str(out)]) == 0
    assert "report.html" in capsys.readouterr().out
    page = Page(out.read_text(encoding="utf-8"))
    assert page.open == []
    assert page.fetched == []
    assert len(page.images) == 3
    for image in page.images:
        pixels = Image.open(io.BytesIO(base64.b64decode(image.partition(",")[2])))
        assert max(pixels.size) == 384
        assert not pixels.getexif()
    assert "12 cases" in page.text
    assert "Synthetic data." in page.text
    assert str(tmp_path) not in out.read_text(encoding="utf-8")
