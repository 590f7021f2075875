"""Looks into the storage grow apart, commands are heard all the same; the clock is turned, nobody waits."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from engine.contract.commands import Pause, Resume, StopTrial
from engine.contract.control import CancelToken
from engine.contract.errors import ResourceError
from engine.recipe import Recipe
from engine.search.commands import steer
from engine.search.config import SearchConfig
from engine.search.lease import BEAT_S, LEASE, Worker
from engine.search.looking import LEAST_S, MOST_S, SPREAD, Looks, tell
from engine.search.study import OpenStudy, begin_study, open_study
from engine.search.trial import POLL_S, Attendant
from engine.search.waiting import WaitingStorage

MINUTE = 60.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_looks_grow_apart_and_come_close_with_news(tmp_path: Path) -> None:
    clock = Clock()
    looks = Looks(tmp_path, clock=clock)
    assert looks.due()

    def next_look(*, news: bool) -> float:
        began = clock.now
        looks.looked(news=news)
        while not looks.due():
            clock.now += 0.01
        return clock.now - began

    spans = [next_look(news=False) for _ in range(12)]
    assert LEAST_S <= spans[0] <= 2 * LEAST_S
    assert all(MOST_S * (1 - SPREAD) <= span <= MOST_S * (1 + SPREAD) + 0.02 for span in spans[-4:])
    assert len({round(span, 1) for span in spans[-4:]}) > 1  # workers that began together do not look together
    assert next_look(news=True) <= LEAST_S * (1 + SPREAD) + 0.02


def test_what_is_told_makes_a_look_due_at_once(tmp_path: Path) -> None:
    clock = Clock()
    one, other = Looks(tmp_path, clock=clock), Looks(tmp_path / "elsewhere", clock=clock)
    for looks in (one, other):
        looks.looked(news=False)
        assert not looks.due()
    tell(tmp_path)
    assert one.due()
    one.looked(news=True)
    assert not one.due()
    assert not other.due()  # another folder, as on another machine
    tell(tmp_path / "elsewhere")  # a folder that is not there (any more) harms nobody
    assert not other.due()


class Counted(Attendant):
    """Counts the calls that reach the storage; `turn` lets it attend while the clock runs."""

    asked = 0

    def turn(self, seconds: float) -> None:
        assert isinstance(self.clock, Clock)
        for _ in range(int(seconds / POLL_S)):
            self.clock.now += POLL_S
            self.attend_once()


def attendant(found: OpenStudy, monkeypatch: pytest.MonkeyPatch) -> Counted:
    trial = found.study.ask()
    counted = Counted(found, trial, Worker(), CancelToken(), clock=Clock())
    whole = WaitingStorage._ask

    def ask(self: WaitingStorage, *arguments: Any, **more: Any) -> Any:
        counted.asked += self is found.storage
        return whole(self, *arguments, **more)

    monkeypatch.setattr(WaitingStorage, "_ask", ask)
    return counted


@pytest.fixture
def found(recipe: Recipe, tmp_path: Path) -> OpenStudy:
    config = SearchConfig(trials=2, startup_trials=1)
    return begin_study(recipe, config, tmp_path / "study", storage=f"sqlite:///{tmp_path}/s.db", name="ours")


def test_a_trial_costs_the_database_little_while_nothing_changes(
    found: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = attendant(found, monkeypatch)
    watched.turn(10 * MINUTE)
    beats = 10 * MINUTE / BEAT_S
    assert found.trial(0).user_attrs[LEASE]["beat"] == pytest.approx(beats, abs=1)
    # One call a look, about ten seconds apart; two more a beat. Once a second with four calls it was 4.1 a second.
    assert watched.asked / (10 * MINUTE) < 0.25


def test_commands_on_one_machine_are_heard_at_once(found: OpenStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = attendant(found, monkeypatch)
    watched.turn(5 * MINUTE)  # looks are far apart by now
    steer(found, Pause())
    watched.turn(2 * POLL_S)
    assert watched.token.paused
    watched.turn(5 * MINUTE)
    steer(found, Resume())
    watched.turn(2 * POLL_S)
    assert not watched.token.paused
    watched.turn(5 * MINUTE)
    steer(found, StopTrial(0))
    watched.turn(2 * POLL_S)
    assert watched.reason == "stopped"


def test_commands_from_another_machine_are_heard_at_the_next_look(
    found: OpenStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = open_study(tmp_path / "far", storage=f"sqlite:///{tmp_path}/s.db", name="ours")
    watched = attendant(found, monkeypatch)
    watched.turn(5 * MINUTE)
    steer(far, StopTrial(0))
    watched.turn(MOST_S * (1 + SPREAD) + POLL_S)
    assert watched.reason == "stopped"


def test_a_trial_that_another_took_is_noticed_at_the_next_beat(
    found: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = attendant(found, monkeypatch)
    watched.turn(MINUTE)
    found.storage.set_trial_state_values(found.id_of(0), TrialState.FAIL)
    for _ in itertools.takewhile(lambda _: not watched.reason, range(200)):
        watched.turn(POLL_S)
    assert watched.reason == "taken"


def test_a_storage_that_is_gone_is_not_asked_all_the_time(found: OpenStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a beat left out that did not reach it."""
    watched = attendant(found, monkeypatch)
    watched.turn(MINUTE)
    whole, gone = WaitingStorage._ask, True

    def ask(self: WaitingStorage, *arguments: Any, **more: Any) -> Any:
        answer = whole(self, *arguments, **more)
        if gone and self is found.storage:
            raise ResourceError("gone")
        return answer

    monkeypatch.setattr(WaitingStorage, "_ask", ask)
    watched.turn(BEAT_S + MOST_S)
    before = watched.asked
    watched.turn(MINUTE)
    assert watched.troubled
    assert watched.asked - before <= MINUTE / (LEAST_S * (1 - SPREAD)) + 1
    gone = False
    beat = found.trial(0).user_attrs[LEASE]
    watched.turn(2 * LEAST_S)
    assert not watched.troubled
    assert found.trial(0).user_attrs[LEASE] != beat


def test_a_journal_is_read_each_second(recipe: Recipe, tmp_path: Path) -> None:
    """A file costs nobody else anything, and other workers of it may have folders of their own."""
    found = begin_study(recipe, SearchConfig(trials=1), tmp_path / "journal")
    far = open_study(tmp_path / "far", storage=str(found.folder / "study.journal"), name=found.study.study_name)
    watched = Counted(found, found.study.ask(), Worker(), CancelToken(), clock=Clock())
    watched.turn(MINUTE)
    steer(far, StopTrial(0))
    watched.turn(LEAST_S * (1 + SPREAD) + POLL_S)
    assert watched.reason == "stopped"
