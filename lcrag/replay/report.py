"""What routers gain: ``print(report)`` is the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING

import pandas as pd

from lcrag.analysis.tables import p_cell
from lcrag.tables import aligned, human, many, wrapped

if TYPE_CHECKING:
    from lcrag.replay.curve import Curve
    from lcrag.replay.replayed import Replayed
    from lcrag.routers.learning.examples import Examples


@dataclass(frozen=True)
class RoutingReport:
    """The result of ``evaluate``.

    Attributes:
        table: a row for each strategy, router and baseline. Columns: ``name``, ``group``, ``accuracy`` with ``low`` and
            ``high`` (95%, clustered by document), ``gain`` over best fixed with interval and ``p_value`` (paired
            sign-flip test by document, Holm-corrected over routers), ``headroom`` (share of what the oracle gains),
            ``regret`` (to the oracle), ``cost`` (mean a query) and ``relative_cost`` (of the dearest strategy's),
            ``dearest_share`` (queries it answers), ``overhead`` (cost of answers not taken), ``milliseconds`` a
            decision, ``agreement`` with the oracle's choice, ``false_accept``, ``false_decline`` (routers that probe),
            ``aiq``, ``aiq_gain`` over mixing strategies, ``apgr``, ``cpt_50``, ``cpt_80``, ``cpt_95``. NaN: undefined.
        curves: by router, and ``strategies mixed`` at random.
        confusion: by router, best strategies by chosen ones.
        replayed: by router, every decision.
        best: the best fixed strategy.
        unit: of costs.
        split: how folds were made; ``none`` for routers fitted before.
        queries, left_out: with a score of every strategy, and without.
        documents: on how many documents.
    """

    table: pd.DataFrame
    curves: Mapping[str, Curve]
    confusion: Mapping[str, pd.DataFrame]
    replayed: Mapping[str, Replayed]
    best: str
    unit: str
    split: str
    queries: int
    left_out: int
    documents: int

    def shown(self) -> pd.DataFrame:
        """The table as text cells; what is undefined is a dash."""
        t = self.table
        return pd.DataFrame(
            {
                "": t["name"],
                "accuracy [95% CI]": [
                    f"{m:.3f} [{lo:.2f}, {hi:.2f}]"
                    for m, lo, hi in zip(t.accuracy, t.low, t.high, strict=True)
                ],
                "gain": [
                    _signed(g) if r != "strategy" else "-" for g, r in zip(t.gain, t.group, strict=True)
                ],
                "p": t.p_value.map(p_cell),
                "headroom": [
                    _percent(h) if g == "router" else "-" for h, g in zip(t.headroom, t.group, strict=True)
                ],
                self.unit: t.cost.map(human),
                "of dearest": t.relative_cost.map(_percent),
                "wasted": [human(o) if o > 0 else "-" for o in t.overhead],
                "AIQ": t.aiq.map(_plain),
                "APGR": t.apgr.map(_plain),
                "CPT 50/80/95": [
                    "/".join(_plain(x, 2) for x in c) if not all(map(isnan, c)) else "-"
                    for c in zip(t.cpt_50, t.cpt_80, t.cpt_95, strict=True)
                ],
                "ms": t.milliseconds.map(_plain),
            }
        )

    def notes(self) -> list[str]:
        """What the columns mean, and why figures are missing."""
        how = (
            "fitted before, on other outcomes" if self.split == "none" else f"cross-validated by {self.split}"
        )
        said = [
            f"Routers are {how}. gain: over the best fixed strategy ({self.best}), p: paired sign-flip test by "
            "document, Holm-corrected; * p<.05, ** p<.01, *** p<.001. headroom: share of what the oracle gains "
            "over it.",
            f"{self.unit}: mean a query, answers that were not taken included (wasted). AIQ: mean accuracy over mean "
            "costs from the cheapest to the dearest strategy, on the hull with the strategies mixed at random. "
            "APGR and CPT: share of the gap between the two that is won back, and the cost, from 0 to 1, that "
            "wins back 50, 80, 95% of it.",
        ]
        flat = self.curves["strategies mixed"]
        if not flat.strong[1] > flat.weak[1]:
            said.append(
                f"APGR and CPT are undefined: the dearest strategy ({flat.strong[1]:.3f}) is not better than the "
                f"cheapest ({flat.weak[1]:.3f}), so there is no gap to win back."
            )
        oracle = self.table.set_index("name").loc["oracle"]
        if not oracle["gain"] > 0:
            said.append("headroom is undefined: the oracle gains nothing over the best fixed strategy.")
        if self.left_out:
            said.append(
                f"{many(self.left_out, 'query', 'queries')} without a score or cost of every strategy left out."
            )
        return said

    def __str__(self) -> str:
        shown = self.shown()
        lines = aligned([list(shown.columns), *shown.to_numpy().tolist()])
        rule = "─" * max(map(len, lines))
        head = f"{many(self.queries, 'query', 'queries')} on {many(self.documents, 'document')}"
        body = [head, rule, lines[0], rule, lines[1]]
        for (before, now), line in zip(pairwise(self.table["group"]), lines[2:], strict=True):
            body += [rule, line] if now != before else [line]
        probing = self.table[self.table["false_accept"].notna()]
        tail = [
            f"{r.name}: of all queries {r.false_accept:.1%} kept a worse answer (false accept), "
            f"{r.false_decline:.1%} paid for another that was no better (false decline)."
            for r in probing.itertuples()
        ]
        return "\n".join([*body, rule, "", *wrapped([*tail, *self.notes()])])

    def decisions(self, examples: Examples) -> pd.DataFrame:
        """What every router chose for every query and what that scored and cost.

        Columns: ``question_id``, ``model``, ``router``, ``strategy``, ``score``, ``cost``.
        """
        scored = [q for q, s, c in zip(examples.queries, examples.scores, examples.costs, strict=True)
                  if not (s != s).any() and not (c != c).any()]  # fmt: skip
        ids, models = [q.id for q in scored], [q.model for q in scored]
        parts = [
            pd.DataFrame(
                {
                    "question_id": ids,
                    "model": models,
                    "router": name,
                    "strategy": [examples.strategies[i] for i in row.chosen],
                    "score": row.scores,
                    "cost": row.costs,
                }
            )
            for name, row in self.replayed.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def to_markdown(self) -> str:
        """The table in Markdown."""
        from lcrag.tables import markdown

        return markdown(self.shown())


def _signed(x: float) -> str:
    return "-" if isnan(x) else f"{x:+.3f}"


def _percent(x: float) -> str:
    return "-" if isnan(x) else f"{x:.0%}"


def _plain(x: float, digits: int = 3) -> str:
    return "-" if isnan(x) else f"{x:.{digits}f}"
