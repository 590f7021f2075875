"""Which wording of a label the untuned model follows best on the validation images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, UnknownName
from engine.contract.events import Log
from engine.contract.jobs import ComparePhrases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.data.config import LabelConfig
    from engine.insight.phrase_scores import WordingScore

MOST = 24
CHOSEN_HERE = (
    "A wording that is chosen on these images looks a little better on them than it is: the test split tells the rest."
)


def run(job: ComparePhrases, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises RecipeError, UnknownName for a label that is not there, InputError for a blank wording or none to compare,
    DatasetIncomplete without validation images, WeightsMissing, Cancelled."""
    from engine.assemble import Listener, make_split
    from engine.insight.phrase_scores import compared, to_values, wording_dice
    from engine.insight.untuned import open_untuned

    hear = Listener(emit, cancel, job_id)
    network, report = open_untuned(job.data, job.weights, job.seed, hear)
    report.require_split("val")
    wordings = asked_wordings(job, report.labels)
    _warn_cut(network, wordings, hear)
    dataset = make_split(network, report, "val", hear)
    dice = wording_dice(network, dataset, wordings, hear)
    patients = [ref.finding.case.patient for ref in dataset.refs]
    rows = []
    for label, texts, found in zip(report.labels, wordings, dice, strict=True):
        if texts:
            cancel.check()
            scores = compared(texts, found, patients, job.seed)
            rows.append(
                {
                    "label": label.name,
                    "value": label.value,
                    "wordings": [to_values(score) for score in scores],
                    "words": in_words(scores),
                }
            )
    return {"labels": rows, "images": len(dataset), "patients": len(set(patients)), "words": CHOSEN_HERE}


def asked_wordings(job: ComparePhrases, labels: Sequence[LabelConfig]) -> list[list[str]]:
    """For each label its phrase and the wordings beside it; empty for a label that nobody asks about."""
    from engine.insight.wordings import wordings_for

    names = {label.name for label in labels}
    given = dict(job.wordings)
    if "" in given and len(labels) == 1:
        given = {labels[0].name: given[""]}  # the only label need not be named
    if "" in given:
        raise InputError(
            f"There are several labels: {', '.join(label.name for label in labels)}.",
            hint="Say whose wording it is: LABEL=TEXT.",
            field="wordings",
        )
    for name, texts in given.items():
        if name not in names:
            raise UnknownName(
                f"There is no label {name!r} in this dataset.",
                hint=f"Its labels: {', '.join(label.name for label in labels)}.",
                field="wordings",
            )
        if len(texts) > MOST:
            raise InputError(
                f"{len(texts)} wordings for {name!r} are too many to compare at once.",
                hint=f"Give at most {MOST}: among more, one looks better by chance.",
                field="wordings",
            )
        if any(not text.strip() for text in texts):
            raise InputError(
                f"A wording for {name!r} is blank.", hint="Write what the model is to look for.", field="wordings"
            )
    found = []
    for label in labels:
        texts = [" ".join(text.split()) for text in given.get(label.name, ())]
        if job.suggest:
            texts += wordings_for(label.name, label.phrase, label.alternatives)
        whole = list(dict.fromkeys([label.phrase, *texts]))
        found.append(whole if len(whole) > 1 else [])
    if not any(found):
        raise InputError(
            "There is nothing to compare: no wording beside the labels' own phrases.",
            hint="Write another wording, or ask for suggestions.",
            field="wordings",
        )
    return found


def _warn_cut(network: Any, wordings: Sequence[Sequence[str]], hear: Any) -> None:
    for text in dict.fromkeys(text for texts in wordings for text in texts):
        cut = network.tokenizer.will_cut(text, network.reserve())
        if cut:
            hear.emit(
                Log(hear.job_id, f"{text!r} is longer than the model's limit; it does not see: {cut!r}.", "warning")
            )


def in_words(scores: Sequence[WordingScore]) -> str:
    """What follows for one label, in a sentence."""
    better = [score for score in scores if score.verdict == "better"]
    if better:
        best = max(better, key=lambda score: score.dice.mean)
        gain = best.difference.mean if best.difference is not None else 0.0
        return f"“{best.text}” is better than “{scores[0].text}”, by {gain:.2f} Dice."
    if any(score.verdict == "too few cases" for score in scores):
        count = scores[0].dice.clusters
        told = "1 validation patient is" if count == 1 else f"{count} validation patients are"
        return f"{told} too few to tell wordings apart."
    return f"None is really better than “{scores[0].text}”."
