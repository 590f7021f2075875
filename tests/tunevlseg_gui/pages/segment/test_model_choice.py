from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.errors import InputError, NotABundle
from engine.runs.folders import runs_folder
from tests.fakes.tiny_bundle import write_tiny_bundle
from tunevlseg_gui.pages.segment.model_choice import base_choices, bundle_choice, tuned_choices


def test_a_bundle_tells_its_labels_notice_and_threshold(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "tiny", notice="for tests", threshold=0.3, plane="coronal")
    choice = bundle_choice(path)
    assert (choice.title, choice.labels, choice.notice) == ("tiny", ("rose", "leaf"), "for tests")
    assert (choice.threshold, choice.plane, choice.kind) == (0.3, "coronal", "file")
    assert bundle_choice(path / "bundle.yaml").key == choice.key


def test_exported_runs_are_offered_newest_first(tmp_path: Path) -> None:
    for name in ("first", "second"):
        run = runs_folder() / name
        run.mkdir(parents=True)
        (run / "recipe.yaml").write_text("name: x\n")
        write_tiny_bundle(run / "bundle.vlseg", **{"name": name})
    (runs_folder() / "unexported").mkdir()
    (runs_folder() / "unexported" / "recipe.yaml").write_text("name: y\n")
    damaged = runs_folder() / "damaged"
    damaged.mkdir()
    (damaged / "recipe.yaml").write_text("name: z\n")
    (damaged / "bundle.vlseg").write_bytes(b"PK")
    assert {choice.title for choice in tuned_choices()} == {"first", "second"}
    assert bundle_choice(runs_folder() / "first").reference.endswith("bundle.vlseg")


def test_a_run_that_was_not_exported_says_so(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: y\n")
    with pytest.raises(InputError, match="not exported"):
        bundle_choice(tmp_path)


def test_anything_else_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(NotABundle):
        bundle_choice(tmp_path)


def test_base_models_bring_their_notice() -> None:
    (choice,) = base_choices({"models": [{"id": "starter", "notice": "tune first"}]})
    assert (choice.reference, choice.title, choice.notice, choice.kind) == ("starter", "starter", "tune first", "base")
