"""How a run computes what its recipe asks for: found out at its start, kept in environment.json, changed when memory
runs out. Nothing of it changes what is learnt but by rounding."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

Format = Literal["fp32", "bf16"]
Attention = Literal["sdpa", "eager"]


@dataclass(frozen=True, slots=True)
class Plan:
    """`images_at_once`: how many of a batch go through the network together; 0: all.

    `attention`: how attention is computed where a model knows both ways. `compiled`: blocks by torch.compile.
    `keep_features`: False where there was no memory for kept features.
    """

    precision: Format = "fp32"
    attention: Attention = "sdpa"
    images_at_once: int = 0
    checkpointing: bool = False
    keep_features: bool = True
    compiled: bool = False
    channels_last: bool = False

    def at_once(self, batch: int) -> int:
        """How many of `batch` images go together."""
        return min(self.images_at_once or batch, batch)

    def with_(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def to_values(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_values(cls, values: Any) -> Self | None:
        """As a run kept it; None where it kept none, or one that another version wrote."""
        if not isinstance(values, dict):
            return None
        known = {field.name: type(field.default) for field in fields(cls)}
        if not all(isinstance(values.get(name), kind) for name, kind in known.items()):
            return None
        return cls(**{name: values[name] for name in known})
