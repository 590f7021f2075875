from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import InputError
from tunevlseg_gui.pages.segment.answers import Question, fullest_slice, place_layers, read_answers
from tunevlseg_gui.pages.segment.model_choice import ModelChoice
from tunevlseg_gui.pages.segment.views import KEPT_VIEWS, tidy_views, view_folder, views_folder
from tunevlseg_gui.viewer.mask_overlay import COLOURS, MOST_LAYERS, Layer

MODEL = ModelChoice("starter", "Starter", "base")


def question(*phrases: str) -> Question:
    return Question(MODEL, "axial", phrases, Path("answers"))


def written(path: Path, shape: tuple[int, ...], dtype: type = np.uint8) -> dict[str, object]:
    np.save(path, np.ones(shape, dtype))
    return {"probabilities": [{"path": str(path)}]}


def test_answers_are_mapped_not_read(tmp_path: Path) -> None:
    (layer,) = read_answers(written(tmp_path / "a.npy", (2, 3, 4)), question("liver"), (2, 3, 4))
    assert isinstance(layer.levels, np.memmap)
    assert layer.counts[1] == 24


@pytest.mark.parametrize(("shape", "dtype"), [((2, 3, 5), np.uint8), ((2, 3, 4), np.float32)])
def test_an_answer_on_another_grid_is_refused(tmp_path: Path, shape: tuple[int, ...], dtype: type) -> None:
    with pytest.raises(InputError, match="grid"):
        read_answers(written(tmp_path / "a.npy", shape, dtype), question("liver"), (2, 3, 4))


def test_a_missing_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 phrases were asked, 1 answers came"):
        read_answers(written(tmp_path / "a.npy", (2, 3, 4)), question("a", "b"), (2, 3, 4))


def layers(*names: str) -> list[Layer]:
    return [Layer(name, np.zeros((1, 1, 1), np.uint8), COLOURS[0]) for name in names]


def test_every_layer_has_a_colour_of_its_own_and_the_oldest_goes() -> None:
    shown: list[Layer] = []
    for number in range(MOST_LAYERS + 2):
        shown = place_layers(shown, layers(f"thing {number}"))
    assert len(shown) == MOST_LAYERS
    assert shown[0].phrase == "thing 2"
    assert len({layer.colour for layer in shown}) == MOST_LAYERS


def test_the_fullest_slice() -> None:
    levels = np.zeros((4, 5, 5), np.uint8)
    levels[1, :2] = 200
    levels[2, :4] = 200
    levels[3] = 100
    assert fullest_slice(levels, 0.5) == 2


def test_a_changed_file_gets_another_view(tmp_path: Path) -> None:
    scan = tmp_path / "patient-name.nii"
    scan.write_bytes(b"1")
    first = view_folder(scan)
    assert view_folder(scan) == first
    assert "patient" not in first.name
    scan.write_bytes(b"12")
    assert view_folder(scan) != first


def test_old_views_are_cleared_away() -> None:
    folders = [views_folder() / f"view{number}" for number in range(KEPT_VIEWS + 3)]
    for folder in folders:
        (folder / "answers" / "one").mkdir(parents=True)
    tidy_views(folders[0])
    left = list(views_folder().iterdir())
    assert folders[0] in left
    assert len(left) <= KEPT_VIEWS + 1
    assert [folder for folder in left if (folder / "answers").exists()] == [folders[0]]
