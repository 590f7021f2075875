"""What is known of a dataset: its labels, its split, and what the engine found in it. No Qt."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tunevlseg_gui.translation import counted, translate


@dataclass
class Label:
    """A structure to find; `found` says how often it occurs, in words."""

    value: int
    name: str
    phrase: str
    colour: str
    found: str = ""
    alternatives: tuple[str, ...] = ()  # other phrases of the same meaning
    snomed: str = ""  # code of the concept in SNOMED CT

    def for_recipe(self) -> dict[str, Any]:
        values = asdict(self)
        del values["found"]
        values["alternatives"] = list(self.alternatives)
        return {name: value for name, value in values.items() if value or name not in ("alternatives", "snomed")}

    @property
    def texts(self) -> tuple[str, ...]:
        """The phrase and its alternatives."""
        return (self.phrase, *self.alternatives)


@dataclass
class Split:
    """Shares of the patients, in per cent."""

    train: int = 80
    val: int = 10
    test: int = 10
    by: str = "patient"
    given: bool = True  # splits that the dataset gives stand

    def for_recipe(self) -> dict[str, Any]:
        shares = {"train": self.train / 100, "val": self.val / 100, "test": self.test / 100, "by": self.by}
        return shares if self.given else {**shares, "given": False}

    @property
    def adds_up(self) -> bool:
        return self.train + self.val + self.test == 100 and self.train > 0 and self.val > 0


@dataclass
class Found:
    """A dataset report, read with tolerance: older and newer engines may leave out or add keys."""

    layout: str = ""
    name: str = ""
    details: str = ""
    kind: str = "pictures"  # pictures | volumes | mixed
    synthetic: bool = False
    cases: int = 0
    splits: dict[str, dict[str, int]] = field(default_factory=dict)  # split → cases, patients, slices
    labels: list[Label] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    label_kind: str = "values"  # binary: every mask value above 0 is the one label
    splits_given: bool = False  # by the dataset, not by seed
    seed: int = 12345
    usable: bool = False
    statistics: dict[str, Any] = field(default_factory=dict)  # as the engine computed them
    grey_levels: dict[str, Any] = field(default_factory=dict)  # how values become grey levels
    split_fact: str = ""  # who gave the splits, as `facts` says it
    facts: list[str] = field(default_factory=list)  # sizes, spacing, intensities, who gave the splits: a line each

    @classmethod
    def of_report(cls, report: dict[str, Any]) -> Found:
        cases = report.get("cases") or []
        splits = dict(report.get("splits") or {})
        return cls(
            layout=str(report.get("layout_title") or report.get("layout") or ""),
            name=str(report.get("name") or ""),
            details=str(report.get("details") or ""),
            kind=str(report.get("kind") or "pictures"),
            synthetic=bool(report.get("synthetic")),
            cases=len(cases) if isinstance(cases, list) else int(cases),
            splits={name: row if isinstance(row, dict) else {"cases": int(row)} for name, row in splits.items()},
            labels=_labels(report),
            problems=list(report.get("problems") or []),
            label_kind=str(report.get("label_kind") or "values"),
            splits_given=bool(report.get("splits_from")),
            seed=int(report.get("seed") or 12345),
            usable=bool(report.get("usable", bool(cases))),
            statistics=dict(report.get("statistics") or {}),
            grey_levels=dict(report.get("grey_levels") or {}),
            split_fact=_split_fact(report),
            facts=_facts(report),
        )


def _facts(report: dict[str, Any]) -> list[str]:
    """What the numbers of a report say, in words."""
    numbers = report.get("statistics") or {}
    facts = []
    sizes = [
        " × ".join(str(side) for side in reversed(row["shape_zyx"]) if side > 1) for row in numbers.get("sizes") or []
    ]
    if sizes:
        more = int(numbers.get("different_sizes", 0)) - 2
        shown_sizes = ", ".join(sizes[:2])
        facts.append(
            translate("Dataset", "Size: {sizes} and {n} more").format(sizes=shown_sizes, n=more)
            if more > 0
            else translate("Dataset", "Size: {sizes}").format(sizes=shown_sizes)
        )
    spacing = numbers.get("spacing_zyx")
    if spacing:
        ends = zip(reversed(spacing["lowest"]), reversed(spacing["highest"]), strict=True)
        shown = [f"{low:.3g}" if abs(low - high) < 1e-6 else f"{low:.3g} to {high:.3g}" for low, high in ends]
        facts.append(translate("Dataset", "Spacing: {sizes} mm").format(sizes=" × ".join(shown)))
    values = numbers.get("intensity")
    if values:
        facts.append(
            translate("Dataset", "Values: {low} to {high}").format(
                low=f"{values['lowest'][0]:g}", high=f"{values['highest'][1]:g}"
            )
        )
    split = _split_fact(report)
    return [*facts, split] if split else facts


def _split_fact(report: dict[str, Any]) -> str:
    if "splits_from" not in report:
        return ""
    given = report["splits_from"]
    if given:
        return translate("Dataset", "Split: given by {given}").format(given=given)
    return translate("Dataset", "Split: ours, by seed {seed}").format(seed=report.get("seed", "")).rstrip()


def _labels(report: dict[str, Any]) -> list[Label]:
    """With the median share of the image that each covers where it is seen."""
    rows = (report.get("statistics") or {}).get("areas") or []
    areas = {row.get("value"): row.get("median") for row in rows}
    return [_label(item, areas.get(item.get("value"))) for item in report.get("labels") or []]


def _label(item: dict[str, Any], area: float | None = None) -> Label:
    name = str(item.get("name") or item.get("value") or "object")
    cases = item.get("cases")
    found = "" if cases is None else counted("Dataset", "in {n} cases", "in {n} case", int(cases))
    if area is not None:
        found += f", {100 * area:.2g} %"
    value, colour = int(item.get("value") or 1), str(item.get("colour") or "#E69F00")
    others = tuple(str(text) for text in item.get("alternatives") or ())
    return Label(value, name, str(item.get("phrase") or name), colour, found, others, str(item.get("snomed") or ""))
