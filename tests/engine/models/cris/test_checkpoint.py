"""The authors' checkpoints: converted whole, or refused with the names of what does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.contract.errors import WeightsMissing
from engine.models import MODELS
from engine.models.cris_vlsm import Cris
from engine.models.importing import import_weights
from engine.models.weights import find_weights
from engine.runs.folders import models_folder
from engine.text.tokenizer import PhraseTokenizer
from tests.fakes.tiny_cris import tiny_cris, training_checkpoint, write_tiny_tokenizer

IDS = torch.tensor([[1, 4, 8, 3]])


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    return write_tiny_tokenizer(tmp_path / "words")


def write(path: Path, change: dict[str, torch.Tensor | None] | None = None) -> Path:
    """The tiny network as the authors' training would write it; `change` replaces tensors or takes them out."""
    state = {**tiny_cris().state_dict(), **(change or {})}
    torch.save(training_checkpoint({name: tensor for name, tensor in state.items() if tensor is not None}), path)
    return path


def answer(vlsm: Cris) -> torch.Tensor:
    side = vlsm.sites.image_size
    pixels = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return vlsm.decode(vlsm.encode_image(pixels), vlsm.encode_text(IDS, torch.ones_like(IDS))).logits


def test_a_training_checkpoint_becomes_a_folder(tmp_path: Path, tokenizer: Path) -> None:
    weights = import_weights(write(tmp_path / "best.pth"), "cris-mine", tokenizer)
    assert (weights.id, weights.model) == ("cris-mine", "cris")
    folder = models_folder() / "cris-mine"
    assert {file.name for file in folder.iterdir()} == {
        "config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    loaded = MODELS.get("cris").load(folder)
    own = tiny_cris()
    assert loaded.config.model_copy(update={"image_size": 32, "eos_token_id": 3}) == own.config.model_copy(
        update={"text_heads": loaded.config.text_heads}
    )
    for name, tensor in own.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], tensor), name
    assert loaded.config.image_size == 416
    assert PhraseTokenizer.from_folder(folder).max_length == 16
    assert find_weights("cris-mine").limits()["image_size"] == 416
    assert json.loads((folder / "preprocessor_config.json").read_text())["image_mean"][0] == pytest.approx(0.48145466)


def test_a_safetensors_copy_gives_the_same(tmp_path: Path, tokenizer: Path) -> None:
    state = {name: tensor.contiguous() for name, tensor in tiny_cris().state_dict().items()}
    save_file(state, tmp_path / "copy.safetensors")
    first = import_weights(write(tmp_path / "best.pth"), "one", tokenizer)
    second = import_weights(tmp_path / "copy.safetensors", "two", tokenizer)
    assert torch.equal(answer(MODELS.get("cris").load(first.path)), answer(MODELS.get("cris").load(second.path)))


def test_a_folder_with_one_checkpoint_and_a_tokenizer_needs_no_more(tmp_path: Path) -> None:
    folder = write_tiny_tokenizer(tmp_path / "download")
    write(folder / "cris.pth")
    assert import_weights(folder).id == "cris"


def test_every_tensor_that_does_not_fit_is_named(tmp_path: Path, tokenizer: Path) -> None:
    change = {
        "neck.aggr.0.weight": None,
        "decoder.norm.bias": None,
        "proj.extra": torch.zeros(2),
        "decoder.norm.weight": torch.zeros(3),
    }
    with pytest.raises(WeightsMissing) as caught:
        import_weights(write(tmp_path / "best.pth", change), "broken", tokenizer)
    text = str(caught.value)
    assert "missing: decoder.norm.bias, neck.aggr.0.weight" in text
    assert "unexpected: proj.extra" in text
    assert "of another shape: decoder.norm.weight (3,) instead of (32,)" in text
    assert not (models_folder() / "broken").exists()
    assert not list(models_folder().glob(".importing-*"))


def test_a_tensor_that_tells_the_size_is_missed_by_name(tmp_path: Path, tokenizer: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"backbone\.token_embedding\.weight is missing"):
        import_weights(write(tmp_path / "b.pth", {"backbone.token_embedding.weight": None}), "x", tokenizer)


def test_without_a_tokenizer_one_is_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path / "best.pth")
    with pytest.raises(WeightsMissing, match="no tokenizer") as caught:
        import_weights(file)
    assert "--tokenizer" in caught.value.hint
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(WeightsMissing, match="no tokenizer"):
        import_weights(file, tokenizer=empty)


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path, repo_root: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"852 tokens, the weights were trained with 22"):
        import_weights(write(tmp_path / "best.pth"), "other-words", repo_root / "resources" / "models" / "starter")
    assert not (models_folder() / "other-words").exists()


def test_a_program_in_a_checkpoint_is_not_run(tmp_path: Path, tokenizer: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "sprung"),))  # type: ignore[return-value]

    torch.save({"state_dict": {"neck.x": torch.zeros(1)}, "other": Trap()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsMissing, match="cannot be loaded"):
        import_weights(tmp_path / "evil.pth", "evil", tokenizer)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 half"])
def test_a_damaged_checkpoint_is_told(tmp_path: Path, tokenizer: Path, content: bytes) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(WeightsMissing, match="cannot be loaded"):
        import_weights(tmp_path / "bad.pth", "bad", tokenizer)


def test_other_weights_are_not_taken_for_cris(tmp_path: Path, tokenizer: Path) -> None:
    torch.save({"conv.weight": torch.zeros(2, 2)}, tmp_path / "other.pth")
    with pytest.raises(WeightsMissing, match="a kind that is not known"):
        import_weights(tmp_path / "other.pth", "other", tokenizer)
