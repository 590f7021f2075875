"""The job: a run's badge, kept with it, the same each time, and honest where it cannot be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.events import Event, JobFinished
from engine.contract.jobs import PhraseEffect
from engine.contract.wire import event_to_line
from engine.jobs import phrase_effect
from engine.pack.archive import read_pack
from engine.runs import layout
from engine.runs.overview import phrase_verdict
from engine.synthetic.sample_data import write_dataset
from tests.engine.jobs.test_pack import packed, tuned, unpacked


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=12)
    return folder


def look(run: Path, **more: object) -> dict[str, object]:
    told: list[Event] = []
    found = phrase_effect.run(PhraseEffect(str(run), **more), told.append, CancelToken(), "job")
    event_to_line(JobFinished("job", found))
    return found


def test_the_badge_is_kept_and_comes_out_the_same_again(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    run = tuned(tmp_path / "coop", tiny_weights, drawn, "coop")
    found = look(run, phrase="red polyp of the left")
    kept = json.loads((run / layout.PHRASE).read_text(encoding="utf-8"))
    assert {name: found[name] for name in kept} == kept
    assert kept["verdict"] in ("yes", "weakly", "no", "unclear")
    assert kept["best_epoch"] == 1
    assert kept["synthetic"] is True
    assert [row["kind"] for row in kept["kinds"]] == ["nonsense", "unrelated"]
    assert [word["word"] for word in kept["word_effects"][0]["words"]] == "red polyp of the left".split()
    assert len(kept["nearest"]["vectors"]) == 8  # 2 layers of 4
    assert look(run, phrase="red polyp of the left") == found
    packed(run, tmp_path / "p.tvprompt", calibrate=False)
    unpacked(tmp_path / "p.tvprompt", tmp_path / "elsewhere", tiny_weights)
    assert phrase_verdict(tmp_path / "elsewhere") == kept["verdict"]
    assert read_pack(tmp_path / "p.tvprompt").manifest.phrase == {"verdict": kept["verdict"], "words": kept["words"]}


def test_a_strategy_without_words_says_so(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    found = look(tuned(tmp_path / "vpt", tiny_weights, drawn, "vpt"), images=1)
    assert found["nearest"] == {
        "note": "This strategy learns no vectors among the words, so there is nothing to read.",
        "vectors": [],
    }
    assert found["images"] == 1


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        look(tmp_path)
