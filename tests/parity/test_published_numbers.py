"""Our strategies against numbers that the published system computed on tiny random models (one item per file).

The files lie in the folder that TUNEVLSEG_PARITY_DIR names; else in ../shared/parity beside the project; else those
kept here are used.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.models.base import VLSM
from engine.strategies.tuned_model import TunedModel
from tests.parity.published import Published, PublishedNetwork, network_of, published_name, tuned_model

LARGEST_LOGIT_DIFFERENCE = 2e-6
"""Of logits below 1, as CLIPSeg's are here; in proportion above. Those of CRIS reach 2 and more, through convolutions
that each processor sums in its own order: computed in double precision, ours still lie 2.6e-6 from the files."""
RELATIVE_NORM_DIFFERENCE = 1e-4
NOISE = 1e-6
"""Of a case's largest gradient norm: what rounding alone makes of a gradient that is zero."""
KEPT = Path(__file__).parent / "data"


def files() -> list[Any]:
    given = os.environ.get("TUNEVLSEG_PARITY_DIR")
    shared = Path(__file__).resolve().parents[3] / "shared" / "parity"
    folder = Path(given) if given else shared if shared.is_dir() else KEPT
    found = sorted(folder.glob("*.npz"))
    if not found:
        raise FileNotFoundError(f"{folder} holds no .npz file")
    return [pytest.param(path, id=path.stem) for path in found]


@pytest.mark.parametrize("path", files())
def test_the_published_numbers(path: Path) -> None:
    found = Published.read(path)
    network = network_of(found)
    torch.set_num_threads(1)
    compare_base(found, network.build(found))
    assert found.facts["cases"]
    for name, case in found.facts["cases"].items():
        compare_case(found, network, name, case)


def compare_case(found: Published, network: PublishedNetwork, name: str, case: dict[str, Any]) -> None:
    model = tuned_model(found, case, network.build(found))
    ids, mask = found.inputs(case.get("inputs", "short"))
    if not case.get("attention_mask_passed", True):
        mask = found.unmasked(ids)
    logits = model.pairs(found.tensor("pixel_values"), ids, mask)
    same(logits, found.tensor(f"case/{name}/logits"), name)
    if f"case/{name}/conditional_embeddings" in found.arrays:
        embedding = text_embedding(model, found, ids, mask)
        same(embedding, found.tensor(f"case/{name}/conditional_embeddings"), name)
    logits.square().mean().backward()
    compare_gradients(model, found, network, name)


def text_embedding(model: TunedModel, found: Published, ids: Tensor, mask: Tensor) -> Tensor:
    if not model.learner.needs_pooled:
        return model.encode_phrases(ids, mask).embedding
    pooled = model.encode_images(found.tensor("pixel_values")).pooled
    return model.vlsm.encode_text(ids, mask, model.learner(pooled).text).embedding


def same(ours: Tensor, known: Tensor, case: str) -> None:
    assert ours.shape == known.shape
    difference = float((ours - known).detach().abs().max())
    allowed = LARGEST_LOGIT_DIFFERENCE * max(1.0, float(known.abs().max()))
    assert difference <= allowed, f"{case}: {difference} of {allowed}"


def compare_gradients(model: TunedModel, found: Published, network: PublishedNetwork, case: str) -> None:
    """The norm of the gradient of everything that learns, here or there, and all of the context vectors' gradient."""
    context: Tensor = model.learner.context_vectors
    assert context.grad is not None
    expected = found.tensor(f"case/{case}/grad/context_vectors")
    torch.testing.assert_close(context.grad, expected, rtol=1e-3, atol=float(expected.abs().max()) * 1e-4)
    prefix = f"case/{case}/gradnorm/"
    known = {name.removeprefix(prefix): float(found.arrays[name]) for name in found.arrays if name.startswith(prefix)}
    ours = {
        published_name(name, network): 0.0 if parameter.grad is None else float(parameter.grad.norm())
        for name, parameter in model.named_parameters(remove_duplicate=False)
        if parameter.requires_grad
    }
    noise = NOISE * max(known.values())
    only_here = {published_name(name, network) for name in model.learned()} - set(known)
    assert not only_here, f"{case}: learns here only: {sorted(only_here)}"
    for name, norm in known.items():
        # -1: no such parameter, or no gradient.
        expected_norm = pytest.approx(max(norm, 0.0), rel=RELATIVE_NORM_DIFFERENCE, abs=noise)
        assert ours.get(name, 0.0) == expected_norm, f"{case}: {name}"


def compare_base(found: Published, vlsm: VLSM) -> None:
    """The frozen network without prompts: its logits and, where told, what it says of a phrase and of an image."""
    ids, mask = found.inputs("short")
    pixels = found.tensor("pixel_values")
    with torch.no_grad():
        image, text = vlsm.encode_image(pixels, pooled=True), vlsm.encode_text(ids, mask)
        same(vlsm.decode(image, text).logits, found.tensor("base/logits"), "base")
    for ours, name in ((text.embedding, "conditional_embeddings"), (image.pooled, "image_embeds")):
        if f"base/{name}" in found.arrays:
            assert ours is not None
            same(ours, found.tensor(f"base/{name}"), name)
