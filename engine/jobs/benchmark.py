"""A tournament from its matrix to its tables: cell after cell, each a run or a study; finished ones are kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config.yaml_io import dump_yaml, load_yaml
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import (
    DatasetIncomplete,
    DiskFull,
    EngineError,
    IncompatiblePair,
    InputError,
    OutOfRange,
    RecipeError,
    UnknownName,
)
from engine.contract.events import (
    CellEnded,
    CellStarted,
    Event,
    JobCancelled,
    JobFinished,
    JobStarted,
    Log,
    Progress,
)
from engine.contract.jobs import Benchmark, PrepareSamples, Tune
from engine.contract.whole_file import write_text
from engine.jobs import prepare_samples, tune
from engine.jobs.benchmark_sources import RUN, STUDY, Sources
from engine.jobs.perform import failure
from engine.jobs.run_data import content_sha256
from engine.runs import layout
from engine.runs.commands import CommandWatcher
from engine.runs.lock import RunLock
from engine.runs.queue import device_noted
from engine.runs.studies import MATRIX_FILE, slug, tournaments_folder
from engine.runs.writer import append_event, read_metrics

if TYPE_CHECKING:
    from engine.data.findings import DatasetReport
    from engine.recipe import Recipe
    from engine.tournament.matrix import Cell, Matrix
    from engine.tournament.results import CellResult, Results


def run(job: Benchmark, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`folder`, `cells`, `done`, `impossible`, `failed`, `tables` (kind → path), `places` (rows of results.csv).

    Raises RecipeError for a wrong matrix, another one than the folder's, or datasets and weights whose bytes changed
    since an earlier start, WeightsMissing, DiskFull, RunBusy, Cancelled: what was finished stays, and the same command
    goes on.
    """
    from engine.tournament.matrix import read_matrix
    from engine.tournament.results import Results

    matrix = read_matrix(Path(job.matrix), list(job.overrides))
    folder = Path(job.out) if job.out else tournaments_folder() / slug(matrix.name)
    _require_same(matrix, folder)
    if job.only_tables:
        return _finish(Results(folder, matrix))
    watcher = CommandWatcher(folder, cancel)

    def tell(event: Event) -> None:
        append_event(folder, event)
        emit(event)

    folder.mkdir(parents=True, exist_ok=True)
    with device_noted(folder), RunLock(folder):
        _require_same(matrix, folder)
        write_text(folder / MATRIX_FILE, dump_yaml(matrix.model_dump(mode="json")))
        watcher.start()
        append_event(folder, JobStarted(job_id, "benchmark", "Benchmark", run=str(folder)))
        try:
            _Tournament(matrix, folder, tell, cancel, job_id).play()
            result = _finish(Results(folder, matrix))
        except EngineError as error:
            append_event(folder, JobCancelled(job_id) if cancel.cancelled else failure(job_id, error))
            raise
        finally:
            watcher.stop()
        append_event(
            folder, JobFinished(job_id, {key: result[key] for key in ("cells", "done", "impossible", "failed")})
        )
    return result


def _require_same(matrix: Matrix, folder: Path) -> None:
    """matrix.yaml says what the folder is about. Datasets, models, rows and seeds may be added or left out; what has
    the name of something there must be the same. Raises RecipeError."""
    from engine.config.yaml_io import build
    from engine.tournament.matrix import Matrix, cells, rows

    kept = folder / MATRIX_FILE
    if not kept.is_file():
        return
    known = build(Matrix, load_yaml(kept))
    for key in ("training", "search"):
        if getattr(known, key) != getattr(matrix, key):
            raise RecipeError(
                f"{folder} holds a tournament with another budget ({key} differs).",
                hint="Give it a folder of its own: --out DIR.",
                field=key,
            )
    for name, entry in matrix.datasets.items():
        if known.datasets.get(name, entry) != entry:
            raise RecipeError(
                f"{folder} holds a tournament in which {name} is another dataset.",
                hint="Give the dataset another name, or the tournament a folder of its own.",
                field=f"datasets.{name}",
            )
    there = {row.id: row for row in rows(known)}
    for row in rows(matrix):
        other = there.get(row.id, row)
        if (row.settings, row.training) != (other.settings, other.training):
            raise RecipeError(
                f"{folder} holds a tournament in which {row.id} has other settings.",
                hint="Give the row a name of its own (`variant: words`), or the tournament a folder of its own.",
                field="strategies",
            )
    places = {cell.folder: cell for cell in cells(known)}
    for cell in cells(matrix):
        if places.get(cell.folder, cell).model != cell.model:
            raise RecipeError(
                f"{folder} holds a tournament with other weights of that name than {cell.model}.",
                hint="Rename their folder, or give the tournament a folder of its own.",
                field="models",
            )


@dataclass
class _Tournament:
    matrix: Matrix
    folder: Path
    emit: Emit
    cancel: CancelToken
    job_id: str
    _reports: dict[str, DatasetReport | str] = field(default_factory=dict)
    """By dataset and seed: what was found, or why it cannot be used."""

    def play(self) -> None:
        from engine.tournament.matrix import cells
        from engine.tournament.results import read_cell

        every = cells(self.matrix)
        self._check_words(every)
        self._check_bytes([cell for cell in every if not _is_finished(read_cell(self.folder / cell.folder))])
        for number, cell in enumerate(every):
            self.cancel.check()
            known = read_cell(self.folder / cell.folder)
            if known is None or not _is_finished(known):
                where = str(self.folder / cell.folder)
                place = (cell.dataset, cell.model, cell.row.id, cell.seed)
                self.emit(CellStarted(self.job_id, number, len(every), *place, run=where))
                known = self._cell(cell)
                known.write(self.folder / cell.folder)
                self.emit(
                    CellEnded(self.job_id, number, len(every), *place, known.state, known.dice, known.why, run=where)
                )
            self.emit(Progress(self.job_id, number + 1, len(every), "cells", stage="Tournament"))

    def _check_words(self, every: list[Cell]) -> None:
        """A name that nobody knows is told before the first cell is tuned, not hours later."""
        from engine.synthetic.sample_data import SAMPLE_SETS

        for name, entry in self.matrix.datasets.items():
            if entry.sample and entry.sample not in SAMPLE_SETS:
                raise UnknownName(
                    f"datasets.{name}: there is no sample set {entry.sample!r}.",
                    hint=f"Choose one of: {', '.join(SAMPLE_SETS)}.",
                    field=f"datasets.{name}.sample",
                )
        first = every[0]
        seen: set[tuple[str, ...]] = set()
        for cell in every:
            place = (cell.model, cell.row.id) if cell.dataset == first.dataset else (cell.dataset,)
            if place not in seen:
                seen.add(place)
                with suppress(IncompatiblePair, OutOfRange):  # impossible cells are told by themselves
                    self._recipe(cell, drawn=False)

    def _check_bytes(self, left: list[Cell]) -> None:
        """What is left is computed from the bytes that the results there are of. Datasets and weights of which nothing
        is left may be gone by now: their results stand."""
        sources = Sources.read(self.folder)
        models: set[str] = set()
        looked: set[tuple[str, int]] = set()
        for cell in left:
            if cell.model in models and (cell.dataset, cell.seed) in looked:
                continue
            try:
                recipe = self._recipe(cell)
            except (IncompatiblePair, OutOfRange):
                continue
            if cell.model not in models:
                models.add(cell.model)
                sources.same_weights(cell.model, recipe.model.sha256)
            for seed in (*sources.seeds_of(cell.dataset), cell.seed):
                if (cell.dataset, seed) in looked:
                    continue
                looked.add((cell.dataset, seed))
                other = replace(cell, seed=seed)
                report = self._report(other, self._recipe(other))
                if not isinstance(report, str):
                    sources.same_data(cell.dataset, seed, content_sha256(report))

    def _cell(self, cell: Cell) -> CellResult:
        from engine.tournament.results import CellResult

        about: dict[str, Any] = {
            "dataset": cell.dataset, "model": cell.model, "row": cell.row.id, "strategy": cell.row.strategy,
            "seed": cell.seed,
        }  # fmt: skip
        try:
            recipe = self._recipe(cell)
        except (IncompatiblePair, OutOfRange) as error:
            return CellResult(**about, state="impossible", why=error.message)
        report = self._report(cell, recipe)
        if isinstance(report, str):
            return CellResult(**about, state="failed", why=report)
        try:
            if self.matrix.search is not None and cell.row.strategy != "zero_shot":
                return CellResult(**about, state="done", **self._search(cell, recipe, report))
            return CellResult(**about, state="done", **self._tune(cell, recipe, report))
        except DiskFull:
            raise
        except EngineError as error:
            self.cancel.check()
            self.emit(Log(self.job_id, f"{cell.folder}: {error.message}", "warning"))
            return CellResult(**about, state="failed", why=error.message)

    def _recipe(self, cell: Cell, *, drawn: bool = True) -> Recipe:
        """`drawn`: whether a sample set has to be there."""
        from engine.models.weights import find_weights
        from engine.recipe import make_recipe
        from engine.tournament.matrix import recipe_values

        weights = find_weights(cell.model)
        folder = self._data(cell.dataset) if drawn else self.matrix.datasets[cell.dataset].folder or "."
        return make_recipe(recipe_values(self.matrix, cell, weights.model, folder))

    def _data(self, dataset: str) -> str:
        entry = self.matrix.datasets[dataset]
        if entry.folder:
            return entry.folder
        made = prepare_samples.run(PrepareSamples(sets=[entry.sample]), self.emit, self.cancel, self.job_id)
        return str(made["sets"][0]["folder"])

    def _report(self, cell: Cell, recipe: Recipe) -> DatasetReport | str:
        from engine.assemble import Listener, inspect_for

        key = f"{cell.dataset} {cell.seed}"
        if key not in self._reports:
            try:
                report = inspect_for(recipe, Listener(self.emit, self.cancel, self.job_id))
                report.require_split("train", "val", "test")
                self._reports[key] = report
            except (InputError, DatasetIncomplete) as error:
                self.emit(Log(self.job_id, f"{cell.dataset}: {error.message} {error.hint}", "warning"))
                self._reports[key] = error.message
        return self._reports[key]

    def _quiet(self, event: Event) -> None:
        """What a run says stands in its own folder; the tournament passes on what a person waits for."""
        if not isinstance(event, Log | Progress):
            self.emit(event)

    def _tune(self, cell: Cell, recipe: Recipe, report: DatasetReport) -> dict[str, Any]:
        folder = self.folder / cell.folder / RUN
        if layout.is_run(folder):
            one = Tune(recipe="", resume=str(folder))
        else:
            asked = write_text(self.folder / cell.folder / "recipe.yaml", recipe.to_yaml())
            one = Tune(str(asked), str(folder))
        study = tune.Study(report, test=True)
        result = tune.run_trial(one, self._quiet, self.cancel, self.job_id, study)
        return self._measured(folder, folder / layout.SCORES, float(result["val_dice"]))

    def _search(self, cell: Cell, recipe: Recipe, report: DatasetReport) -> dict[str, Any]:
        from engine.assemble import Listener, run_network
        from engine.jobs.evaluate import score_network
        from engine.recipe import read_recipe
        from engine.search.config import SearchConfig
        from engine.search.study import begin_study
        from engine.search.worker import SearchWorker

        budget = self.matrix.search
        assert budget is not None
        config = SearchConfig(
            trials=budget.trials,
            startup_trials=budget.startup_trials,
            objectives=(budget.objective,),
            space=budget.space,
            seed=budget.seed,
        )
        found = begin_study(recipe, config, self.folder / cell.folder / STUDY, name=STUDY)
        study = tune.Study(report)

        def tune_one(asked: Path, folder: Path, goes_on: bool, tell: Emit, token: CancelToken) -> dict[str, Any]:
            one = Tune(resume=str(folder), recipe="") if goes_on else Tune(str(asked), str(folder))
            return tune.run_trial(one, tell, token, self.job_id, study)

        result = SearchWorker(found, tune_one, self._quiet, self.cancel, self.job_id).work()
        if "run" not in result:
            raise EngineError("No trial of the search succeeded.", hint="Look at the logs of its trials.")
        best = Path(result["run"])
        tuned = read_recipe(best / layout.RECIPE)
        scores = self.folder / cell.folder / layout.SCORES
        hear = Listener(self._quiet, self.cancel, self.job_id)
        score_network(run_network(best, tuned), report, "test", scores, hear, tuned.training.surface_tolerance)
        seconds = sum(float(trial.user_attrs.get("seconds", 0.0)) for trial in found.trials())
        val_dice = float(found.trial(int(result["best"])).user_attrs["val_dice"])  # another value may be the objective
        measured = self._measured(best, scores, val_dice)
        return {**measured, "seconds": seconds, "trials": int(result["trials"]), "settings": result["params"]}

    def _measured(self, run: Path, scores: Path, val_dice: float) -> dict[str, Any]:
        from engine.runs.reader import learned_numbers
        from engine.runs.scores import read_evaluation

        rows = read_evaluation(scores).rows
        positive = [row.dice for row in rows if row.truth_pixels]
        best = run / layout.BEST
        learned = learned_numbers(run)
        return {
            "dice": sum(row.dice for row in rows) / len(rows),
            "dice_positive": sum(positive) / len(positive) if positive else None,
            "val_dice": val_dice,
            "learned": learned,
            "seconds": sum(row["seconds"] for row in read_metrics(run) if row["seconds"] == row["seconds"]),
            "bytes": best.stat().st_size if learned else 0,
            "scores": scores.relative_to(self.folder).as_posix(),
        }


def _is_finished(known: CellResult | None) -> bool:
    """A cell that failed is tried again."""
    return known is not None and known.state != "failed"


def _finish(results: Results) -> dict[str, Any]:
    from engine.tournament.matrix import cells
    from engine.tournament.tables import tables, write_tables

    notes = results.notes()
    states = [result.state for result in results.cells.values()]
    return {
        "folder": str(results.folder),
        "cells": len(cells(results.matrix)),
        **{state: states.count(state) for state in ("done", "impossible", "failed")},
        "tables": write_tables(results, results.folder, notes),
        "shown": [
            {
                "title": table.title,
                "note": table.note,
                "head": list(table.head),
                "rows": [list(row) for row in table.rows],
            }
            for table in tables(results, notes)
        ],
    }
