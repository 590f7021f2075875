"""What `--bundle` may be: a bundle, an installed base model, a weights folder; everything else is explained."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import InputError, NotABundle, WeightsMissing
from engine.contract.events import Event, Log
from engine.jobs import base_bundle
from engine.jobs.base_bundle import bundle_for, cached_bundle_path
from engine.models.weights import find_weights
from engine.runs.folders import models_folder
from engine.runs.layout import RECIPE
from tests.fakes.tiny_bundle import write_tiny_bundle
from tests.fakes.tiny_clipseg import write_tiny_clipseg


def find(reference: object, events: list[Event] | None = None):
    return bundle_for(str(reference), ([] if events is None else events).append, CancelToken(), "job")


@pytest.fixture
def installed() -> Path:
    return write_tiny_clipseg(models_folder() / "tiny")


def bundle_of(weights: Path, out: Path, sha256: str | None = None) -> Path:
    from engine.bundle.manifest import BaseModelInfo

    known = find_weights(str(weights)).sha256
    info = BaseModelInfo(name="clipseg", id="tiny", sha256=sha256 or known)
    return write_tiny_bundle(out, labels=False, model=info)


def test_a_path_of_a_bundle(tmp_path: Path) -> None:
    assert find(write_tiny_bundle(tmp_path / "a.vlseg")).name == "tiny"
    assert find(write_tiny_bundle(tmp_path / "a")).name == "tiny"


def test_the_bundle_shipped_beside_the_weights(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bundle_of(installed, installed / "tiny.vlseg")
    # Without torch too: nothing is exported.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert find("tiny").path == path


def test_the_bundle_in_the_cache(installed: Path) -> None:
    path = bundle_of(installed, cached_bundle_path(find_weights("tiny")))
    assert find("tiny").path == path
    assert find(installed).path == path  # the same weights by their folder


def test_a_shipped_bundle_of_other_weights_is_not_used(installed: Path) -> None:
    bundle_of(installed, installed / "tiny.vlseg", sha256="f" * 64)
    cached = bundle_of(installed, cached_bundle_path(find_weights("tiny")))
    events: list[Event] = []
    assert find("tiny", events).path == cached
    assert any("other weights" in event.message for event in events if isinstance(event, Log))


def test_without_torch_the_hint_says_what_to_install(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_bundle, "_TUNE_PACKAGES", ("a_package_that_is_not_there",))
    with pytest.raises(WeightsMissing, match="a_package_that_is_not_there") as caught:
        find("tiny")
    assert "tunevlseg[tune]" in caught.value.hint


def test_a_run_must_be_exported_first(tmp_path: Path) -> None:
    (tmp_path / RECIPE).write_text("version: 1\n")
    with pytest.raises(InputError, match="is a run") as caught:
        find(tmp_path)
    assert "tunevlseg export" in caught.value.hint


def test_a_run_with_a_bundle_in_it_serves(tmp_path: Path) -> None:
    (tmp_path / RECIPE).write_text("version: 1\n")
    path = write_tiny_bundle(tmp_path / "tiny.vlseg")
    assert find(tmp_path).path == path


def test_neither_bundle_nor_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="nothing-of-the-kind"):
        find("nothing-of-the-kind")
    with pytest.raises(NotABundle):
        find(tmp_path)
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(NotABundle):
        find(tmp_path / "x.txt")


@pytest.mark.slow
def test_base_weights_are_exported_once(installed: Path, tmp_path: Path) -> None:
    first = find("tiny")
    first.verify()
    assert first.path == cached_bundle_path(find_weights("tiny"))
    assert first.manifest.labels == []
    assert not first.has_fixed_graph
    assert first.manifest.parity.verified
    changed = first.path.stat().st_mtime_ns
    assert find("tiny").path.stat().st_mtime_ns == changed
