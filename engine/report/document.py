"""Facts of runs → one HTML document. Everything that comes from files is escaped by the template engine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import engine
from engine.contract.durations import duration
from engine.contract.notices import RESEARCH_ONLY
from engine.report.charts import Chart, curve_chart
from engine.report.gather import RunFacts
from engine.report.identity import CaseNames, without_paths
from engine.runs.comparison import differing_settings
from engine.runs.folders import resources
from engine.runs.scores import EMPTY_MASKS, METRICS, paired
from engine.runs.statistics import LEAST_CLUSTERS, LEAST_FOR_INTERVAL, compare

FEW_CASES = 30


def document(runs: Sequence[RunFacts], *, case_names: bool = False) -> str:
    """The whole file. Raises ValueError for no runs."""
    if not runs:
        raise ValueError("no runs")
    names = CaseNames((case for run in runs for one, _ in run.scores for case in one.cases), shown=case_names)
    environment = Environment(
        loader=FileSystemLoader(resources() / "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(score=_score, interval=_interval, yaml=_yaml, duration=duration)
    titles = _titles(runs)
    told = [{**_told(run, names), "name": title} for run, title in zip(runs, titles, strict=True)]
    return environment.get_template("report.html").render(
        title=runs[0].run.name if len(runs) == 1 else f"{len(runs)} runs",
        made=time.strftime("%Y-%m-%d %H:%M"),
        version=engine.__version__,
        notice=RESEARCH_ONLY,
        synthetic=any(run.synthetic for run in runs),
        case_names=case_names,
        runs=told,
        metrics=METRICS,
        comparison=_comparison(runs, titles) if len(runs) > 1 else None,
        empty_masks=EMPTY_MASKS,
        least=LEAST_FOR_INTERVAL,
        least_verdict=LEAST_CLUSTERS,
    )


def _titles(runs: Sequence[RunFacts]) -> list[str]:
    """Names that differ: runs of the same name have their seed added, and a number where that is the same too."""
    names = [facts.run.name for facts in runs]
    seeded = [
        f"{name} (seed {facts.run.recipe.get('seed', '?')})" if names.count(name) > 1 else name
        for name, facts in zip(names, runs, strict=True)
    ]
    return [f"{name}, {at}" if seeded.count(name) > 1 else name for at, name in enumerate(seeded, 1)]


def _told(facts: RunFacts, names: CaseNames) -> dict[str, Any]:
    run, recipe = facts.run, without_paths(facts.run.recipe)
    return {
        "state": run.state,
        "recipe": recipe,
        "strategy": _named(recipe, "strategy", "name"),
        "weights": _named(recipe, "model", "weights"),
        "facts": facts,
        "dice": facts.dice,
        "split": facts.main[0].name if facts.main else "",
        "best_epoch": run.best_epoch,
        "best_dice": run.best_dice,
        "seconds": run.seconds,
        "charts": _charts(facts),
        "environment": without_paths(facts.environment),
        "changes": [without_paths(change) for change in facts.changes],
        "examples": [replace(example, case=names[example.case]) for example in facts.examples],
        "limits": limits(facts),
    }


def _named(recipe: dict[str, Any], group: str, key: str) -> str:
    found = recipe.get(group)
    return str(found.get(key) or "–") if isinstance(found, dict) else "–"


def _charts(facts: RunFacts) -> list[Chart]:
    rows, best = facts.run.metrics, facts.run.best_epoch

    def line(column: str) -> list[tuple[float, float]]:
        return [(row["epoch"], row[column]) for row in rows if column in row]

    mark = None if best is None else float(best)
    dice = curve_chart(
        "Dice",
        [("Training", "train", [line("train_dice")]), ("Validation", "val", [line("val_dice")])],
        best=mark,
        top=1.0,
    )
    loss = curve_chart("Loss", [("Training", "train", [line("train_loss")]), ("Validation", "val", [line("val_loss")])])
    return [chart for chart in (dice, loss) if chart is not None]


def limits(facts: RunFacts) -> list[str]:
    """What a reader must know before relying on the numbers; each sentence follows from what the run holds."""
    said = []
    if facts.synthetic:
        said.append("The images are drawn (synthetic): the scores say nothing about real scans.")
    if facts.main is None:
        said.append("The run was not scored on a test split; the validation Dice chose the epoch and is too high.")
    else:
        evaluation, _ = facts.main
        clusters = len({evaluation.cluster(case) for case in evaluation.cases})
        what = "patients" if evaluation.knows_patients else "cases"
        if evaluation.split in ("train", "val", "all"):
            said.append(
                f"The scores are of the {evaluation.split} split, which the run learnt or chose its epoch from."
            )
        if clusters < FEW_CASES:
            said.append(f"Only {clusters} {what} were scored: intervals of so few are somewhat too narrow.")
        if not evaluation.knows_patients:
            said.append(
                "Patients are not known: each case counts as independent, which several of one patient are not."
            )
    if facts.run.state != "finished":
        said.append(f"The run is {facts.run.state}: its numbers are those of the epochs so far.")
    said.append(
        "One split of one dataset: other scanners, centres and patients may differ more than the interval says."
    )
    said.append("Masks are cut at one half; the probabilities are not calibrated.")
    return said


def _comparison(runs: Sequence[RunFacts], names: Sequence[str]) -> dict[str, Any]:
    """Each run against the first one, on the evaluation that counts for both."""
    first = runs[0].main
    rows = []
    for facts in runs[1:]:
        mine = facts.main
        pairs = paired(first[0], mine[0]) if first and mine else None
        found = compare(pairs.first, pairs.second, pairs.clusters) if pairs and pairs.keys else None
        rows.append({"pairs": pairs, "found": found})
    apart = [{key: value for key, value in facts.run.recipe.items() if key != "name"} for facts in runs]
    curves = [[(row["epoch"], row["val_dice"]) for row in facts.run.metrics if "val_dice" in row] for facts in runs]
    series = [(name, f"run{at % 6}", [line]) for at, (name, line) in enumerate(zip(names, curves, strict=True))]
    return {
        "rows": rows,
        "settings": differing_settings([without_paths(recipe) for recipe in apart]),
        "names": list(names),
        "chart": curve_chart("Validation Dice", series),
    }


def _score(value: float | None, metric: str = "dice") -> str:
    return "–" if value is None else f"{value:.{1 if metric == 'hd95' else 3}f}"


def _interval(row: dict[str, Any], metric: str) -> str:
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return "" if low is None else f"{_score(low, metric)}–{_score(high, metric)}"


def _yaml(values: Any) -> str:
    from engine.config.yaml_io import dump_yaml

    return dump_yaml(values)
