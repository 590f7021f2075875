"""Base weights as a bundle without labels: the app segments from bundles only, tuned or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from engine.bundle.manifest import BaseModelInfo, Manifest, Precision
from engine.contract.control import CancelToken, Emit
from engine.export.base import ExportParts, ImageSet
from engine.export.drawn import drawn_inputs
from engine.export.onnx_bundle import export_bundles
from engine.models import MODELS
from engine.models.network import read_json
from engine.models.weights import Weights
from engine.strategies.tuned_model import TunedModel
from engine.strategies.zero_shot import ZeroShot
from engine.text.tokenizer import PhraseTokenizer, knows_full_stop
from engine.volumes.preprocess import Preprocess


def export_base(
    weights: Weights,
    outs: Mapping[Precision, Path],
    emit: Emit,
    cancel: CancelToken,
    *,
    job_id: str = "",
    overwrite: bool = False,
) -> None:
    """Writes the zero-shot bundle of base weights in each precision (a zip where its path ends in .vlseg).

    They have no labels and no fixed.onnx; their parity is measured on drawn scenes. Raises WeightsMissing, InputError,
    DiskFull, ParityFailed, Cancelled.
    """
    vlsm = MODELS.get(weights.model).load(weights.path)
    strategy = ZeroShot()
    tuned = TunedModel(vlsm, strategy, strategy.build(vlsm.sites, _no_words))
    tokenizer = PhraseTokenizer.from_folder(weights.path)
    preprocess = base_preprocess(weights)
    manifest = Manifest(
        name=weights.card.title or Path(weights.id).name,
        preprocess=preprocess,
        model=model_info(weights),
        max_length=tokenizer.max_length,
        pad_id=tokenizer.pad_id,
        append_stop=knows_full_stop(tokenizer),
        notice=weights.card.notice,
        synthetic=weights.card.synthetic_only,
    )
    parts = ExportParts(manifest, tokenizer.json.encode("utf-8"), (ImageSet(drawn_inputs(preprocess), "drawn"),))
    export_bundles(tuned, parts, outs, emit, cancel, job_id, overwrite=overwrite)


def model_info(weights: Weights) -> BaseModelInfo:
    """What a bundle says of its base weights; a folder's path stays on this machine."""
    return BaseModelInfo(name=weights.model, id=Path(weights.id).name, sha256=weights.sha256, licence=weights.licence)


def base_preprocess(weights: Weights) -> Preprocess:
    """Size, mean and standard deviation as the weights' preprocessor_config.json says, else the published ones.

    The size is that which the image processor resizes to, not the one that positions were learned at.
    """
    config = read_json(weights.path / "preprocessor_config.json")
    values: dict[str, object] = {}
    size = config.get("size")
    side = size.get("height", size.get("shortest_edge")) if isinstance(size, dict) else size
    if isinstance(side, int):
        values["size"] = side
    for ours, theirs in (("mean", "image_mean"), ("std", "image_std")):
        if isinstance(config.get(theirs), list) and len(config[theirs]) == 3:
            values[ours] = tuple(float(value) for value in config[theirs])
    if config.get("resample") == 2:
        values["resample"] = "bilinear"
    return Preprocess.model_validate(values)


def _no_words(text: str) -> Tensor:
    raise AssertionError(f"zero-shot starts from no words: {text!r}")
