"""Options that no file here uses: names and shapes of the weights, and the prompts, against the rules written out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.models.clipseg import ClipSeg
from tests.fakes.tiny_clipseg import tiny_network
from tests.parity.plain import Sizes, Weights, encode, encoder_sizes, project, projector_sizes
from tests.parity.published import CLIPSEG, LEARNER, Published, published_name, settings_of, tuned_model

TEXT, IMAGE, JOINT = 32, 32, 24
DEPTH, COUNT = 3, 4
CASE = {"prompt_depth": DEPTH, "use_new_last_layer": False, "no_freeze_last_layer": False}

WIDTHS: list[tuple[Any, bool]] = [(None, False), (10, False), ([10], False), ([12, 7], False), (10, True), (50, True)]
PROJECTORS = [
    {"intermediate_dim": width, "use_lora_proj": low_rank, "use_proj_norm": norm, "use_unified_projection": unified}
    for (width, low_rank), norm, unified in itertools.product(WIDTHS, (False, True), (False, True))
]
ENCODERS = [
    {
        "nhead": heads,
        "dim_feedforward": 20,
        "dropout": 0.3,
        "norm_first": first,
        "batch_first": batch_first,
        "activation": activation,
        "use_unified_projection": unified,
    }
    for heads, first, batch_first, activation, unified in itertools.product(
        (1, 4), (False, True), (False, True), ("relu", "gelu"), (False, True)
    )
]


def file_of(strategy: str, options: dict[str, Any], sizes: Sizes, case: dict[str, Any] = CASE) -> Published:
    """A file with random weights of these names and shapes."""
    generator = np.random.default_rng(3)
    weights = {f"state/{LEARNER}{name}": generator.standard_normal(size) * 0.5 for name, size in sizes.items()}
    arrays = {name: value.astype(np.float32) for name, value in weights.items()}
    return Published("written out", {"strategy": strategy, "learner": options, "cases": {"only": case}}, arrays)


def per_depth(name: str, sizes: Sizes) -> Sizes:
    return {f"{name}.{depth}.{key}": size for depth in range(DEPTH) for key, size in sizes.items()}


def prompts(found: Published) -> tuple[Tensor | None, Tensor | None, Weights, Tensor]:
    """Text and image prompts of our learner, the weights they come from, and the pooled feature."""
    torch.manual_seed(0)
    vlsm = ClipSeg(tiny_network())
    model = tuned_model(found, CASE, vlsm)
    weights = found.state(LEARNER)
    unified = found.facts["learner"].get("use_unified_projection", False)
    learned = {published_name(name, CLIPSEG).removeprefix(LEARNER) for name in model.learned()}
    names = {name for name in weights if not unified or name.split(".")[1:2] in ([], ["0"])}
    assert learned == names  # a shared network is one parameter under the name of the first depth
    if unified:
        weights = {name: weights[first_name(name)] for name in weights}
        model.learner.load_state_dict(weights)
    pooled = torch.randn(2, JOINT)
    with torch.no_grad():
        made = model.learner(pooled if model.learner.needs_pooled else None)
    return made.text, made.image, weights, pooled


def first_name(name: str) -> str:
    kind, _, rest = name.partition(".")
    return f"{kind}.0.{rest.partition('.')[2]}" if rest else name


def close(ours: Tensor | None, expected: list[Tensor]) -> None:
    assert ours is not None
    torch.testing.assert_close(ours, torch.stack(expected), atol=1e-5, rtol=1e-5)  # of values up to 20


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("options", PROJECTORS, ids=str)
def test_cocoop(options: dict[str, Any], normalised: bool) -> None:
    options = {**options, "num_context": COUNT, "norm_image_features": normalised}
    sizes = {"context_vectors": (DEPTH, COUNT, TEXT)}
    sizes |= per_depth("projection_layers", projector_sizes(options, JOINT, TEXT, final_bias=False))
    text, image, weights, pooled = prompts(file_of("cocoop", options, sizes))
    assert image is None
    given = pooled / pooled.square().sum(-1, keepdim=True).sqrt() if normalised else pooled
    rows = weights["context_vectors"]
    shifts = [project(options, weights, f"projection_layers.{depth}.", given) for depth in range(DEPTH)]
    close(text, [rows[depth][None] + shifts[depth][:, None] for depth in range(DEPTH)])


@pytest.mark.parametrize("options", PROJECTORS, ids=str)
def test_maple(options: dict[str, Any]) -> None:
    options = {**options, "num_context": COUNT, "vector_std": 0.1}
    sizes = {"context_vectors": (DEPTH, COUNT, TEXT)}
    sizes |= per_depth("projection_layers", projector_sizes(options, TEXT, IMAGE))
    text, image, weights, _ = prompts(file_of("maple", options, sizes))
    rows = weights["context_vectors"]
    close(text, list(rows))
    close(image, [project(options, weights, f"projection_layers.{at}.", row) for at, row in enumerate(rows)])


@pytest.mark.parametrize("options", PROJECTORS, ids=str)
def test_shared_separate(options: dict[str, Any]) -> None:
    options = {**options, "num_context": COUNT, "shared_dim": 11}
    sizes = {"context_vectors": (DEPTH, COUNT, 11)}
    sizes |= per_depth("textual_projection_layers", projector_sizes(options, 11, TEXT))
    sizes |= per_depth("visual_projection_layers", projector_sizes(options, 11, IMAGE))
    text, image, weights, _ = prompts(file_of("shared_separate", options, sizes))
    for ours, side in ((text, "textual"), (image, "visual")):
        rows = enumerate(weights["context_vectors"])
        close(ours, [project(options, weights, f"{side}_projection_layers.{at}.", row) for at, row in rows])


@pytest.mark.parametrize("options", ENCODERS, ids=str)
def test_shared_attention(options: dict[str, Any]) -> None:
    options = {**options, "num_context": COUNT}
    sizes = {"context_vectors": (DEPTH, COUNT, TEXT + IMAGE)}
    sizes |= per_depth("projection_layers", encoder_sizes(options, TEXT + IMAGE))
    text, image, weights, _ = prompts(file_of("shared_attn", options, sizes))
    rows = enumerate(weights["context_vectors"])
    mixed = [encode(options, weights, f"projection_layers.{at}.", row) for at, row in rows]
    close(text, [row[:, :TEXT] for row in mixed])
    close(image, [row[:, TEXT:] for row in mixed])


@pytest.mark.parametrize("strategy", ["coop", "cocoop", "maple"])
@pytest.mark.parametrize("ids", [[5, 6], [[5, 6, 7], [8, 9, 10]], [[4, 5]] * 5, None], ids=str)
def test_words_set_the_number_of_contexts(strategy: str, ids: Any) -> None:
    """The reader of files compares the rows that start from words with the words' embeddings."""
    count = COUNT if ids is None else len(ids[0]) if isinstance(ids[0], list) else len(ids)
    options = {"num_context": COUNT, "context_initializer_ids": ids}
    sizes: Sizes = {"context_vectors": (DEPTH, count, TEXT)}
    if strategy != "coop":
        options |= {"intermediate_dim": None, "use_proj_norm": True, "use_unified_projection": False}
        sizes |= per_depth("projection_layers", projector_sizes(options, JOINT if strategy == "cocoop" else TEXT, TEXT))
    text, _, _, _ = prompts(file_of(strategy, options, sizes))
    assert text is not None
    assert text.shape[-2] == count


def test_one_kind_of_last_layer_or_the_other() -> None:
    """The simple head of one transposed convolution is all "last layer"."""
    found = file_of("vpt", {"num_context": COUNT}, {"context_vectors": (DEPTH, COUNT, IMAGE)})
    for patch, names in ((8, ["weight", "bias"]), (16, ["4.weight", "4.bias"])):
        case = {**CASE, "no_freeze_last_layer": True}
        model = tuned_model(found, case, ClipSeg(tiny_network(patch_size=patch)))
        learned = [published_name(name, CLIPSEG) for name in model.learned()]
        assert learned == [
            *(f"model.decoder.transposed_convolution.{name}" for name in names),
            LEARNER + "context_vectors",
        ]
        assert not settings_of(found, {**case, "use_new_last_layer": True}).train_last_layer


def test_an_option_that_nobody_knows_is_told() -> None:
    with pytest.raises(AssertionError, match="temperature"):
        settings_of(file_of("coop", {"num_context": 4, "temperature": 2}, {}), CASE)


def test_the_rules_tell_apart_what_differs() -> None:
    """Attention across prompts and each alone, norm first and last: the check above could fail."""
    options = dict(ENCODERS[0])
    found = file_of("shared_attn", options, encoder_sizes(options, 64))
    value = torch.randn(COUNT, 64, generator=torch.Generator().manual_seed(1))
    one = encode(options, found.state(LEARNER), "", value)
    for changed in ({"batch_first": True}, {"norm_first": True}, {"activation": "gelu"}):
        assert (encode({**options, **changed}, found.state(LEARNER), "", value) - one).abs().max() > 1e-2
