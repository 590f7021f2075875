"""What may be asked about runs: tuning, forks, scores, reports, packs, bundles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CheckRecipe:
    """What a recipe would do, before it is run; result: `learned` numbers of `total`, `learned_words`, `problems`."""

    recipe: dict[str, Any]  # as in its YAML file


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run of this recipe would take on this machine, by a few steps on its own images; nothing is kept.

    Result: seconds (`first_epoch`, `later_epoch`, `total`: at most), bytes (`memory`, `available`, `disk`), `epochs`,
    `batch`, `images_at_once`, `largest_batch`, `device`, `plan` (how it would compute) and `words`.
    """

    recipe: dict[str, Any]  # as in its YAML file
    folder: str = ""  # where its relative paths start
    overrides: list[str] = field(default_factory=list)  # "training.epochs=3"


@dataclass(frozen=True, slots=True)
class Tune:
    """One run from a recipe. `out` is the run folder; empty: made beside the other runs.

    With `fork` a new run that shares its first part with another one: see ForkRun.
    """

    recipe: str  # path of a YAML file
    out: str = ""
    overrides: list[str] = field(default_factory=list)  # "strategy.prompt_depth=3"
    resume: str = ""  # an existing run folder to go on with
    fork: str = ""  # a run folder to begin from, with `overrides`
    epoch: int = 0  # of `fork`; 0: the last one that it kept


@dataclass(frozen=True, slots=True)
class ForkRun:
    """A new run folder that begins with a kept epoch of another run; `Tune(resume=…)` then goes on with it.

    Result: `run` (its folder), `epoch`, `changes` (setting → [before, after]).
    """

    run: str
    epoch: int = 0  # 0: the last one that was kept
    overrides: list[str] = field(default_factory=list)  # "training.learning_rate=0.001"
    out: str = ""  # empty: made beside the other runs
    only_check: bool = False  # nothing is written; what cannot be is refused all the same


@dataclass(frozen=True, slots=True)
class ListRuns:
    """Every run of a folder for a table: RunsListed events; result: `folders`, newest first, and how many were `read`.

    `known`: run folder → `stamp` of its row as it was told before; those that are as they were are not told again.
    """

    root: str = ""  # empty: the user's own folder for runs
    known: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Scores per case and label of a run or bundle on a split."""

    target: str
    data: str = ""  # folder; empty: the run's own data
    split: str = "test"
    # Folder for scores.csv (scores-SPLIT.csv for other splits than test), or a .csv file. Empty: the run folder;
    # NAME-scores.csv beside a bundle; RUN-DATA-scores.csv in the present folder for a run on other data.
    out: str = ""
    tolerance: float | None = None  # of the surface Dice, mm or px; None: the recipe's, 2 for a bundle


@dataclass(frozen=True, slots=True)
class Report:
    """One or more runs as one HTML file that needs nothing else. Result: `report`, `megabytes`, `notes`.

    Cases are numbered and paths are cut to their last part, so that no name leaves with it.
    """

    runs: list[str]
    out: str  # NAME.html
    case_names: bool = False  # the dataset's own names of cases, which may be those of patients
    pictures: bool = True  # the best, median and worst case of each run
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class DrawAnswers:
    """What a run answers to some cases, drawn over them: AnswerDrawn events, one a case, in the order asked for.

    Of a volume the slice with most of the truth is drawn. Files are numbered: no name of a case is in them.
    """

    run: str
    cases: list[str]  # case ids
    out: str  # folder that receives the pictures
    data: str = ""  # folder; empty: the run's own data


@dataclass(frozen=True, slots=True)
class Export:
    """A run or base model as a bundle, with its parity report."""

    source: str  # run folder, installed model id, or weights folder
    out: str  # folder, or NAME.vlseg
    precision: str = "fp32"  # fp32, fp16 or int8; several with commas: `out` then gets the precision added to its name
    overwrite: bool = False
    calibrate: bool = False  # int8: ranges are measured on the run's training images


@dataclass(frozen=True, slots=True)
class Pack:
    """What a run learned, as a prompt pack: one file for the same base weights elsewhere.

    Result: `pack`, `kilobytes`, `learned` numbers, `presence` (in words).
    """

    run: str
    out: str  # NAME.tvprompt
    overwrite: bool = False
    calibrate: bool = True  # the rule for not found is computed on the run's images where no bundle has it; takes torch


@dataclass(frozen=True, slots=True)
class ImportPack:
    """A prompt pack as a run folder: it can be evaluated, exported, packed and started from.

    Result: `run`, `name`, `weights`, `notice`.
    """

    path: str
    out: str = ""  # the run folder; empty: made beside the other runs
    weights: str = ""  # base weights by id or folder; empty: found among the installed ones by their sha256
