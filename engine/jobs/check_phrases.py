"""What is wrong with phrases as they are being edited: no file of the dataset is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError
from engine.contract.jobs import CheckPhrases
from engine.data.config import DataConfig, LabelConfig
from engine.data.labels import name_from_folder
from engine.data.phrase_checks import KINDS, told_phrases
from engine.data.phrases import check_phrases
from engine.data.problem import Problem, gathered
from engine.models.weights import find_weights
from engine.text.tokenizer import PhraseTokenizer


def run(job: CheckPhrases, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"kinds", "problems"}`: what an inspection would tell of these phrases. Raises RecipeError for a bad label."""
    config = build(DataConfig, {"labels": job.labels}, path="data")
    name = name_from_folder(Path(job.folder))
    problems = [*told_phrases(config.labels, set(job.marked), config, name), *cut_by_starter(config.labels)]
    return {
        "kinds": [*KINDS, "phrase_too_long"],
        "problems": [problem.to_dict() for problem in gathered(problems)],
    }


def cut_by_starter(labels: Sequence[LabelConfig]) -> list[Problem]:
    """The phrases that the starter would cut, as a hint before a model is chosen."""
    with contextlib.suppress(EngineError):  # without weights at hand, tuning tells it later
        tokenizer = PhraseTokenizer.from_folder(find_weights("starter").path)
        return [
            replace(problem, severity="note", message=problem.message.replace("the model's", "the starter model's"))
            for problem in check_phrases(labels, tokenizer)
        ]
    return []
