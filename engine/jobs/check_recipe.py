"""What a recipe would do, told before it is run: how much learns, and which phrases would be cut. Opens no image."""

from __future__ import annotations

from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Log
from engine.contract.jobs import CheckRecipe


def run(job: CheckRecipe, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"learned", "total", "learned_words", "problems": [as a dataset's]}`; each problem is also told as a Log.

    Raises RecipeError with the field's path, WeightsMissing.
    """
    from engine.recipe import make_recipe

    recipe = make_recipe(dict(job.recipe))  # refuses before torch is loaded
    weights = recipe.weights()
    cancel.check()

    import torch

    from engine.data.phrases import check_phrases
    from engine.export.base_model import knows_full_stop
    from engine.models import MODELS
    from engine.strategies.trainable import sketch
    from engine.text.tokenizer import PhraseTokenizer

    tokenizer = PhraseTokenizer.from_folder(weights.path)
    skeleton = MODELS.get(weights.model).skeleton(weights.path)
    width = skeleton.sites.text_width

    def words(text: str) -> torch.Tensor:
        return torch.zeros(len(tokenizer.encode_words(text)), width)

    labels = recipe.data.labels
    tuned = sketch(skeleton, recipe.strategy, words, len(labels) or 1)
    reserve = tuned.learner.learned_words()
    problems = check_phrases(labels, tokenizer, reserve, append_stop=knows_full_stop(tokenizer))
    for problem in problems:
        emit(Log(job_id, problem.line(), "warning"))
    return {
        "learned": sum(parameter.numel() for parameter in tuned.learned().values()),
        "total": sum(parameter.numel() for parameter in skeleton.parameters()),
        "learned_words": reserve,
        "problems": [problem.to_dict() for problem in problems],
    }
