"""What may be asked about many runs at once: searches, tournaments, label budgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Search:
    """An Optuna study over a recipe's searchable settings: begins it, or goes on with it.

    Result: `study`, `folder`, `trials`, `states`; with one objective `best` (number), `params`, `value`, `run`,
    `recipe`, with several `front`.
    """

    recipe: str = ""  # path of a YAML file; empty: a study that is there already
    folder: str = ""  # of the study; empty: beside the other studies, by name
    study: str = ""  # name; empty: after the recipe
    storage: str = ""  # address of a database; empty: a journal file in the folder
    search: dict[str, Any] = field(default_factory=dict)  # settings of engine.search.config.SearchConfig
    overrides: list[str] = field(default_factory=list)  # of the recipe: "training.epochs=3"
    worker: bool = False  # only help: take trials of a study that somebody else has begun
    workers: int = (
        0  # processes on this machine; 0: one for each CUDA device, at least one; in a cluster: at most so many
    )
    # tasks, 0: what it has room for
    cluster: str = ""  # address of a Ray cluster whose tasks are the workers, "local": started here
    gpu_share: float = 0.0  # of a GPU, that each task in the cluster asks for
    data: str = ""  # where this machine keeps the dataset; empty: where the recipe says
    frozen: dict[str, Any] = field(default_factory=dict)  # setting → the only value to propose, from the start
    narrowed: dict[str, list[Any]] = field(default_factory=dict)  # setting → [low, high] or choices


@dataclass(frozen=True, slots=True)
class SteerStudy:
    """Tells a study something, whether a worker runs or not; result: `said`."""

    folder: str
    command: dict[str, Any]  # as a command's line: {"command": "freeze", "key": …, "value": …}
    storage: str = ""
    study: str = ""


@dataclass(frozen=True, slots=True)
class ReadStudy:
    """A study as it stands; result: `name`, `objectives`, `directions`, `space`, `rules`, `best`, `trials` (their
    number), and `path` of a JSON file with `trials` (rows), `best_so_far`, `front`, `importances` and
    `correlations`."""

    folder: str
    out: str  # folder that receives the file
    storage: str = ""
    study: str = ""
    figures: bool = True  # importances and correlations too, which take longest; else both are empty


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A tournament: models × strategies × datasets × seeds; goes on where it ended.

    Result: `folder`, `cells`, `done`, `impossible`, `failed`, `tables` (csv, md, tex, html → path), `shown` (tables
    with `title`, `note`, `head`, `rows`).
    """

    matrix: str  # path of a YAML file
    out: str = ""  # its folder; empty: beside the other tournaments, by name
    overrides: list[str] = field(default_factory=list)  # of the matrix: "training.epochs=3"
    only_tables: bool = False  # of what is finished; nothing is tuned


@dataclass(frozen=True, slots=True)
class ReadTournament:
    """A tournament as it stands, begun or not.

    Result: `name`, `folder`, `models`, `rows`, `datasets`, `seeds`, `cells` (dicts with `dataset`, `model`, `row`,
    `seed`, `state` done | impossible | failed | waiting, `dice`, `why`, `run`), `shown` (tables with `title`, `note`,
    `head`, `rows`), `front` (`model`, `row`, `dice`, `learned`, `seconds`, `bytes`, `pareto`).
    """

    matrix: str  # path of a YAML file; a tournament's folder holds its own
    out: str = ""  # its folder; empty: beside the other tournaments, by name
    foresee: bool = False  # also find waiting cells that are impossible; loads what tuning needs


@dataclass(frozen=True, slots=True)
class PlanLabels:
    """The recipe tuned on 1, 2, 4, … of its training cases, and how many more would pay.

    Result: `folder`, `points` (`cases`, `dice`, `low`, `high`, `val_dice`, `run`), `advice` in words, `more`, `low`,
    `high` (further cases for `gain`; None: out of reach), `unreliable` (reasons), `curve` (a, b, c: a − b·n^(−c)).
    """

    recipe: str  # path of a YAML file
    out: str = ""
    sizes: list[int] = field(default_factory=list)  # numbers of training cases; empty: doubled, up to all
    gain: float = 0.02  # of Dice
    overrides: list[str] = field(default_factory=list)
