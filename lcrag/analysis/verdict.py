"""The result in words: which strategy to use, at what cost, how sure. Never more than the test and its interval say."""

from __future__ import annotations

from math import isnan

import pandas as pd

from lcrag.analysis import caveats
from lcrag.analysis.caveats import Compared, amount, percent, points
from lcrag.analysis.contrast import ALPHA, TOLERABLE, Contrast
from lcrag.tables import many

MAX_SENTENCES = 4


def verdict(comparison: Compared) -> str:
    """Two to four sentences, mostly on retrieval and long context (``Contrast``).

    A strategy is called better only where the paired test is significant after the table's correction and the 95%
    interval of the difference leaves out 0; a cheaper one is called as good only where that interval leaves out a loss
    of more than ``TOLERABLE``. What is not shown is said to be open, with the number of documents that would show it.
    No strategy is recommended that scores 0, or no more than one that does not read the documents.
    """
    strategies = comparison.table[comparison.table["group"] == "strategy"].set_index("name")
    closed = strategies["accuracy"][list(comparison.closed_book)].dropna()
    reading = strategies.drop(index=list(comparison.closed_book))
    failures = caveats.failures(comparison, reading)
    top, base = reading["accuracy"].max(), max([0.0, *closed])
    pair = comparison.contrast
    if isnan(top):
        sentences = ["No answer from the documents could be scored, so there is no verdict.", *failures]
    elif top <= base:
        sentences = [*_no_use(reading, closed), *failures]
    elif pair is None:
        sentences = [_alone(comparison, reading), *failures, *caveats.floor(comparison, closed)]
    elif not pair.paired.n:
        scored = [name for name in (pair.first, pair.second) if reading["scored"][name]]
        alone = [_alone(comparison, reading.loc[[name]]) for name in scored]
        unable = f"{pair.first} and {pair.second} cannot be compared: no question is scored in both."
        sentences = [*(failures or [unable]), *alone, *caveats.floor(comparison, closed)]
    elif max(pair.scores) <= base:
        sentences = [_below(pair, closed), *failures, *caveats.best_of_all(comparison, pair.better)]
    else:
        claim, chosen = _claim(pair, base)
        more = caveats.best_of_all(comparison, chosen) if chosen else [caveats.further_documents(pair)]
        sentences = [
            claim, _costs(comparison, pair, chosen, base), *failures, *caveats.floor(comparison, closed), *more
        ]  # fmt: skip
    return " ".join(sentences[:MAX_SENTENCES])


def _claim(pair: Contrast, base: float) -> tuple[str, str]:
    """What the test and the interval show of the two, and the strategy that they speak for, if any."""
    paired, better, worse = pair.paired, pair.better, pair.other(pair.better)
    scores = f"{percent(pair.score(better))} against {percent(pair.score(worse))}"
    both = f"{better} ({percent(pair.score(better))}) and {worse} ({percent(pair.score(worse))})"
    if len(pair.sizes) == 1:
        return f"{both} are compared on one document, which shows nothing for other documents.", ""
    interval = f"the 95% interval of the difference is {_interval(pair, better)} points"
    p = "p < 0.001" if pair.p_value < 0.001 else f"p = {pair.p_value:.2g}"
    if pair.is_shown:
        return f"{better} is better than {worse}: {scores} ({interval}; {p}).", better
    if (cheap := pair.as_good) and pair.score(cheap) > base:
        own, other = percent(pair.score(cheap)), percent(pair.score(pair.other(cheap)))
        claim = (
            f"{cheap} scores at most {points(TOLERABLE)} less than {pair.other(cheap)}: {own} against {other} (the 95% "
            f"interval of the difference is {_interval(pair, cheap)} points)."
        )
        return claim, cheap
    if not paired.wins + paired.losses:
        claim = f"{both} score the same on each of {many(paired.n, 'question')}, which are too few to call them equal."
    elif paired.p_value < ALPHA:
        among = f"with {many(pair.tests, 'test')} in the table " if pair.p_value >= ALPHA else ""
        claim = (
            f"{better} may be better than {worse}, {scores} ({interval}), but {among}this is not shown ({p})."
        )
    else:
        claim = f"No difference between {both} could be shown: {interval} ({p})."
    return claim, ""


def _interval(pair: Contrast, name: str) -> str:
    """The interval of the score of ``name`` minus that of the other, in points, with a decimal near 0."""
    bounds = (pair.paired.low, pair.paired.high)
    low, high = bounds if name == pair.first else (-bounds[1], -bounds[0])
    form = "+.1f" if 0 < min(abs(low), abs(high)) < 0.01 else "+.0f"
    return f"{100 * low + 0:{form}} to {100 * high + 0:{form}}"


def _costs(comparison: Compared, pair: Contrast, chosen: str, base: float) -> str:
    """What the two cost, and what follows from it."""
    if any(isnan(cost) for cost in pair.costs):
        return f"What they cost is not known{f': use {chosen}' if chosen else ''}."
    cheap = pair.cheaper
    if not cheap:
        follows = f": use {chosen}" if chosen else ""
        return f"Both cost {amount(pair.costs[0], comparison.unit)} per question{follows}."
    dear = pair.other(cheap)
    low, high = sorted(pair.costs)
    times = f", {high / low:.2g} times as much" if low > 0 else ""
    costs = f"{cheap} costs {amount(low, comparison.unit)} per question, {dear} {amount(high, comparison.unit)}{times}"
    loss = pair.max_loss(cheap)
    if chosen == cheap:
        return f"{costs}: use {cheap}."
    if chosen:
        otherwise = f", else {cheap}" if pair.score(cheap) > base else ""
        return f"{costs}: use {dear} where the difference is worth that{otherwise}."
    if loss > 0:
        return f"{costs}; {cheap} may score up to {points(loss)} less."
    return f"{costs}."


def _no_use(reading: pd.DataFrame, closed: pd.Series[float]) -> list[str]:
    """No strategy that reads the documents is worth a recommendation."""
    top = reading["accuracy"].max()
    if top <= 0:
        return [
            "No strategy that reads the documents is right on any question, so none is recommended.",
            "Read some answers in the report: the reader may be too weak, or the metric may not fit them.",
        ]
    return [
        f"{closed.idxmax()}, which reads no document, scores {percent(closed.max())}, and no strategy that reads them "
        f"scores more than {percent(top)}, so none is recommended.",
        "Ask questions that the model cannot answer without the documents.",
    ]


def _below(pair: Contrast, closed: pd.Series[float]) -> str:
    """Neither of the two is worth a recommendation."""
    scores = " nor ".join(f"{name} ({percent(pair.score(name))})" for name in (pair.first, pair.second))
    than = (
        f"{closed.idxmax()} ({percent(closed.max())}), which reads no document" if closed.max() > 0 else "0%"
    )
    return f"Neither {scores} scores more than {than}, so neither is recommended."


def _alone(comparison: Compared, reading: pd.DataFrame) -> str:
    """The only strategy that has scores."""
    row = reading.loc[reading["accuracy"].idxmax()]
    interval = "" if isnan(row.low) else f" (95% interval {percent(row.low)} to {percent(row.high)})"
    cost = "" if isnan(row.cost) else f" at {amount(row.cost, comparison.unit)} per question"
    return (
        f"{row.name} scores {percent(row.accuracy)}{interval}{cost}, and there is nothing to compare it with."
    )
