"""What a recipe would do, told before it is run: how much learns, and which phrases would be cut. Opens no image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Log
from engine.contract.jobs import CheckRecipe

if TYPE_CHECKING:
    from engine.recipe import Recipe
    from engine.strategies.tuned_model import TunedModel
    from engine.text.tokenizer import PhraseTokenizer


def run(job: CheckRecipe, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"learned", "total", "learned_words", "problems": [as a dataset's]}`; each problem is also told as a Log.

    Raises RecipeError with the field's path, WeightsMissing.
    """
    from engine.recipe import make_recipe

    recipe = make_recipe(dict(job.recipe))  # refuses before torch is loaded
    cancel.check()
    tuned, tokenizer = sketched(recipe)

    from engine.data.phrases import check_phrases
    from engine.text.tokenizer import knows_full_stop

    labels = recipe.data.labels
    reserve = tuned.learner.learned_words()
    problems = check_phrases(labels, tokenizer, reserve, append_stop=knows_full_stop(tokenizer))
    for problem in problems:
        emit(Log(job_id, problem.line(), "warning"))
    return {
        "learned": sum(parameter.numel() for parameter in tuned.learned().values()),
        "total": sum(parameter.numel() for parameter in tuned.vlsm.parameters()),
        "learned_words": reserve,
        "problems": [problem.to_dict() for problem in problems],
    }


def sketched(recipe: Recipe) -> tuple[TunedModel, PhraseTokenizer]:
    """The recipe's model without its numbers, and its tokenizer: what the settings lead to, before any work.

    Raises WeightsMissing, and OutOfRange or IncompatiblePair for settings that the weights cannot take.
    """
    import torch

    from engine.models import MODELS
    from engine.strategies.trainable import sketch
    from engine.text.tokenizer import PhraseTokenizer

    weights = recipe.weights()
    tokenizer = PhraseTokenizer.from_folder(weights.path)
    skeleton = MODELS.get(weights.model).skeleton(weights.path)
    width = skeleton.sites.text_width

    def words(text: str) -> torch.Tensor:
        return torch.zeros(len(tokenizer.encode_words(text)), width)

    return sketch(skeleton, recipe.strategy, words, len(recipe.data.labels) or 1), tokenizer
