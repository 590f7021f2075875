"""Our strategies against numbers that the published system computed on tiny random models (one item per file)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

from engine.models.clipseg import ClipSeg
from engine.strategies import STRATEGIES
from engine.strategies.tuned_model import TunedModel

OURS = {"shared_attn": "shared_attention"}
"""Published names of strategies that we call otherwise."""
UPSAMPLER = {"coop": "none", "cocoop": "none", "vpt": "add"}
"""What the published code does with its "new last layer"; the others blend."""
LARGEST_LOGIT_DIFFERENCE = 2e-6
RELATIVE_NORM_DIFFERENCE = 1e-4

Arrays = dict[str, NDArray[Any]]


def files() -> list[Any]:
    here = Path(__file__).parent
    shared = here.parents[2] / "shared" / "parity"
    found = {path.stem: path for folder in (here / "data", shared) for path in sorted(folder.glob("*.npz"))}
    if not shared.is_dir():
        missing = pytest.mark.skip(reason="needs the folder ../shared/parity beside the project")
        return [*found.values(), pytest.param(shared, id="shared", marks=missing)]
    return [pytest.param(path, id=name) for name, path in found.items()]


def load(path: Path) -> tuple[dict[str, Any], Arrays]:
    with np.load(path) as found:
        arrays = {name: found[name] for name in found.files}
    return json.loads(str(arrays.pop("hyperparameters"))), arrays


def network(facts: dict[str, Any], arrays: Arrays) -> CLIPSegForImageSegmentation:
    config = CLIPSegConfig(
        text_config=facts["text_config"], vision_config=facts["vision_config"], **facts["clipseg_config"]
    )
    model = CLIPSegForImageSegmentation(config)
    state = {
        name.removeprefix("state/model."): torch.from_numpy(value.astype(np.float32))
        for name, value in arrays.items()
        if name.startswith("state/model.")
    }
    found = model.load_state_dict(state, strict=False)
    assert not found.missing_keys, found.missing_keys
    return model.eval()


def tuned(facts: dict[str, Any], arrays: Arrays, case: dict[str, Any]) -> TunedModel:
    """The case's model: our learner with the published weights."""
    name = OURS.get(facts["strategy"], facts["strategy"])
    config_class = STRATEGIES.get(name)
    new_layer = case["use_new_last_layer"]
    values: dict[str, Any] = {
        "prompt_depth": case["prompt_depth"],
        "num_context": facts["learner"]["num_context"],
        "upsampler": UPSAMPLER.get(facts["strategy"], "blend") if new_layer else "none",
        "train_last_layer": case["no_freeze_last_layer"] and not new_layer,
    }
    if "initialise_from" in config_class.model_fields:
        values["initialise_from"] = None
    config = config_class.model_validate(values)
    vlsm = ClipSeg(network(facts, arrays))
    config.check(vlsm.sites)
    model = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.zeros(4, vlsm.sites.text_width)))
    with torch.no_grad():
        context = torch.from_numpy(arrays["state/context_learner.context_vectors"].astype(np.float32))
        model.learner.context_vectors.copy_(context[: case["prompt_depth"]])
        if model.upsampler is not None:
            layer = "state/additive_decoder_layer.1."
            model.upsampler.convolution.weight.copy_(torch.from_numpy(arrays[layer + "weight"].astype(np.float32)))
            model.upsampler.convolution.bias.copy_(torch.from_numpy(arrays[layer + "bias"].astype(np.float32)))
            if model.upsampler.ratio is not None:
                model.upsampler.ratio.copy_(torch.tensor(float(arrays["state/residual_ratio"])))
    return model.eval()


PUBLISHED_NAMES = {
    "learner.context_vectors": "context_learner.context_vectors",
    "upsampler.ratio": "residual_ratio",
    "upsampler.convolution.weight": "additive_decoder_layer.1.weight",
    "upsampler.convolution.bias": "additive_decoder_layer.1.bias",
}


def published_name(ours: str) -> str:
    return PUBLISHED_NAMES.get(ours, ours.replace("vlsm.network.", "model."))


@pytest.mark.parametrize("path", files())
def test_the_published_numbers(path: Path) -> None:
    facts, arrays = load(path)
    name = OURS.get(facts["strategy"], facts["strategy"])
    if "clipseg_config" not in facts:
        pytest.skip(f"{path.stem}: strategy not built yet (nor is its network)")
    compare_base(facts, arrays)
    if name not in STRATEGIES.names():
        pytest.skip(f"{path.stem}: strategy not built yet")
    images = torch.from_numpy(arrays["pixel_values"].astype(np.float32))
    assert facts["cases"]
    for case_name, case in facts["cases"].items():
        model = tuned(facts, arrays, case)
        ids = torch.from_numpy(arrays[f"{case['inputs']}/input_ids"])
        mask = torch.from_numpy(arrays[f"{case['inputs']}/attention_mask"])
        if not case["attention_mask_passed"]:
            mask = torch.ones_like(mask)
        logits = model.pairs(images, ids, mask)
        expected = torch.from_numpy(arrays[f"case/{case_name}/logits"])
        assert logits.shape == expected.shape
        assert (logits - expected).abs().max() <= LARGEST_LOGIT_DIFFERENCE, case_name
        embedding = model.encode_phrases(ids, mask).embedding if not model.learner.needs_pooled else None
        if embedding is not None:
            known = torch.from_numpy(arrays[f"case/{case_name}/conditional_embeddings"])
            assert (embedding - known).abs().max() <= LARGEST_LOGIT_DIFFERENCE, case_name
        logits.square().mean().backward()
        compare_gradients(model, arrays, case_name)


def compare_gradients(model: TunedModel, arrays: Arrays, case_name: str) -> None:
    """The gradient's norm for everything that learns, and the whole gradient of the context vectors."""
    context: Tensor = model.learner.context_vectors
    expected = torch.from_numpy(arrays[f"case/{case_name}/grad/context_vectors"])
    assert context.grad is not None
    torch.testing.assert_close(context.grad, expected, rtol=1e-3, atol=float(expected.abs().max()) * 1e-4)
    for name, parameter in model.learned().items():
        known = float(arrays[f"case/{case_name}/gradnorm/{published_name(name)}"])
        assert parameter.grad is not None, f"{case_name}: {name} learns nothing"
        assert float(parameter.grad.norm()) == pytest.approx(known, rel=RELATIVE_NORM_DIFFERENCE), (
            f"{case_name}: {name}"
        )


def compare_base(facts: dict[str, Any], arrays: Arrays) -> None:
    """The frozen network without prompts: its logits and what it says of a phrase and of an image."""
    vlsm = ClipSeg(network(facts, arrays))
    images = torch.from_numpy(arrays["pixel_values"].astype(np.float32))
    ids, mask = (torch.from_numpy(arrays[f"short/{name}"]) for name in ("input_ids", "attention_mask"))
    with torch.no_grad():
        image, text = vlsm.encode_image(images, pooled=True), vlsm.encode_text(ids, mask)
        logits = vlsm.decode(image, text).logits
    assert image.pooled is not None
    for found, key in (
        (logits, "logits"),
        (text.embedding, "conditional_embeddings"),
        (image.pooled, "image_embeds"),
    ):
        known = torch.from_numpy(arrays[f"base/{key}"])
        assert found.shape == known.shape
        assert (found - known).abs().max() <= LARGEST_LOGIT_DIFFERENCE, key
