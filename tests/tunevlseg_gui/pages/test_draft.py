"""The wizard's recipe: plain, complete in what was seen, and one that the engine accepts."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tunevlseg_gui.forms.field_spec import FieldSpec
from tunevlseg_gui.pages.tune.draft import Draft, command, file_name, learned_in_words, run_folder

DEPTH = FieldSpec("prompt_depth", "int", 6, low=1, high=6)
KERNEL = FieldSpec("upsampler_kernel", "int", 5, expert=True)
CLIP = FieldSpec("grad_clip", "float", None, optional=True)


def test_the_recipe_names_what_was_in_sight_and_what_was_changed() -> None:
    draft = Draft("starter", "clipseg", "vpt", "polyps-vpt")
    told = draft.recipe({"folder": "d"}, [DEPTH, KERNEL], [CLIP])
    assert told["strategy"] == {"name": "vpt", "prompt_depth": 6}
    assert told["training"] == {}
    draft.strategy_values[draft.key] = {"prompt_depth": 2, "upsampler_kernel": 7}
    assert draft.recipe({}, [DEPTH, KERNEL], [])["strategy"] == {
        "name": "vpt",
        "prompt_depth": 2,
        "upsampler_kernel": 7,
    }


def test_changes_of_training_images_are_told_beside_the_data() -> None:
    flip = FieldSpec("flip_horizontal", "bool", False)
    draft = Draft("starter", "clipseg", "vpt", "x", image_values={"flip_horizontal": True})
    assert draft.recipe({"folder": "d"}, [], [], [flip])["data"] == {"folder": "d", "flip_horizontal": True}


def test_values_are_kept_for_each_strategy() -> None:
    draft = Draft("starter", "clipseg", "vpt", "x")
    draft.strategy_values[draft.key] = {"prompt_depth": 2}
    draft.strategy = "coop"
    assert draft.recipe({}, [DEPTH], [])["strategy"]["prompt_depth"] == 6
    draft.strategy = "vpt"
    assert draft.recipe({}, [DEPTH], [])["strategy"]["prompt_depth"] == 2


@pytest.mark.parametrize(
    ("name", "folder"),
    [("Polyps, VPT", "polyps-vpt"), ("../../etc", "etc"), ("ünï", "ünï"), ("肝臓", "肝臓"), ("", "run")],
)
def test_names_become_folders_that_every_system_takes(name: str, folder: str) -> None:
    assert file_name(name) == folder


def test_a_run_folder_is_never_one_that_is_there(tmp_path: Path) -> None:
    first = run_folder(tmp_path, "a", now=0)
    first.mkdir()
    assert run_folder(tmp_path, "a", now=0) != first


def test_the_command_survives_a_shell() -> None:
    words = shlex.split(command(Path("/my data/r.yaml"), Path("/runs/it's")))
    assert words == ["tunevlseg", "tune", "/my data/r.yaml", "--out", "/runs/it's"]


def test_how_much_learns_in_words() -> None:
    said = learned_in_words({"learned": 12_288, "total": 150_693_890})
    assert said == "12,288 numbers learn, 0.0082 % of the model's 150,693,890"
    assert learned_in_words({"learned": 3_853_026, "total": 3_853_026}).startswith("3,853,026 numbers learn, 100 % of")
    assert "as it is" in learned_in_words({"learned": 0, "total": 10})
    assert learned_in_words({}) == ""
