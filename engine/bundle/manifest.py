"""`bundle.yaml`: everything that a program needs to know to use the graphs beside it.

Graph signatures; the first axis of every array is the batch (`B` slices, `P` phrases, `N` rows that pair up):

    text.onnx   input_ids int64 [P, T], attention_mask int64 [P, T]      → embedding float32 [P, D]
    image.onnx  pixel_values float32 [B, 3, S, S]                        → features float32 [B, taps, tokens, R]
    mask.onnx   features [N, taps, tokens, R], embedding [N, D]          → logits float32 [N, 1, S, S]
    fixed.onnx  pixel_values [B, 3, S, S]                                → probabilities float32 [B, labels, S, S]

With `text_depends_on_image`, image.onnx also gives `pooled` [B, J], and text.onnx also takes `pooled` [P, J].
With `text_depends_on_label`, text.onnx also takes `label_index` int64 [P]: the place of a label in `labels`, from 0,
whose learned words go into the phrase. With `image_depends_on_label`, image.onnx also takes `label_index` int64 [B].
A free phrase is asked with the learned words of some label, and whoever asks says of which.
Where the decoder reads words, text.onnx also gives `tokens` [P, U, W] and `tokens_mask` int64 [P, U], and mask.onnx
takes them. Where its maps have several shapes, image.onnx gives `features_0`, `features_1` … in place of `features`.
Whatever text.onnx and image.onnx give and mask.onnx asks for by the same name is handed on.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from engine.bundle.presence import Presence
from engine.config.fields import Settings, setting
from engine.config.sctid import wrong_with
from engine.contract.errors import NotABundle, WrongVersion
from engine.volumes.preprocess import Preprocess

FORMAT_VERSION = 2
"""2 brought `parity_reports`, `precision_note` and `presence`; bundles of version 1 are read as they were."""

MANIFEST = "bundle.yaml"
TOKENIZER = "tokenizer.json"
TEXT_GRAPH = "text.onnx"
IMAGE_GRAPH = "image.onnx"
MASK_GRAPH = "mask.onnx"
FIXED_GRAPH = "fixed.onnx"

GRAPHS = (TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH, FIXED_GRAPH)
REQUIRED_FILES = (TOKENIZER, TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH)
WEIGHTS_BESIDE = {name: f"{name}.data" for name in GRAPHS}
"""Where a graph of more than two gigabytes, which no protocol buffer can hold, keeps its weights."""
KNOWN_FILES = (MANIFEST, *REQUIRED_FILES, FIXED_GRAPH, *WEIGHTS_BESIDE.values())

Precision = Literal["fp32", "fp16", "int8"]


class BundleLabel(Settings):
    """A named structure that the model was tuned for."""

    value: int = setting(1, "Voxel value in a mask with several labels.", ge=1, le=65535)
    name: str = setting("object", "Name shown to a person.", min_length=1)
    phrase: str = setting("object", "The text that the model is given.", min_length=1)
    colour: str = setting("#e6194b", "Colour in overlays, #rrggbb.", pattern=r"^#[0-9a-fA-F]{6}$")
    snomed: str | None = setting(None, "SNOMED CT code, where one is known.")

    @field_validator("snomed")
    @classmethod
    def _a_concept(cls, code: str | None) -> str | None:
        wrong = wrong_with(code) if code is not None else ""
        if wrong:
            raise ValueError(f"{code!r} is no code of a SNOMED CT concept: {wrong}")
        return code


class BaseModelInfo(Settings):
    """The pretrained network under the bundle."""

    name: str = setting("clipseg", "Architecture, as in the model registry.")
    id: str = setting("", "Id of the base weights.")
    sha256: str = setting("", "sha256 of the base weights.")
    licence: str = setting("", "Licence of the base weights.")


class Parity(Settings):
    """How well the exported graphs agree with the network that was tuned, on some images with one provider."""

    verified: bool = setting(False, "Masks agreed (Dice over all images together; `verdict.DICE_ASKED` says how far).")
    dice: float | None = setting(None, "Dice of the two programs' masks, all images pooled.")
    max_probability_difference: float | None = setting(None, "Largest difference of a probability.")
    max_logit_difference: float | None = setting(None, "Largest difference of a logit.")
    images: int = setting(0, "Images compared.", ge=0)
    answers: int | None = setting(None, "Masks compared: images times phrases.", ge=0)
    non_empty: int | None = setting(None, "Of these, masks in which the tuned model finds something.", ge=0)
    source: Literal["validation", "drawn", "none"] = setting("none", "Where the images came from.")
    provider: str = setting("", "ONNX Runtime execution provider that was used.")
    precision: Precision = setting("fp32", "Number format of the weights.")


class DataSplit(Settings):
    """How the data of the run was shared out: on the same data, scores of a split are then those of unseen images."""

    seed: int = setting(12345, "Seed of the split.")
    train: float = setting(0.8, "Share to learn from.")
    val: float = setting(0.1, "Share that chose the best epoch.")
    test: float = setting(0.1, "Share kept for the final scores.")
    by: Literal["patient", "image"] = setting("patient", "What stayed together.")
    given: bool = setting(True, "Splits that the dataset gives stood.")
    stratify: bool = setting(False, "Every split got its share of each label.")
    folds: int = setting(0, "Parts for cross-validation; 0: none.", ge=0)
    fold: int = setting(1, "Which of them was val.", ge=1)
    train_cases: int = setting(0, "Cases learnt from at most; 0: all.", ge=0)
    patient_pattern: str = setting("", "Regular expression that found the patient in an image's path.")
    patient_table: str = setting("", "File within the dataset that named the patients.")
    patient_column: str = setting("patient", "Its column.")
    max_cases: int = setting(0, "Cases used at most; 0: all.", ge=0)


class Manifest(Settings):
    """Contents of `bundle.yaml`."""

    format_version: int = setting(FORMAT_VERSION, "Version of this layout.")
    name: str = setting("bundle", "Name shown to a person.", min_length=1)
    labels: list[BundleLabel] = setting([], "Structures that the model was tuned for; none for a base model.")
    preprocess: Preprocess = Field(description="How a slice becomes the input of image.onnx.")
    plane: Literal["axial", "coronal", "sagittal", "acquisition"] = setting(
        "axial", "Plane of the slices that the model was tuned on; pictures have one slice whatever it says."
    )
    split: DataSplit | None = setting(None, "How the run's data was shared out; none for a base model.")
    threshold: float = setting(0.5, "A voxel belongs to the mask from this probability on.", gt=0, lt=1)
    strategy: dict[str, Any] = setting({"name": "zero_shot"}, "Prompt-tuning strategy and its settings.")
    model: BaseModelInfo = setting(BaseModelInfo(), "The pretrained network underneath.")
    validation: dict[str, float] = setting({}, "Scores on the validation split, as in metrics.csv.")
    presence: Presence | None = setting(
        None, "When a phrase counts as found, calibrated on validation images; none: from the threshold on."
    )
    parity: Parity = setting(
        Parity(), "Agreement of the graphs with the network that was tuned: the report that agrees least."
    )
    parity_reports: list[Parity] = setting([], "All such reports, one for each set of images and provider.")
    text_depends_on_image: bool = setting(False, "text.onnx also takes the pooled image feature.")
    text_depends_on_label: bool = setting(False, "text.onnx also takes the index of a label.")
    image_depends_on_label: bool = setting(False, "image.onnx also takes the index of a label.")
    max_length: int = setting(77, "Most tokens of a phrase, start and end included.", ge=3)
    pad_id: int = setting(0, "Token id that fills short phrases up.", ge=0)
    learned_tokens: int = setting(
        0, "Learned tokens that text.onnx inserts; words beyond max_length - this are cut.", ge=0
    )
    append_stop: bool = setting(True, "Phrases end with a full stop; one is added where it lacks.")
    precision: Precision = setting("fp32", "Number format of the weights.")
    precision_note: str = setting("", "What of the graphs is in that format, where not everything is.")
    opset: int = setting(18, "ONNX operator set of the graphs.", ge=13)
    synthetic: bool = setting(False, "The base weights have only seen drawn images.")
    notice: str = setting("", "What a user must know before trusting the masks.")
    producer: str = setting("tunevlseg", "Program and version that wrote the bundle.")
    files: dict[str, str] = setting({}, "sha256 of each file of the bundle but this one.")

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, labels: list[BundleLabel]) -> list[BundleLabel]:
        for what in ("value", "name"):
            seen = [getattr(label, what) for label in labels]
            if len(set(seen)) < len(seen):
                raise ValueError(f"two labels have the same {what}")
        return labels

    @model_validator(mode="after")
    def _labels_are_named(self) -> Self:
        if self.depends_on_label and not self.labels:
            raise ValueError("learned words differ by label, but no label is named")
        return self

    @property
    def depends_on_label(self) -> bool:
        """Whether a phrase must be asked with the learned words of one of the labels."""
        return self.text_depends_on_label or self.image_depends_on_label

    def label_named(self, text: str) -> BundleLabel | None:
        """The label whose name or phrase this is, whatever the case and a final full stop."""
        wanted = _plain(text)
        for label in self.labels:
            if wanted in (_plain(label.name), _plain(label.phrase)):
                return label
        return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(". ")


def manifest_from(values: Any, where: str) -> Manifest:
    """The manifest in plain values read from YAML; `where` names the bundle in messages.

    Raises WrongVersion for a newer layout, NotABundle for anything that is not a manifest. Keys that it does not know
    are an error, since a bundle that needs them would be used wrongly.
    """
    if not isinstance(values, dict) or "format_version" not in values:
        raise NotABundle(
            f"{where}: {MANIFEST} is not a bundle's manifest (no format_version).",
            hint="Choose a bundle that `tunevlseg export` has written.",
        )
    version = values["format_version"]
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise WrongVersion(
            f"{where}: this bundle has format version {version}; this program reads up to {FORMAT_VERSION}.",
            hint="Update TuneVLSeg, or export the bundle again with this version.",
        )
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise NotABundle(
            f"{where}: {MANIFEST} is damaged: {field}: {problem['msg']}.", hint="Export the bundle again.", field=field
        ) from None
