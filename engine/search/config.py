"""The settings of a study, beside the recipe that it varies."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engine.config.fields import Settings, setting

OBJECTIVES = ("val_dice", "last_val_loss", "seconds", "learned")
Direction = Literal["maximize", "minimize"]
Objective = Literal["val_dice", "last_val_loss", "seconds", "learned"]


class SearchConfig(Settings):
    """How a study searches."""

    trials: int = setting(20, "Runs of the study, all workers together.", ge=1, le=100_000)
    seed: int = setting(12345, "Seed of what is proposed; with the number of a trial it decides it.", ge=0, lt=2**31)
    objectives: tuple[Objective, ...] = setting(
        ("val_dice",),
        "What is looked for: the best validation Dice, the last epoch's validation loss (as published), seconds, "
        "learned numbers. With several of them: the runs that none beats in all.",
        min_length=1,
    )
    sampler: Literal["tpe", "random"] = setting(
        "tpe", "How trials are proposed: by what went well so far (multivariate TPE), or at random."
    )
    startup_trials: int = setting(10, "Trials drawn at random before TPE begins.", ge=1, le=10_000)
    pruner: Literal["none", "median", "hyperband"] = setting(
        "none", "Whether runs that lag behind are ended early: not (as published), below the median, by Hyperband."
    )
    space: Literal["auto", "published", "card"] = setting(
        "auto",
        "Ranges: those of the model card where it has some, else the published ones; or one of the two.",
        expert=True,
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if len(set(self.objectives)) != len(self.objectives):
            raise ValueError("an objective is named twice")
        if self.pruner != "none" and len(self.objectives) > 1:
            raise ValueError("a pruner compares one value; leave it out, or name one objective")
        if self.pruner != "none" and self.objectives != ("val_dice",):
            raise ValueError("a pruner watches the validation Dice; name val_dice as the objective")
        return self

    @property
    def directions(self) -> list[Direction]:
        """`maximize` or `minimize` for each objective."""
        return ["maximize" if name == "val_dice" else "minimize" for name in self.objectives]
