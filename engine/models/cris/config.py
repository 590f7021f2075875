"""Sizes of a CRIS network: the published ones, and any smaller."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.contract.errors import WeightsMissing

EXPANSION: Final = 4
"""A bottleneck block of the image tower gives four times the channels it works with."""


class CrisConfig(BaseModel):
    """Contents of our `config.json` beside CRIS weights; the defaults are RN50 as TuneVLSeg uses it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model_type: Literal["cris"] = "cris"
    image_size: int = Field(416, ge=32, multiple_of=32)
    image_layers: tuple[int, int, int, int] = (3, 4, 6, 3)
    image_width: int = Field(64, ge=2, multiple_of=2)
    image_heads: int = Field(32, ge=1)
    pool_side: int = Field(7, ge=1)
    """Side of the grid of positions that the attention pool learned; resized to the image's."""
    vocab_size: int = Field(49408, ge=1)
    text_width: int = Field(512, ge=1)
    text_feed_forward: int = Field(2048, ge=1)
    text_layers: int = Field(12, ge=1)
    text_heads: int = Field(8, ge=1)
    text_positions: int = Field(77, ge=4)
    text_activation: Literal["quick_gelu", "gelu"] = "quick_gelu"
    eos_token_id: int | None = None
    """Where a phrase ends; None: at its largest id, as CLIP does."""
    joint_width: int = Field(1024, ge=1)
    neck_widths: tuple[int, int, int] = (256, 512, 1024)
    decoder_layers: int = Field(3, ge=1)
    decoder_heads: int = Field(8, ge=1)
    decoder_feed_forward: int = Field(2048, ge=1)
    decoder_dropout: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.decoder_width != self.text_width:
            raise ValueError("the decoder reads words of its own width: neck_widths[1] must equal text_width")
        for width, heads in (
            (self.tower_widths[3], self.image_heads),
            (self.text_width, self.text_heads),
            (self.decoder_width, self.decoder_heads),
        ):
            if width % heads:
                raise ValueError(f"{width} channels cannot be shared out to {heads} heads")
        if self.decoder_width % 4:
            raise ValueError("neck_widths[1] must be a multiple of 4: a quarter for each sine and cosine, x and y")
        return self

    @property
    def tower_widths(self) -> tuple[int, int, int, int]:
        """Channels after each of the four stages of the image tower."""
        first = self.image_width * EXPANSION
        return first, 2 * first, 4 * first, 8 * first

    @property
    def decoder_width(self) -> int:
        return self.neck_widths[1]

    @property
    def map_side(self) -> int:
        """Side of the decoder's map."""
        return self.image_size // 16


def read_config(values: dict[str, Any], where: str) -> CrisConfig:
    """The configuration in plain values; raises WeightsMissing with the field that is wrong."""
    try:
        return CrisConfig.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise WeightsMissing(
            f"{where}: config.json is damaged: {field or 'sizes'}: {problem['msg']}.",
            hint="Import the weights again.",
            field="model.weights",
        ) from None
