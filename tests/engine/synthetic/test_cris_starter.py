"""The second starter: CRIS, small, with the first one's text tower; it learns, is written and opens again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from engine.bundle.reader import Bundle
from engine.models import MODELS
from engine.models.weights import file_hash
from engine.synthetic.batches import draw_batch
from engine.synthetic.checkpoint import load_weights
from engine.synthetic.cris_network import IMAGE_SIZE, build_cris, take_text_tower
from engine.synthetic.evaluate import measure, open_model
from engine.synthetic.export_model import export_model, load_starter
from engine.synthetic.network import encode_text, normalise
from engine.synthetic.pool import ScenePool
from engine.synthetic.pretrain import Pretraining, PretrainSettings
from engine.synthetic.scenes import draw_scene
from engine.synthetic.starters import CrisStarter, open_starter
from engine.text.tokenizer import PhraseTokenizer


@pytest.fixture
def run(tmp_path: Path) -> Pretraining:
    pool = ScenePool(tmp_path / "pool", slots=8, size=IMAGE_SIZE)
    for number in range(8):
        pool.write(draw_scene(np.random.default_rng(number), IMAGE_SIZE, "free"), conjunction=False)
    settings = PretrainSettings(out=tmp_path, model="cris", images=4, phrases=2, slots=8, warm_up_steps=60)
    return Pretraining(settings)


def test_it_reads_phrases_as_the_first_starter_does(repo_root: Path) -> None:
    first, tokenizer = open_model(repo_root / "resources" / "models" / "starter")
    model = build_cris(tokenizer.get_vocab_size()).eval()
    ids = torch.tensor([tokenizer.encode("a photo of a red disc").ids])
    with torch.no_grad():
        ours = model.encode_text(ids, torch.ones_like(ids)).embedding
        theirs = encode_text(first.network.eval(), ids, torch.ones_like(ids))  # type: ignore[arg-type]
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_a_text_tower_of_another_size_is_not_taken(repo_root: Path) -> None:
    state = load_file(repo_root / "resources" / "models" / "starter" / "model.safetensors")
    del state["clip.text_model.encoder.layers.1.mlp.fc1.bias"]
    with pytest.raises(KeyError, match="fc1"):
        take_text_tower(build_cris(852).network, state)


def test_steps_learn_and_a_run_goes_on_as_if_it_had_not_stopped(run: Pretraining) -> None:
    run.network.train()
    first = run.train_step()
    for _ in range(7):
        last = run.train_step()
    assert last["phrase"] < first["phrase"]
    assert last["picture"] < first["picture"]
    run.save()
    expected = run.train_step()["loss"]
    resumed = Pretraining(replace(run.settings))
    resumed.network.train()
    resumed.resume()
    assert resumed.step == 8
    assert resumed.train_step()["loss"] == pytest.approx(expected, rel=1e-4)


def test_convolutions_are_learned_by_matrix_and_biases_are_not(run: Pretraining) -> None:
    assert run.starter.learns_by_matrix("backbone.visual.layer1.0.conv2.weight", nn.Parameter(torch.zeros(4, 4, 3, 3)))
    assert not run.starter.learns_by_matrix("backbone.visual.layer1.0.bn1.weight", nn.Parameter(torch.zeros(4)))
    names = set(run._adamw_names)
    assert "backbone.token_embedding.weight" in names
    assert "neck.aggr.0.weight" not in names


def test_an_average_has_statistics_of_its_own(run: Pretraining) -> None:
    """Measured with the averaged weights, not averaged themselves."""
    run.network.train()
    for _ in range(3):
        run.train_step()
    run.save()
    starter, _ = load_starter(run.settings.out, "average", batches=6)
    stored = load_weights(run.settings.out, "average")
    own = starter.network.state_dict()
    assert all(torch.equal(own[name], stored[name]) for name in own if name.endswith("weight"))
    norm, first = starter.network.get_submodule("backbone.visual.bn1"), starter.network.get_submodule("backbone.visual")
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.momentum is not None
    assert norm.running_mean is not None
    batches = [draw_batch(run.pool, np.random.default_rng((20, number)), 16, 4) for number in range(6)]
    with torch.no_grad():
        means = [first.conv1(normalise(batch.images)).mean((0, 2, 3)) for batch in batches]  # type: ignore[operator]
    torch.testing.assert_close(norm.running_mean, torch.stack(means).mean(0), atol=1e-3, rtol=1e-3)


def test_the_shipped_one_is_small_and_follows_phrases(repo_root: Path) -> None:
    """A guard against shipping broken weights; the card's figures come from many more scenes."""
    folder = repo_root / "resources" / "models" / "starter-cris"
    for name in ("model.safetensors", "starter-cris.vlseg"):
        assert (folder / name).stat().st_size <= 20e6
    assert Bundle.open(folder / "starter-cris.vlseg").manifest.model.sha256 == file_hash(folder / "model.safetensors")
    assert (folder / "tokenizer.json").read_bytes() == (folder.parent / "starter" / "tokenizer.json").read_bytes()
    assert "missed" in (folder / "README.md").read_text(encoding="utf-8")
    starter, tokenizer = open_model(folder)
    assert "6.1 million" in (folder / "README.md").read_text(encoding="utf-8")
    assert round(sum(p.numel() for p in starter.network.parameters()) / 1e6, 1) == 6.1
    figures = measure(starter, tokenizer, scenes=12, seed=1)
    assert figures["other_code_scenes"]["dice"] > figures["other_code_scenes"]["dice_phrase_blind"] + 0.15
    assert figures["scenes"]["others_marked"] < 0.25


def test_it_is_written_as_weights_that_open(run: Pretraining, tmp_path: Path) -> None:
    run.train_step()
    run.save()
    export_model(run.settings.out, tmp_path / "model", "network")
    folder = tmp_path / "model"
    opened = open_starter(folder)
    assert isinstance(opened, CrisStarter)
    assert opened.image_size == MODELS.get("cris").limits(folder)["image_size"] == IMAGE_SIZE
    assert PhraseTokenizer.from_folder(folder).max_length == 32
    for name, tensor in opened.network.state_dict().items():
        torch.testing.assert_close(tensor, run.network.state_dict()[name], atol=1e-2, rtol=1e-2)
    figures = measure(*open_model(folder), scenes=2, seed=1)
    assert set(figures["scenes"]) >= {"dice", "others_marked"}
