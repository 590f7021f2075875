"""Values that are typed for a study: within its space, or told why not."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit

from tunevlseg_gui.pages.experiments.setting_fields import limits_of, point_of, value_field
from tunevlseg_gui.pages.experiments.study_data import Column

NONE = np.zeros(0)
RATE = Column("training.learning_rate", "Learning rate", NONE, "float", True, (), 1e-5, 5e-3)
DEPTH = Column("strategy.prompt_depth", "Prompt depth", NONE, "int", False, (), 1, 11)
NORM = Column("strategy.norm_first", "Norm first", NONE, "choice", False, (True, False), 0, 1)


def test_a_point_holds_what_is_given(qapp: object) -> None:
    fields = {one.key: value_field(one, value, "x") for one, value in ((RATE, 1e-3), (DEPTH, None), (NORM, False))}
    assert point_of([RATE, DEPTH, NORM], fields) == {RATE.key: 1e-3, NORM.key: False}
    depth, norm = fields[DEPTH.key], fields[NORM.key]
    assert isinstance(depth, QLineEdit)
    assert isinstance(norm, QComboBox)
    norm.setCurrentIndex(0)
    depth.setText("3")
    assert point_of([RATE, DEPTH, NORM], fields) == {RATE.key: 1e-3, DEPTH.key: 3}
    for text, words in (("3.5", "no whole number"), ("12", "lies outside 1 to 11"), ("three", "no number")):
        depth.setText(text)
        with pytest.raises(ValueError, match=words):
            point_of([DEPTH], fields)


def test_a_range_may_be_open_at_one_end() -> None:
    assert limits_of(RATE, "", "0.001") == [1e-5, 1e-3]
    assert limits_of(DEPTH, "4", "") == [4, 11]
    assert limits_of(DEPTH, " ", "") is None
    with pytest.raises(ValueError, match="above the upper"):
        limits_of(DEPTH, "5", "2")
