"""What the wizard reads from the catalogue: order, limits of the weights, advice of the card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tunevlseg_gui.catalogue import BaseWeights, Catalogue, setting_title, strategy_title
from tunevlseg_gui.forms.field_spec import fields_of


@pytest.fixture
def known() -> Catalogue:
    file = Path(__file__).resolve().parents[1] / "fakes" / "catalogue.json"
    return Catalogue.of(json.loads(file.read_text()))


def test_vpt_comes_first(known: Catalogue) -> None:
    assert known.strategies[0].name == "vpt"


def test_depth_is_capped_by_the_network_and_defaults_are_the_cards(known: Catalogue) -> None:
    starter, vpt = known.weights_called("starter"), known.strategy("vpt")
    assert starter is not None
    assert vpt is not None
    fields = {spec.name: spec for spec in vpt.fields(starter)}
    assert fields["prompt_depth"].high == 6
    assert fields["num_context"].default == 8
    training = {spec.name: spec for spec in known.training_fields(starter, "vpt")}
    assert training["learning_rate"].default == 0.05
    assert [*fields][-1].startswith("upsampler")


def test_depths_set_apart_have_a_limit_each() -> None:
    maple, starter = (
        Catalogue.shipped().strategy("maple"),
        BaseWeights("x", sites={"text_layers": 3, "image_layers": 6}),
    )
    assert maple is not None
    fields = {spec.name: spec for spec in maple.fields(starter)}
    assert (fields["prompt_depth"].default, fields["prompt_depth"].high) == (3, 3)
    assert (fields["image_depth"].default, fields["image_depth"].high) == (None, 6)


def test_a_model_without_image_sites_refuses_vpt_but_not_coop(known: Catalogue) -> None:
    cris = known.weights_called("starter-cris")
    vpt, coop = known.strategy("vpt"), known.strategy("coop")
    assert cris is not None
    assert vpt is not None
    assert coop is not None
    assert "in the image encoder" in vpt.refused_by(cris)
    assert coop.refused_by(cris) == ""
    assert vpt.refused_by(BaseWeights("unknown")) == ""


def test_an_empty_or_odd_catalogue_breaks_nothing() -> None:
    odd = Catalogue.of({"strategies": {"new": {}}, "weights": [{"id": "mine"}]})
    assert odd.strategies[0].title == "new"
    assert odd.strategies[0].fields(odd.weights[0]) == []
    assert not Catalogue.of({}).complete


def test_settings_are_called_as_a_person_writes() -> None:
    found = Catalogue.shipped()
    groups = [found.training, found.data, *found.data["$defs"].values()]
    groups += [strategy.schema for strategy in found.strategies]
    for group in groups:
        titles = [spec.title for spec in fields_of(group, skip=())]
        assert len(set(titles)) == len(titles), f"{group['title']} calls two settings the same"
        for title in titles:
            short = {"ce", "std", "num", "val", "min", "max", "grad", "dim", "norm", "sha256"} & set(
                title.lower().split()
            )
            assert not short, f"{title!r} is a name for programs"


def test_a_setting_is_called_the_same_wherever_its_path_is_shown() -> None:
    assert setting_title("training.ce_weight") == "Weight of the cross-entropy loss"
    assert setting_title("strategy.context_std") == "Standard deviation at the start"
    assert setting_title("data.split.val") == "Validation share"
    assert setting_title("training.batch_size") == "Batch size"
    assert setting_title("strategy.of_tomorrow") == "Of tomorrow"


def test_strategies_are_called_as_papers_call_them() -> None:
    assert strategy_title("shared_attention") == "Shared Attention"
    assert strategy_title("zero_shot") == "Zero-shot"
    assert strategy_title("coop-words") == "CoOp, words"
    assert strategy_title("cocoop") == "CoCoOp"
    assert strategy_title("vpt@prompt_depth=3") == "VPT, Prompt depth 3"
    assert strategy_title("of_tomorrow") == "of tomorrow"
