"""The cost of many questions on one document, by approach: as a table and as a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lcrag.analysis.plots import figure_of
from lcrag.cost.amortisation import LinearCost, break_even
from lcrag.tables import aligned, dollars, fitted, human, left_out, many

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLES = {
    "long context, cold": ("#8A8A8A", "--"),
    "long context, warm": ("#0072B2", "-"),
    "retrieval": ("#D55E00", "-"),
    "memory": ("#009E73", "-"),
}  # Okabe and Ito
LABELS = {"dollars": "dollars", "FLOPs": "FLOPs", "seconds": "seconds, one call after the other"}


def steps(questions: int) -> list[int]:
    """The numbers of questions to print totals for: the powers of ten below ``questions``, and ``questions``."""
    below = [10**k for k in range(6) if 10**k < questions]
    return [*below, questions]


def table(blocks: Mapping[str, Sequence[LinearCost]], questions: int, kv: Sequence[float] = ()) -> str:
    """A block for each unit: the cost of what is made once, of the first question, of each later one, and totals.

    Args:
        blocks: lines by unit (dollars, FLOPs, seconds).
        questions: the largest number of questions.
        kv: bytes of the KV cache for each line, printed in the first block.
    """
    sizes = steps(questions)
    heads = [many(m, "question") for m in sizes]
    parts: list[list[str]] = []
    missing: dict[str, None] = {}
    for i, (unit, lines) in enumerate(blocks.items()):
        rows = [[unit, "build", "first", "each later", *heads, *(["KV bytes"] if kv and not i else [])]]
        for j, line in enumerate(lines):
            totals = [line.total(m) for m in sizes]
            amounts = [line.build or float("nan"), line.first, line.later, *totals]
            row = [line.name, *(cell(a, unit) for a in amounts)]
            rows.append([*row, *([human(kv[j])] if kv and not i else [])])
        cells, dropped = fitted(rows, drop=heads[:-1])
        missing.update(dict.fromkeys(dropped))
        parts.append(aligned(cells))
    rule = "─" * max(len(line) for part in parts for line in part)
    body = [rule]
    for head, *rest in parts:
        body += [head, rule, *rest, rule]
    return "\n".join([*body, *left_out([*missing])])


def cell(amount: float, unit: str) -> str:
    """An amount with the digits that suit its unit."""
    if unit == "dollars":
        return dollars(amount)
    if unit == "seconds" and 0 < amount < 9.995:
        return f"{amount:.2f}" if amount >= 0.01 else f"{amount:.1e}"
    return human(amount)


def crossings(lines: Sequence[LinearCost], unit: str) -> list[str]:
    """Sentences that say from how many questions on one approach takes less than another."""
    named = {line.name: line for line in lines}
    sentences = []
    for one, other in (
        ("long context, warm", "retrieval"),
        ("long context, warm", "memory"),
        ("memory", "retrieval"),
    ):
        pair = (named[one], named[other])
        less, more = pair if pair[0].later < pair[1].later else pair[::-1]
        since = break_even(less, more)
        if since is None:
            sentences.append(f"In {unit} {one} and {other} take the same.")
        else:
            when = "the first question" if since == 1 else f"{since:,} questions"
            sentences.append(f"In {unit} {less.name} takes less than {more.name} from {when} on.")
    return sentences


def curve(lines: Sequence[LinearCost], questions: int, unit: str, title: str) -> Figure:
    """Cost per question against the number of questions, with the break-even points of long context, warm."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    figure = figure_of(8.4, 5.2)
    axes = figure.add_subplot()
    last = max(questions, 2)
    numbers = sorted({round(last ** (i / 120)) for i in range(121)})
    for line in lines:
        colour, dashes = STYLES[line.name]
        axes.plot(
            numbers, [line.total(m) / m for m in numbers], color=colour, ls=dashes, lw=2, label=line.name
        )
    named = {line.name: line for line in lines}
    for other in ("retrieval", "memory"):
        warm = named["long context, warm"]
        since = break_even(warm, named[other]) or break_even(named[other], warm)
        if since and 1 < since <= last:
            height = named[other].total(since) / since
            axes.scatter([since], [height], s=62, c="white", edgecolors="#222222", linewidths=1.5, zorder=3)
            axes.annotate(f"m = {since}", (since, height), (8, 8), textcoords="offset points", fontsize=9)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}" if unit == "dollars" else human(y)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlim(1, last)
    axes.set_xlabel("questions on the same document")
    axes.set_ylabel(f"{LABELS[unit]} per question, with its share of what is made once")
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
