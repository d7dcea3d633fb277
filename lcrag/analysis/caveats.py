"""What limits a comparison: strategies that could not be run, models that need no document, too few documents."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Protocol

import pandas as pd

from lcrag.analysis.contrast import ALPHA, Contrast, seen
from lcrag.analysis.tables import smallest_p
from lcrag.outcomes.costs import UNIT_NAMES
from lcrag.statistics import Variation, documents_needed
from lcrag.tables import human, many

TARGETS = (0.1, 0.05, 0.02)  # differences to plan for: the first that is too small for this run
FEW = 0.01  # failures of a smaller share of questions are told at the foot of the table only
REASON_LIMIT = 200  # characters of an error


class Compared(Protocol):
    """What a verdict is made from: a ``Comparison``."""

    @property
    def table(self) -> pd.DataFrame:
        """A row for each strategy, router and baseline."""

    @property
    def best(self) -> str:
        """The strategy with the highest accuracy."""

    @property
    def unit(self) -> str:
        """What costs are counted in."""

    @property
    def contrast(self) -> Contrast | None:
        """Retrieval against long context."""

    @property
    def closed_book(self) -> tuple[str, ...]:
        """The strategies that do not read the documents."""

    @property
    def reasons(self) -> Mapping[str, str]:
        """The first error of each strategy that failed."""


def failures(comparison: Compared, reading: pd.DataFrame) -> list[str]:
    """A sentence for each strategy of the contrast that failed on more than ``FEW``, and for any that failed on all.

    Args:
        comparison: the comparison.
        reading: its rows of strategies that read the documents, by name.
    """
    pair = comparison.contrast
    failed = reading["failed"] + reading["counted_wrong"]
    total = reading["scored"] + reading["failed"] + reading["unscored"]
    sentences = []
    for name in reading.index[failed > 0]:
        in_pair = pair is not None and name in (pair.first, pair.second)
        if failed[name] < total[name] * (FEW if in_pair else 1):
            continue
        effect = ""
        if in_pair and reading["counted_wrong"][name]:
            effect = ", which count as wrong"
        elif in_pair and failed[name] < total[name]:
            effect = ", which the comparison leaves out"
        reason = " ".join(comparison.reasons.get(name, "").split())[:REASON_LIMIT].rstrip(".")
        sentences.append(
            f"{name} could not be run on {failed[name]} of {many(int(total[name]), 'question')}{effect}"
            f"{f' ({reason})' if reason else ''}."
        )
    return sentences


def floor(comparison: Compared, closed_book: pd.Series[float]) -> list[str]:
    """A sentence where it is not shown that reading the documents helps.

    Args:
        comparison: the comparison.
        closed_book: scores of the strategies that do not read them, below that of the best.
    """
    if not len(closed_book):
        return []
    name = closed_book.idxmax()
    p_values = comparison.table.set_index("name")["p_value"]
    if p_values[name] < ALPHA:
        return []
    return [
        f"It is not shown that any strategy is better than {name} ({percent(closed_book[name])}), which reads no "
        "document."
    ]


def detectable(table: pd.DataFrame, documents: int, contrast: Contrast | None) -> list[str]:
    """How large a difference must be to be seen, from the variation of the differences of the contrast's strategies.

    None where their answers never differ, and where ``tables.footnotes`` says that no difference can be significant.
    """
    if contrast is None or not contrast.variation.variance > 0 or smallest_p(table, documents) > ALPHA:
        return []
    return [seen(contrast.paired.n, len(contrast.sizes), contrast.smallest, contrast.tests)]


def further_documents(pair: Contrast) -> str:
    """How many documents would settle what this run leaves open."""
    target = next((t for t in TARGETS if not pair.smallest <= t), TARGETS[-1])
    each = max(1, round(sum(pair.sizes) / len(pair.sizes)))
    is_known = pair.variation.variance > 0 and len(pair.sizes) > 1
    documents = documents_needed(
        target, each, pair.variation if is_known else Variation(), comparisons=pair.tests
    )
    return (
        f"To show a difference of {points(target)}, take about {documents} documents with "
        f"{many(each, 'question')} each (80% power)."
    )


def best_of_all(comparison: Compared, ahead: str) -> list[str]:
    """A sentence on the best strategy where it is none of the contrast's.

    Args:
        comparison: the comparison.
        ahead: the better of the contrast's two strategies.
    """
    pair = comparison.contrast
    if pair is None or comparison.best in (pair.first, pair.second, *comparison.closed_book):
        return []
    table = comparison.table.set_index("name")
    row = table.loc[comparison.best]
    shown = "" if table["p_value"][ahead] < ALPHA else f", but it is not shown to be better than {ahead}"
    cost = "" if isnan(row.cost) else f" at {amount(row.cost, comparison.unit)} per question"
    return [f"{comparison.best} has the highest score of all ({percent(row.accuracy)}{cost}){shown}."]


def percent(share: float) -> str:
    """``0.52`` as ``52%``."""
    return f"{share:.0%}"


def points(share: float) -> str:
    """``0.1`` as ``10 points``."""
    return many(round(100 * share), "point")


def amount(cost: float, unit: str) -> str:
    """A cost with its unit."""
    return f"${cost:.2g}" if unit == "dollars" else f"{human(cost)} {UNIT_NAMES[unit]}"
