"""A setting as the catalogue describes it (JSON schema made by pydantic), read into plain values; no widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate
Kind = Literal["int", "float", "bool", "choice", "text"]


@dataclass(frozen=True)
class FieldSpec:
    """One field of a form. `low` and `high` are inclusive unless `low_open` / `high_open`."""

    name: str
    kind: Kind
    default: Any
    help: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    choices: tuple[Any, ...] = ()
    optional: bool = False  # may be left empty, which is None
    expert: bool = False
    log: bool = False
    why_capped: str = ""
    said: str = ""

    @property
    def title(self) -> str:
        """As the setting's declaration says; one that does not is called after its name."""
        return self.said or self.name.replace("_", " ").capitalize()

    def capped(self, high: float, why: str) -> FieldSpec:
        """The same with a lower upper limit; a default above it comes down with it."""
        if self.high is not None and self.high <= high:
            return self
        default = self.default
        if isinstance(default, int | float):
            default = type(default)(min(default, high))
        return replace(self, high=high, default=default, why_capped=why)

    def problem(self, value: Any) -> str:
        """What is wrong with a value, in words; empty where nothing is."""
        if value is None:
            return "" if self.optional else translate("FieldSpec", "A value is needed.")
        if self.kind == "choice":
            known = ", ".join(map(str, self.choices))
            return (
                ""
                if value in self.choices
                else translate("FieldSpec", "Choose one of: {choices}.").format(choices=known)
            )
        if self.kind not in ("int", "float"):
            return ""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return translate("FieldSpec", "Enter a number.")
        if self.kind == "int" and value != int(value):
            return translate("FieldSpec", "Enter a whole number.")
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            said = (
                translate("FieldSpec", "Must be above {limit}.")
                if self.low_open
                else translate("FieldSpec", "Must be at least {limit}.")
            )
            return said.format(limit=in_figures(self.low))
        if self.high is not None and (value > self.high or (self.high_open and value == self.high)):
            why = f" ({self.why_capped})" if self.why_capped else ""
            said = (
                translate("FieldSpec", "Must be below {limit}.")
                if self.high_open
                else translate("FieldSpec", "Must be at most {limit}.")
            )
            return said.format(limit=f"{in_figures(self.high)}{why}")
        return ""

    @property
    def limits(self) -> str:
        """The limits in words, for the help."""
        if self.kind not in ("int", "float"):
            return ""
        if self.low is not None and self.high is not None:
            return translate("FieldSpec", "{low} to {high}").format(
                low=in_figures(self.low), high=in_figures(self.high)
            )
        if self.low is not None:
            return (
                translate("FieldSpec", "above {limit}") if self.low_open else translate("FieldSpec", "at least {limit}")
            ).format(limit=in_figures(self.low))
        if self.high is not None:
            return (
                translate("FieldSpec", "below {limit}") if self.high_open else translate("FieldSpec", "at most {limit}")
            ).format(limit=in_figures(self.high))
        return ""


def in_figures(value: float) -> str:
    """`0.5`, `1000`, `1,000,000`: never `1e+06`."""
    return f"{value:,.0f}" if abs(value) >= 10_000 and value == int(value) else f"{value:g}"


def fields_of(schema: dict[str, Any], skip: tuple[str, ...] = ("name",)) -> list[FieldSpec]:
    """The fields of a settings group that a form can show, in their order; groups within groups are left out."""
    made = []
    for name, found in (schema.get("properties") or {}).items():
        if name in skip:
            continue
        spec = _field(name, dict(found), schema.get("$defs") or {})
        if spec is not None:
            made.append(spec)
    return made


def _field(name: str, found: dict[str, Any], definitions: dict[str, Any]) -> FieldSpec | None:
    title = str(found.get("title") or "")  # what a field refers to has a title too, which is a type's
    optional = False
    options = found.get("anyOf")
    if options:
        rest = [option for option in options if option.get("type") != "null"]
        optional = len(rest) < len(options)
        # Of several types the last that a form can show is the widest (int | float).
        shown = [option for option in rest if "$ref" in option or _kind(option)]
        found = {**found, **(shown[-1] if shown else {})}
    if "$ref" in found:
        found = {**definitions.get(str(found["$ref"]).rpartition("/")[2], {}), **found}
    kind = _kind(found)
    if kind is None:
        return None
    search = found.get("search") or {}
    return FieldSpec(
        name,
        kind,
        found.get("default"),
        str(found.get("description") or ""),
        str(found.get("unit") or ""),
        _number(found.get("minimum", found.get("exclusiveMinimum"))),
        _number(found.get("maximum", found.get("exclusiveMaximum"))),
        "minimum" not in found and "exclusiveMinimum" in found,
        "maximum" not in found and "exclusiveMaximum" in found,
        tuple(found.get("enum") or ()),
        optional,
        bool(found.get("expert")),
        bool(search.get("log")),
        said=title,
    )


def _kind(found: dict[str, Any]) -> Kind | None:
    if found.get("enum"):
        return "choice"
    known: dict[str, Kind] = {"integer": "int", "number": "float", "boolean": "bool", "string": "text"}
    return known.get(str(found.get("type")))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
