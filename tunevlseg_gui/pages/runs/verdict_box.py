"""Whether two runs differ: the verdict in words, the difference with its interval, and how it was found."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from engine.runs.statistics import LEAST_CLUSTERS, Comparison
from tunevlseg_gui.pages.runs.sides import Outcome, better
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.text import label, set_tone


def in_short(found: Comparison, metric: str) -> tuple[str, str]:
    """Words and tone."""
    if found.verdict == "different":
        return (
            (translate("VerdictBox", "better"), "good")
            if better(metric, found.difference.mean)
            else (translate("VerdictBox", "worse"), "danger")
        )
    return (
        (translate("VerdictBox", "no real difference"), "")
        if found.verdict == "no real difference"
        else (translate("VerdictBox", "too few cases"), "warning")
    )


def difference_text(found: Comparison, digits: int = 3) -> str:
    """`+0.012 (−0.010 to +0.034)`."""
    interval = found.difference
    if not interval.n:
        return "–"
    mean = f"{interval.mean:+.{digits}f}"
    return f"{mean} ({interval.low:+.{digits}f} … {interval.high:+.{digits}f})" if interval.known else mean


class VerdictBox(QFrame):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setObjectName("verdict")
        self.title = label("", "heading", wrap=True, name="verdictTitle")
        self.numbers = label("", wrap=True, name="verdictNumbers")
        self.how = label("", "muted", wrap=True, name="verdictHow")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(14, 10, 14, 10)
        rows.setSpacing(3)
        for widget in (self.title, self.numbers, self.how):
            rows.addWidget(widget)

    def show_outcome(
        self, first: str, second: str, metric: str, title: str, found: Outcome | None, clusters: str
    ) -> None:
        """`metric` with its `title`; `clusters`: what was drawn, patients or cases."""
        if found is None or not found.pairs.keys:
            self.title.setText(translate("VerdictBox", "Nothing to compare"))
            self.numbers.setText(translate("VerdictBox", "These two were not scored on the same cases."))
            self.how.setText(
                translate("VerdictBox", "Runs with other seeds may draw other splits; evaluate both on the same cases.")
            )
            return
        verdict, difference = found.found.verdict, found.found.difference
        words = {
            "different": translate("VerdictBox", "Different: {second} is {how}"),
            "no real difference": translate("VerdictBox", "No real difference"),
            "too few cases": translate("VerdictBox", "Too few cases to tell"),
        }[verdict]
        how = translate("VerdictBox", "better") if better(metric, difference.mean) else translate("VerdictBox", "worse")
        self.title.setText(words.format(second=second, how=how))
        set_tone(self.title, {"different": "good"}.get(verdict, ""))
        text = (
            translate("VerdictBox", "{second} minus {first}: {title} {difference}, 95 % interval")
            if difference.known
            else translate("VerdictBox", "{second} minus {first}: {title} {difference}; no interval from so few")
        )
        self.numbers.setText(
            text.format(second=second, first=first, title=title, difference=difference_text(found.found))
        )
        left = found.pairs.left_out
        more = translate("VerdictBox", " {n} pairs lack the metric on one side.").format(n=left) if left else ""
        rule = translate(
            "VerdictBox",
            "Paired bootstrap (BCa) over {clusters} {what}, {n} pairs. Different: the interval excludes 0. "
            "Below {least} {what} nothing is said.",
        )
        told = rule.format(clusters=difference.clusters, what=clusters, n=difference.n, least=LEAST_CLUSTERS)
        self.how.setText(told + more)
