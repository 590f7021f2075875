"""The `data` part of a recipe: which folder, which labels, how it is split and how its scans become slices."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import ValidationInfo, field_validator, model_validator

from engine.config.fields import Settings, setting
from engine.config.sctid import wrong_with
from engine.volumes.ct_windows import CT_WINDOWS

WindowName = Literal["none", "soft_tissue", "lung", "bone", "brain", "liver", "vessels"]
PlaneName = Literal["axial", "coronal", "sagittal", "acquisition"]
MaskKind = Literal["binary", "values"]

# A rounding error of decimal fractions is no mistake of the user's.
_SUM_TOLERANCE = 1e-6


class SplitConfig(Settings):
    """Shares of the patients in each split; splits that the dataset gives (sub-folders, lists) come before these."""

    train: float = setting(0.8, "Share of patients to learn from.", title="Training share", gt=0, le=1)
    val: float = setting(0.1, "Share of patients that choose the best epoch.", title="Validation share", gt=0, lt=1)
    test: float = setting(0.1, "Share of patients kept for the final scores.", title="Test share", ge=0, lt=1)
    by: Literal["patient", "image"] = setting(
        "patient",
        "What stays together: all images of a patient, or each image alone (a patient may be in two splits).",
        title="Kept together",
    )
    given: bool = setting(
        True, "Splits that the dataset gives stand; false: all cases are shared out by seed.", title="Keep given splits"
    )
    stratify: bool = setting(
        False, "Give every split its share of each label, as far as patients allow.", title="Stratify by label"
    )
    folds: int = setting(
        0, "Parts for cross-validation, of which one is val and the others train; 0: none.", title="Folds", ge=0, le=20
    )
    fold: int = setting(1, "Which of the folds is val.", title="Validation fold", ge=1, le=20)
    train_cases: int = setting(
        0,
        "Learn from at most so many of the cases for train, drawn by seed; more of them hold those of fewer; 0: all.",
        title="Training cases, at most",
        ge=0,
        expert=True,
    )
    patient_pattern: str = setting(
        "",
        "Regular expression that finds the patient in an image's path within the dataset: its first group, or all of "
        "what it matches; empty: as the layout says.",
        expert=True,
    )
    patient_table: str = setting(
        "", "CSV file with a row for each image and a column for its patient; relative to the dataset.", expert=True
    )
    patient_column: str = setting("patient", "Name of the column with patients.", min_length=1, expert=True)

    @field_validator("patient_pattern")
    @classmethod
    def _a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        total = self.train + self.val + self.test
        if abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(f"train, val and test add up to {total:g}; they must add up to 1")
        if self.folds == 1 or (self.folds and self.fold > self.folds):
            raise ValueError(f"fold {self.fold} of {self.folds}: choose 2 folds or more, and one of them")
        return self


class LabelConfig(Settings):
    """A structure to be found: its value in the masks and the phrase that names it."""

    value: int = setting(
        1,
        "Value in the masks; any value above 0 where masks have one structure.",
        title="Value in the masks",
        ge=1,
        le=65535,
    )
    name: str = setting("object", "Name shown to a person.", min_length=1)
    phrase: str = setting("object", "The text that the model is given.", min_length=1)
    alternatives: tuple[str, ...] = setting(
        (),
        "Other phrases of the same meaning: while tuning, one of all is drawn for each image.",
        title="Other phrases",
    )
    colour: str = setting("#E69F00", "Colour in overlays, #rrggbb.", pattern=r"^#[0-9a-fA-F]{6}$")
    snomed: str | None = setting(None, "SNOMED CT code of the concept, where one is known.", title="SNOMED CT code")

    @property
    def texts(self) -> tuple[str, ...]:
        """The phrase and its alternatives."""
        return (self.phrase, *self.alternatives)

    @model_validator(mode="before")
    @classmethod
    def _says_its_name(cls, values: Any) -> Any:
        """A label without a phrase is asked for by its name."""
        if isinstance(values, dict) and values.get("name") and "phrase" not in values:
            return {**values, "phrase": values["name"]}
        return values

    @field_validator("name", "phrase")
    @classmethod
    def _no_blank(cls, text: str) -> str:
        tidy = " ".join(text.split())
        if not tidy:
            raise ValueError("must not be blank")
        return tidy

    @field_validator("snomed", mode="before")
    @classmethod
    def _a_concept(cls, code: Any) -> str | None:
        if code is None or not str(code).strip():
            return None
        tidy = str(code).strip()
        wrong = wrong_with(tidy)
        if wrong:
            raise ValueError(f"{tidy!r} is no code of a SNOMED CT concept: {wrong}")
        return tidy

    @field_validator("alternatives")
    @classmethod
    def _each_once(cls, alternatives: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        tidy = dict.fromkeys(" ".join(text.split()) for text in alternatives)
        return tuple(text for text in tidy if text and text != info.data.get("phrase"))


class DataConfig(Settings):
    """Where the images come from and how they become samples."""

    folder: str = setting("", "Folder of the dataset; a relative path is read from the recipe's own folder.")
    layout: str = setting("auto", "How the folder is organised; auto: recognised from its contents.")
    split: SplitConfig = setting(SplitConfig(), "How patients are shared out.")
    labels: tuple[LabelConfig, ...] = setting((), "Structures and their phrases; none: as found in the folder.")
    prompt: str = setting(
        "p1",
        "What is said of a label: a prompt of the dataset by its number (p0 is empty, p1 the phrase), random (any but "
        "p0), or what the mask gives: count, size, location.",
        pattern=r"^(p\d{1,3}|random|count|size|location)$",
    )
    override_prompt: str = setting(
        "", "A text that is said for every label of every image instead.", title="One prompt for all", expert=True
    )
    channel: int = setting(
        1, "Which contrast, channel or time point, where a scan has several; one is used.", ge=1, le=10_000
    )
    plane: PlaneName = setting("axial", "Plane of the slices taken from volumes; pictures are one slice anyway.")
    slices: Literal["labelled", "all"] = setting("labelled", "Slices taken from volumes for tuning and validation.")
    empty_slices: float = setting(
        0.1,
        "Slices without any label, as a share of those with one (where slices is labelled).",
        title="Share of empty slices",
        ge=0,
        le=10,
    )
    each_nth: int = setting(1, "Take every n-th slice of a volume.", title="Every n-th slice", ge=1, le=100)
    intensity: Literal["auto", "as_is", "window", "percentile"] = setting(
        "auto",
        "How values become grey levels; auto: pictures as they are, volumes by percentiles or the window given.",
        title="Grey levels",
    )
    window: WindowName = setting(
        "none",
        "A usual CT window by its name, in place of window_center and window_width; none: those, if given.",
        title="CT window",
    )
    window_center: float | None = setting(None, "Middle of the window.", title="Window centre", unit="HU or scan units")
    window_width: float | None = setting(None, "Width of the window.", unit="HU or scan units", gt=0)
    lower_percentile: float = setting(
        0.5, "Percentile shown black, where intensity is percentile.", unit="%", ge=0, lt=50, expert=True
    )
    upper_percentile: float = setting(
        99.5, "Percentile shown white, where intensity is percentile.", unit="%", gt=50, le=100, expert=True
    )
    augment: Literal["views", "published", "none"] = setting(
        "views",
        "Random changes while tuning: slight shifts, turns, brightness in a fifth of the images each. views: a few "
        "variants of each image, drawn once, so that strategies that leave the image encoder alone compute them once; "
        "published: drawn anew in every epoch, as published.",
        title="Augmentation",
    )
    augment_views: int = setting(
        4,
        "Variants of each image, flips and turns included, where augment is not published.",
        title="Views of an image",
        ge=1,
        le=64,
        expert=True,
    )
    flip_horizontal: bool = setting(
        False,
        "Mirror half of the training images, left for right; refused where a phrase names a side.",
        title="Flip left and right",
    )
    flip_vertical: bool = setting(
        False,
        "Mirror half of the training images, top for bottom; refused where a phrase names upper or lower.",
        title="Flip top and bottom",
    )
    rotate: float = setting(
        0.0,
        "Turn each training image by a random angle up to this; above 45, refused where a phrase names a side.",
        title="Rotation, at most",
        unit="degrees",
        ge=0,
        le=180,
    )
    # All of them by default: validation counts each pair, an empty answer to an empty truth as right, and a label asked
    # for at an image without it is what happens in use. Where most labels are rare, so many empty truths outweigh the
    # others in the mean of the loss.
    absent_labels: float = setting(
        1.0,
        "Share of the labels that a training image does not show which take part in its loss, as empty masks; "
        "less than 1 where most labels are rare. Drawn anew in every epoch.",
        title="Share of absent labels",
        ge=0,
        le=1,
    )
    max_cases: int = setting(0, "Use at most so many cases, drawn by the seed; 0: all.", title="Cases, at most", ge=0)

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, labels: tuple[LabelConfig, ...]) -> tuple[LabelConfig, ...]:
        for what in ("value", "name"):
            seen = [getattr(label, what) for label in labels]
            if len(set(seen)) < len(seen):
                raise ValueError(f"two labels have the same {what}")
        return labels

    @model_validator(mode="after")
    def _window_whole(self) -> Self:
        if (self.window_center is None) != (self.window_width is None):
            raise ValueError("window_center and window_width belong together: give both or neither")
        if self.window != "none" and self.window_width is not None:
            raise ValueError("window and window_center with window_width say the same: give one of them")
        if self.intensity == "window" and self.window_asked is None:
            raise ValueError("intensity is window, but neither window nor window_center and window_width are given")
        return self

    @property
    def window_asked(self) -> tuple[float, float] | None:
        """Centre and width of the window that is asked for, by its name or its numbers."""
        if self.window != "none":
            return CT_WINDOWS[self.window]
        if self.window_center is None or self.window_width is None:
            return None
        return self.window_center, self.window_width
