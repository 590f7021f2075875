"""A tournament's tables as CSV, Markdown, LaTeX and HTML, all from the same rows."""

from __future__ import annotations

import csv
import html
import io
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.contract.whole_file import write_text
from engine.tournament.matrix import GROUPS, shown_model
from engine.tournament.results import Place, Results

RESEARCH: Final = "For research use only. Not a medical device; not for diagnosis or treatment."
EMPTY: Final = "An empty answer to an empty truth counts as 1."


@dataclass(frozen=True)
class Table:
    """`bold`: cells (row, column) that are the best of their column."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bold: frozenset[tuple[int, int]] = frozenset()


def tables(results: Results, notes: Sequence[str] = ()) -> list[Table]:
    """Dice by dataset, by group of datasets, kinds of prompts, paired comparisons, cost."""
    return [_by_dataset(results, notes), _by_group(results), _kinds(results), _pairs(results), _cost(results)]


def _by_dataset(results: Results, notes: Sequence[str]) -> Table:
    names = list(results.matrix.datasets)
    rows, dice = [], []
    for model, row in results.lines():
        places = [results.place(model, row, name) for name in names]
        rows.append((shown_model(model), row, *(_place(place) for place in places)))
        dice.append([place.dice for place in places])
    seeds = len(results.matrix.seeds)
    note = (
        f"Mean Dice ± standard deviation over the (case, label) pairs of the test images, {seeds} seed"
        f"{'s' if seeds > 1 else ''}, and its 95 % interval (bootstrap over cases). {EMPTY}"
    )
    return Table(
        "Dice by dataset", " ".join([note, *notes]), ("model", "strategy", *names), tuple(rows), _best(dice, offset=2)
    )


def _place(place: Place) -> str:
    if not math.isfinite(place.dice):
        return "impossible" if place.why else "–"
    spread = f" ± {place.sd:.2f}" if math.isfinite(place.sd) else ""
    interval = f" ({place.low:.2f}–{place.high:.2f})" if math.isfinite(place.low) else ""
    return f"{place.dice:.3f}{spread}{interval}"


def _best(columns_of_rows: list[list[float]], offset: int) -> frozenset[tuple[int, int]]:
    found = set()
    for at in range(len(columns_of_rows[0]) if columns_of_rows else 0):
        known = [(row[at], number) for number, row in enumerate(columns_of_rows) if math.isfinite(row[at])]
        if known:
            best = max(f"{value:.3f}" for value, _ in known)
            found |= {(number, at + offset) for value, number in known if f"{value:.3f}" == best}
    return frozenset(found)


def _by_group(results: Results) -> Table:
    there = {entry.group for entry in results.matrix.datasets.values()}
    groups = [group for group in GROUPS if group in there]
    means = results.group_means()
    rows = [
        (shown_model(str(mean["model"])), str(mean["row"]), *(_three(mean[group]) for group in (*groups, "all")))
        for mean in means
    ]
    dice = [[float(mean[group]) for group in (*groups, "all")] for mean in means]
    return Table(
        "Dice by group of datasets",
        "The mean of the datasets' means; – where a line lacks one of them.",
        ("model", "strategy", *(GROUPS[group] for group in groups), "all"),
        tuple(rows),
        _best(dice, offset=2),
    )


def _kinds(results: Results) -> Table:
    return Table(
        "Kinds of prompts",
        "Means over the same datasets and models; the interval is a bootstrap over datasets, and a verdict needs ten "
        "of them.",
        ("first", "second", "pairs", "Dice of the first", "Dice of the second", "second − first", "verdict"),
        tuple(
            (
                str(kind["first"]),
                str(kind["second"]),
                str(kind["places"]),
                _three(kind["first_dice"]),
                _three(kind["second_dice"]),
                _difference(kind),
                str(kind["verdict"]),
            )
            for kind in results.kinds()
        ),
    )


def _pairs(results: Results) -> Table:
    return Table(
        "The best on each dataset against the others",
        "Paired by case; the intervals of a dataset hold together (Bonferroni over all pairs of lines, since the best "
        "one is chosen by the same scores). The best one's own Dice is a little too high for that reason.",
        ("dataset", "best", "other", "best − other", "verdict"),
        tuple(
            (str(pair["dataset"]), str(pair["best"]), str(pair["other"]), _difference(pair), str(pair["verdict"]))
            for pair in results.comparisons()
        ),
    )


def _cost(results: Results) -> Table:
    return Table(
        "What it costs",
        "Learned numbers and size of the file: the largest over the datasets; seconds of tuning: the mean. "
        "Only lines that finished every dataset. Pareto: no other line is at least as good in Dice and in learned "
        "numbers, and better in one of them.",
        ("model", "strategy", "Dice", "learned numbers", "seconds", "file", "Pareto"),
        tuple(
            (
                shown_model(str(point["model"])),
                str(point["row"]),
                _three(point["dice"]),
                f"{point['learned']:,}",
                f"{point['seconds']:.0f}",
                _size(int(point["bytes"])),
                "yes" if point["pareto"] else "",
            )
            for point in results.front()
        ),
    )


def _three(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"


def _difference(found: dict[str, Any]) -> str:
    if not math.isfinite(found["difference"]):
        return "–"
    interval = f" ({found['low']:+.3f} to {found['high']:+.3f})" if math.isfinite(found["low"]) else ""
    return f"{found['difference']:+.3f}{interval}"


def _size(count: int) -> str:
    if not count:
        return "–"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


# -- files -------------------------------------------------------------------------------------------------------


def write_tables(results: Results, folder: Path, notes: Sequence[str] = ()) -> dict[str, str]:
    """results.csv (a line for each place, full numbers), .md, .tex and .html; kind → path."""
    found = tables(results, notes)
    title = results.matrix.name
    texts: dict[str, Callable[[], str]] = {
        "csv": lambda: _csv(results),
        "md": lambda: _markdown(title, found),
        "tex": lambda: _latex(found),
        "html": lambda: _html(title, found),
    }
    return {kind: str(write_text(folder / f"results.{kind}", text())) for kind, text in texts.items()}


def _csv(results: Results) -> str:
    text = io.StringIO()
    names = [name for name in Place.__slots__ if name != "why"]
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*names, "group", "why"])
    for place in results.places():
        values = [getattr(place, name) for name in names]
        group = results.matrix.datasets[place.dataset].group
        rows.writerow([*(_cell(value) for value in values), group, _cell(place.why)])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    if isinstance(value, float):
        return "" if not math.isfinite(value) else f"{value:.6f}"
    return value


def _markdown(title: str, found: Sequence[Table]) -> str:
    parts = [f"# {_marked(title)}", ""]
    for table in found:
        parts += [f"## {table.title}", "", table.note, ""]
        parts += [_pipes(table.head), _pipes(["---"] * len(table.head))]
        for number, row in enumerate(table.rows):
            parts.append(_pipes(row, {at for at in range(len(row)) if (number, at) in table.bold}))
        parts.append("")
    return "\n".join([*parts, RESEARCH, ""])


def _pipes(cells: Sequence[str], bold: Collection[int] = ()) -> str:
    return (
        "| "
        + " | ".join(f"**{_marked(cell)}**" if at in bold else _marked(cell) for at, cell in enumerate(cells))
        + " |"
    )


def _marked(text: str) -> str:
    """Names may hold what Markdown takes for a cell's end, a tag or emphasis."""
    return html.escape(text, quote=False).replace("|", "\\|").replace("*", "\\*").replace("`", "\\`")


_TEX: Final = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "−": "$-$", "±": r"$\pm$", "×": r"$\times$",
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def _latex(found: Sequence[Table]) -> str:
    parts = ["% Needs \\usepackage{booktabs}."]
    for table in found:
        parts += [
            "\\begin{table}",
            f"\\caption{{{_tex(table.title)}. {_tex(table.note)}}}",
            f"\\begin{{tabular}}{{{'l' * len(table.head)}}}",
            "\\toprule",
            " & ".join(_tex(name) for name in table.head) + " \\\\",
            "\\midrule",
        ]
        for number, row in enumerate(table.rows):
            shown = [f"\\textbf{{{_tex(c)}}}" if (number, at) in table.bold else _tex(c) for at, c in enumerate(row)]
            parts.append(" & ".join(shown) + " \\\\")
        parts += ["\\bottomrule", "\\end{tabular}", "\\end{table}", ""]
    return "\n".join([*parts, f"% {RESEARCH}", ""])


_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0 0 2rem; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .3rem .8rem; }
th, td { text-align: left; font-variant-numeric: tabular-nums; }
p.note { opacity: .8; max-width: 50rem; }
.scroll { overflow-x: auto; }
"""


def _html(title: str, found: Sequence[Table]) -> str:
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{html.escape(title)}</h1>",
    ]
    for table in found:
        parts += [f"<h2>{html.escape(table.title)}</h2>", f'<p class="note">{html.escape(table.note)}</p>']
        parts.append('<div class="scroll"><table><thead><tr>')
        parts += [f'<th scope="col">{html.escape(name)}</th>' for name in table.head]
        parts.append("</tr></thead><tbody>")
        for number, row in enumerate(table.rows):
            cells = (
                f"<td><strong>{html.escape(c)}</strong></td>"
                if (number, at) in table.bold
                else f"<td>{html.escape(c)}</td>"
                for at, c in enumerate(row)
            )
            parts.append(f"<tr>{''.join(cells)}</tr>")
        parts.append("</tbody></table></div>")
    return "\n".join([*parts, f"<p><strong>{RESEARCH}</strong></p>", "</body></html>", ""])
