"""Two strategies of a table of outcomes, compared answer by answer by a judge."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, did_you_mean
from lcrag.judges.base import JudgeTools
from lcrag.judges.pairwise import Preference, compare_pair
from lcrag.outcomes.duplicates import clusters
from lcrag.outcomes.failures import counted_wrong
from lcrag.readers.base import Reader
from lcrag.schema import Answer, Question
from lcrag.statistics.paired import Paired, paired_difference
from lcrag.tables import known, many, p_value

if TYPE_CHECKING:
    import pandas as pd

PAIR = ["question_id", "model", "seed"]
_VALUES = {"first": 1.0, "tie": 0.0, "second": -1.0, None: float("nan")}


@dataclass(frozen=True)
class Preferences:
    """A judge's preferences between two strategies.

    Attributes:
        first: The name of one strategy; it is the one that wins or loses.
        second: The name of the other.
        table: One row for each pair: ``question_id``, ``model``, ``seed``, ``document_id``, ``preference`` (``first``,
            ``second``, ``tie``, empty without a verdict), ``in_order``, ``swapped`` (the verdicts of the two orders).
        wins: Pairs whose first answer is preferred in both orders.
        ties: Pairs without a difference, or with orders that disagree.
        losses: Pairs whose second answer is preferred in both orders.
        unreadable: Pairs without a verdict in one of the orders.
        left_out: Pairs of which a call had failed.
        order_decided: The share of the pairs that were asked in both orders in which the verdicts differ; NaN without
            any.
        first_place: How often, of all verdicts that are not ties, the judge chose the answer that it was shown first;
            0.5 without position bias, NaN without any.
        paired: Wins less losses per pair, with an interval and a test that are clustered by document.
    """

    first: str
    second: str
    table: pd.DataFrame
    wins: int
    ties: int
    losses: int
    unreadable: int
    left_out: int
    order_decided: float
    first_place: float
    paired: Paired

    def __str__(self) -> str:
        p = self.paired
        lines = [
            f"{self.first} against {self.second}: {many(self.wins, 'win')}, {many(self.ties, 'tie')}, "
            f"{many(self.losses, 'loss', 'losses')}",
            f"Wins less losses per pair: {known(p.difference)} [{known(p.low, '.2f')}, {known(p.high, '.2f')}], "
            f"p = {p_value(p.p_value, p.p_is_bound)} (by document)",
        ]
        if not isnan(self.order_decided):
            lines.append(f"The order decided {self.order_decided:.0%} of the pairs; these count as ties.")
        if not isnan(self.first_place):
            lines.append(
                f"Of the verdicts that are not ties {self.first_place:.0%} went to the answer shown first "
                "(without position bias: 50%)."
            )
        if self.unreadable:
            have = "has" if self.unreadable == 1 else "have"
            lines.append(f"{many(self.unreadable, 'pair')} {have} no verdict.")
        if self.left_out:
            are = "is" if self.left_out == 1 else "are"
            lines.append(f"{many(self.left_out, 'pair')} {are} left out: a call had failed.")
        return "\n".join(lines)


async def preferences(
    outcomes: pd.DataFrame,
    first: str,
    second: str,
    tools: JudgeTools,
    judge: Reader | None = None,
    *,
    limit: int | None = None,
    seed: int = 0,
) -> Preferences:
    """Ask a judge which strategy's answer is better, for each question that both have answered.

    Args:
        outcomes: a table of outcomes with the text of the questions.
        first: the name of one strategy.
        second: the name of the other.
        tools: asks the judge.
        judge: who is asked; ``None`` for the experiment's reader.
        limit: the maximum number of pairs, drawn at random.
        seed: seeds the draw and the test.

    Raises:
        LcragError: a strategy is not in the table, no question has two answers, or the judge cannot be asked.
    """
    names = list(dict.fromkeys(outcomes["strategy"]))
    for name in (first, second):
        if name not in names:
            raise LcragError(f"The outcomes have no strategy {name!r}; {did_you_mean(name, names)}")
    if first == second:
        raise LcragError(f"{first!r} cannot be compared with itself: name two strategies.")
    frame = outcomes.assign(
        _failed=outcomes["error"].ne("") | counted_wrong(outcomes), _cluster=clusters(outcomes)
    )
    halves = [frame[frame["strategy"] == name] for name in (first, second)]
    pairs = halves[0].merge(halves[1][[*PAIR, "answer", "_failed"]], on=PAIR, suffixes=("", "_other"))
    answered = pairs[~(pairs["_failed"] | pairs["_failed_other"])].reset_index(drop=True)
    if not len(answered):
        raise LcragError(
            f"{first} and {second} have both answered no question: run both on the same questions."
        )
    if answered["question"].eq("").all():
        raise LcragError(
            "The outcomes do not hold the questions' texts: a judge cannot compare answers without them."
        )
    left_out = len(pairs) - len(answered)
    if limit is not None and limit < len(answered):
        drawn = sorted(random.Random(seed).sample(range(len(answered)), limit))
        answered = answered.iloc[drawn].reset_index(drop=True)
    rows = answered.to_dict("records")
    results = await asyncio.gather(
        *(
            compare_pair(_question(r), Answer(r["answer"]), Answer(r["answer_other"]), tools, judge)
            for r in rows
        )
    )
    return _summary(answered, results, first, second, left_out, seed)


def _question(row: dict[str, Any]) -> Question:
    gold = row.get("gold", "")
    return Question(
        row["question_id"], row["question"], (row["document_id"],), (gold,) if gold else (), row["kind"]
    )


def _summary(
    pairs: pd.DataFrame, results: list[Preference], first: str, second: str, left_out: int, seed: int
) -> Preferences:
    choices = [r.choice for r in results]
    both = [r for r in results if r.in_order is not None and r.swapped is not None]
    places = [r.in_order == "first" for r in results if r.in_order in ("first", "second")]
    places += [r.swapped == "second" for r in results if r.swapped in ("first", "second")]
    values = [_VALUES[choice] for choice in choices]
    table = pairs[[*PAIR, "document_id"]].assign(
        preference=[choice or "" for choice in choices],
        in_order=[r.in_order or "" for r in results],
        swapped=[r.swapped or "" for r in results],
    )
    return Preferences(
        first,
        second,
        table,
        wins=choices.count("first"),
        ties=choices.count("tie"),
        losses=choices.count("second"),
        unreadable=choices.count(None),
        left_out=left_out,
        order_decided=sum(r.order_decided for r in both) / len(both) if both else float("nan"),
        first_place=sum(places) / len(places) if places else float("nan"),
        paired=paired_difference(values, [0.0] * len(values), list(pairs["_cluster"]), seed=seed),
    )
