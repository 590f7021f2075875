"""What the engine can do, as `tunevlseg describe` writes it; read with tolerance, so that old and new fit together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from tunevlseg_gui.forms.field_spec import FieldSpec, fields_of
from tunevlseg_gui.resource_paths import catalogue_file
from tunevlseg_gui.translation import from_engine

_TITLES = {
    "vpt": QT_TRANSLATE_NOOP("Catalogue", "Visual prompt tuning (VPT)"),
    "coop": QT_TRANSLATE_NOOP("Catalogue", "Context words (CoOp)"),
    "cocoop": QT_TRANSLATE_NOOP("Catalogue", "Context words moved by the image (CoCoOp)"),
    "maple": QT_TRANSLATE_NOOP("Catalogue", "Coupled prompts (MaPLe)"),
    "shared_attention": QT_TRANSLATE_NOOP("Catalogue", "Shared prompts, attention"),
    "shared_separate": QT_TRANSLATE_NOOP("Catalogue", "Shared prompts, separate"),
    "zero_shot": QT_TRANSLATE_NOOP("Catalogue", "As it is (zero-shot)"),
    "upsampler_only": QT_TRANSLATE_NOOP("Catalogue", "Upsampler only (control)"),
    "last_layer_only": QT_TRANSLATE_NOOP("Catalogue", "Last layer only (control)"),
    "decoder_finetune": QT_TRANSLATE_NOOP("Catalogue", "Decoder"),
    "full_finetune": QT_TRANSLATE_NOOP("Catalogue", "Everything"),
}

translate = QCoreApplication.translate
_IMAGE_SETTINGS = ("augment", "flip_horizontal", "flip_vertical", "rotate", "absent_labels")
_ORDER = list(_TITLES)
_SHARED = ("upsampler", "train_last")


@dataclass(frozen=True)
class BaseWeights:
    """Installed base weights, as far as the wizard needs them."""

    id: str
    model: str = ""
    title: str = ""
    notice: str = ""
    licence: str = ""
    sha256: str = ""
    megabytes: float = 0.0
    sites: dict[str, Any] = field(default_factory=dict)
    recommended: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, item: dict[str, Any]) -> BaseWeights:
        name = str(item.get("id") or "")
        title = str(item.get("title") or (translate("BaseWeights", "Starter model") if name == "starter" else name))
        return cls(
            name,
            str(item.get("model") or ""),
            title,
            str(item.get("notice") or ""),
            str(item.get("licence") or ""),
            str(item.get("sha256") or ""),
            float(item.get("megabytes") or 0.0),
            dict(item.get("sites") or {}),
            dict(item.get("recommended") or {}),
        )

    def recommends(self, strategy: str, group: str) -> dict[str, Any]:
        """The card's values for `group` (strategy | training) with this strategy."""
        return dict((self.recommended.get(strategy) or {}).get(group) or {})


@dataclass(frozen=True)
class Strategy:
    name: str
    title: str
    summary: str
    schema: dict[str, Any]
    learns_at: tuple[str, ...] = ()
    """Where what is learned enters: `engine.strategies.base.StrategyConfig.learns_at` says in which words."""

    @property
    def sites(self) -> tuple[str, ...]:
        """The towers that take its prompts."""
        return tuple(side for side in ("text", "image") if side in self.learns_at)

    def refused_by(self, weights: BaseWeights) -> str:
        """Why these weights cannot take it, in words; empty where they can."""
        for side in self.sites:
            layers = weights.sites.get(f"{side}_layers")
            if layers is not None and not layers:
                said = {
                    "image": translate("Catalogue", "Learns tokens in the image encoder; that of {model} takes none."),
                    "text": translate("Catalogue", "Learns tokens in the text encoder; that of {model} takes none."),
                }
                return said[side].format(model=weights.title)
        return ""

    def fields(self, weights: BaseWeights) -> list[FieldSpec]:
        """Its settings, with depth capped at the network's layers and defaults from the model card."""
        depths = [
            (int(weights.sites[f"{side}_layers"]), side) for side in self.sites if weights.sites.get(f"{side}_layers")
        ]
        made = []
        for spec in with_defaults(fields_of(self.schema), weights.recommends(self.name, "strategy")):
            limits = [found for found in depths if spec.name == f"{found[1]}_depth" or spec.name == "prompt_depth"]
            if limits:
                layers, side = min(limits)
                has = translate("Catalogue", "{model} has {layers} {side} layers")
                spec = spec.capped(layers, has.format(model=weights.title, layers=layers, side=side))
            made.append(spec)
        # What every strategy has comes after what is this one's own.
        return sorted(made, key=lambda spec: spec.name.startswith(_SHARED))


def with_defaults(specs: list[FieldSpec], defaults: dict[str, Any]) -> list[FieldSpec]:
    """The fields with other defaults where `defaults` names them."""
    return [replace(spec, default=defaults[spec.name]) if spec.name in defaults else spec for spec in specs]


@dataclass
class Catalogue:
    strategies: list[Strategy] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    weights: list[BaseWeights] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    """Weights that the program knows of, installed or not, as the engine's rows."""

    @classmethod
    def of(cls, found: dict[str, Any]) -> Catalogue:
        strategies = [
            Strategy(
                name,
                translate("Catalogue", _TITLES[name]) if name in _TITLES else str(item.get("title") or name),
                str(item.get("summary") or ""),
                dict(item.get("schema") or {}),
                tuple(item.get("learns_at") or ()),
            )
            for name, item in (found.get("strategies") or {}).items()
        ]
        strategies.sort(key=lambda known: _ORDER.index(known.name) if known.name in _ORDER else len(_ORDER))
        training = dict((found.get("training") or {}).get("schema") or {})
        data = dict((found.get("data") or {}).get("schema") or {})
        weights = [BaseWeights.of(item) for item in found.get("weights") or []]
        return cls(strategies, training, data, weights, list(found.get("known_models") or []))

    @classmethod
    def shipped(cls) -> Catalogue:
        """The catalogue in resources/; empty where there is none."""
        try:
            return cls.of(json.loads(catalogue_file().read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return cls()

    @property
    def complete(self) -> bool:
        return bool(self.strategies and self.weights)

    def strategy(self, name: str) -> Strategy | None:
        return next((known for known in self.strategies if known.name == name), None)

    def weights_called(self, name: str) -> BaseWeights | None:
        return next((known for known in self.weights if known.id == name), None)

    def training_fields(self, weights: BaseWeights, strategy: str) -> list[FieldSpec]:
        return with_defaults(fields_of(self.training), weights.recommends(strategy, "training"))

    def image_fields(self) -> list[FieldSpec]:
        """How training images are changed and which of their labels count: the rest of `data` is the Data page's."""
        return [spec for spec in fields_of(self.data) if spec.name in _IMAGE_SETTINGS]


def strategy_title(name: str) -> str:
    """What papers call a strategy: `shared_attention` → "Shared Attention"; with what tells a tournament's row apart:
    `vpt@prompt_depth=3` → "VPT, Prompt depth 3", `coop-words` → "CoOp, words"."""
    for known, title in _short_titles():
        rest = name[len(known) :]
        if name.startswith(known) and rest[:1] in ("", "-", "@"):
            variant, _, swept = rest.removeprefix("-").partition("@")
            key, _, value = swept.partition("=")
            told = f"{from_engine(setting_title(f'strategy.{key}'))} {value}" if key else ""
            return ", ".join(part for part in (from_engine(title), variant, told) if part)
    return name.replace("_", " ")


@cache
def _short_titles() -> list[tuple[str, str]]:
    """(name, title) of the shipped strategies; a name that another one begins with comes after it."""
    try:
        found = json.loads(catalogue_file().read_text(encoding="utf-8"))["strategies"]
    except (OSError, ValueError, KeyError):
        return []
    return sorted(((name, str(item["title"])) for name, item in found.items()), reverse=True)


def setting_title(path: str) -> str:
    """What a person calls a setting of a recipe: `training.ce_weight` → "Weight of the cross-entropy loss"."""
    group, _, name = path.rpartition(".")
    known = _titles()
    return known.get((group, name)) or name.replace("_", " ").capitalize()


@cache
def _titles() -> dict[tuple[str, str], str]:
    """(group, name) → title, of every setting of the shipped catalogue; strategies share theirs."""
    found = Catalogue.shipped()
    groups = [("training", found.training), ("data", found.data)]
    groups += [("strategy", strategy.schema) for strategy in found.strategies]
    titles: dict[tuple[str, str], str] = {}
    for group, schema in groups:
        for spec in fields_of(schema):
            titles.setdefault((group, spec.name), spec.title)
    split = dict(found.data.get("$defs") or {}).get("SplitConfig") or {}
    return titles | {("data.split", spec.name): spec.title for spec in fields_of(split)}
