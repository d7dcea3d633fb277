"""What routers gain: ``print(evaluate(routers, examples))`` is the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

import pandas as pd

from lcrag.analysis.tables import ruled
from lcrag.outcomes.baselines import ORACLE
from lcrag.replay.curve import MIXED
from lcrag.replay.noise import repeatable
from lcrag.replay.slices import only_kind
from lcrag.tables import counts, human, interval, known, many, markdown, p_value, wrapped

if TYPE_CHECKING:
    from lcrag.replay.curve import Curve
    from lcrag.replay.replayed import Replayed
    from lcrag.routers.learning.examples import Examples


@dataclass(frozen=True)
class RoutingComparison:
    """The result of ``evaluate``.

    Attributes:
        table: A row for each strategy, router and baseline. Columns: ``name``, ``group``, ``accuracy`` with ``low`` and
            ``high`` (95%, clustered by document), ``gain`` over best fixed with interval and ``p_value`` (paired
            sign-flip test by document, Holm-corrected over routers; with ``p_is_bound`` it is smaller than that),
            ``low_two_way``, ``high_two_way``, ``gain_low_two_way``, ``gain_high_two_way`` (95%, clustered by document
            and model; NaN for one model), ``headroom`` (share of what the oracle gains), ``headroom_sd`` (its standard
            deviation over ``fold_seeds``),
            ``regret`` (the oracle's accuracy minus the row's), ``cost`` (per-query mean), ``relative_cost`` (divided
            by the dearest strategy's), ``dearest_share`` (share of queries that the dearest strategy answers),
            ``overhead`` (cost of answers that were not used), ``milliseconds`` per decision, ``agreement`` with the
            oracle's choice, ``false_accept``, ``false_decline`` (routers that probe), ``aiq`` and ``aiq_gain`` over
            mixing strategies, each with interval (nested: see ``lcrag.replay.nested``), ``apgr``,
            ``cpt_50``, ``cpt_80``, ``cpt_95``. NaN is undefined.
        curves: The quality-cost curve of each router, and of ``strategies mixed`` at random.
        confusion: For each router, how often each strategy was chosen (columns) where another was best (rows).
        replayed: Every decision of each router.
        examples: The queries that all rows are compared on.
        best: The best fixed strategy.
        split: How folds were made; ``none`` for routers that were fitted before.
        left_out: Queries that lack a score or cost of some strategy.
    """

    table: pd.DataFrame
    curves: Mapping[str, Curve]
    confusion: Mapping[str, pd.DataFrame]
    replayed: Mapping[str, Replayed]
    examples: Examples
    best: str
    split: str
    left_out: int

    @property
    def unit(self) -> str:
        """The unit of costs: ``tokens``, ``flops`` or ``dollars``."""
        return self.examples.unit

    @property
    def queries(self) -> int:
        """The number of queries that all rows are compared on."""
        return len(self.examples)

    @property
    def documents(self) -> int:
        """The number of documents that these are on."""
        return len(set(self.examples.documents))

    @property
    def models(self) -> int:
        """The number of models that answered them."""
        return len({q.model for q in self.examples.queries})

    def shown(self) -> pd.DataFrame:
        """The table as text cells, with a dash for what is undefined."""
        t = self.table
        return pd.DataFrame(
            {
                "": t["name"],
                "accuracy [95% CI]": [
                    interval(m, lo, hi) for m, lo, hi in zip(t.accuracy, t.low, t.high, strict=True)
                ],
                **(
                    {"by model too": [_bounds(*b) for b in zip(t.low_two_way, t.high_two_way, strict=True)]}
                    if self.models > 1
                    else {}
                ),
                "gain": [
                    known(gain, "+.3f") if group != "strategy" else "-"
                    for gain, group in zip(t.gain, t.group, strict=True)
                ],
                "p": [p_value(p, b) for p, b in zip(t.p_value, t.p_is_bound, strict=True)],
                "headroom": [
                    known(headroom, ".0%") + (f" ±{sd:.0%}" if sd == sd else "") if group == "router" else "-"
                    for headroom, sd, group in zip(t.headroom, t.headroom_sd, t.group, strict=True)
                ],
                self.unit: t.cost.map(human),
                "of dearest": [known(share, ".0%") for share in t.relative_cost],
                "wasted": [human(o) if o > 0 else "-" for o in t.overhead],
                "AIQ": t.aiq.map(known),
                "APGR": t.apgr.map(known),
                "CPT 50/80/95": [
                    "/".join(known(cost, ".2f") for cost in costs) if not all(map(isnan, costs)) else "-"
                    for costs in zip(t.cpt_50, t.cpt_80, t.cpt_95, strict=True)
                ],
                "ms": t.milliseconds.map(known),
            }
        )

    def notes(self) -> list[str]:
        """What the columns mean, and why figures are missing."""
        how = (
            "fitted before, on other outcomes" if self.split == "none" else f"cross-validated by {self.split}"
        )
        notes = [
            f"Routers are {how}. gain: over the best fixed strategy ({self.best}), p: paired sign-flip test by "
            "document, Holm-corrected; * p<.05, ** p<.01, *** p<.001. headroom: share of what the oracle gains "
            "over it.",
            f"{self.unit}: per-query mean, with answers that were not used (wasted). AIQ: mean accuracy over mean "
            "costs from the cheapest to the dearest strategy, on the hull with the strategies mixed at random, "
            "which is chosen on other documents (CPT: on these). APGR and CPT: share of the gap between the two "
            "that is recovered, and the cost, from 0 to 1, that recovers 50, 80, 95% of it.",
        ]
        if self.models > 1:
            notes.append(
                f"{self.models} models answered these questions: `by model too` is the interval for other documents "
                "and other models (clustered both ways); the one beside it is for other documents and these models."
            )
        if len(set(self.examples.clusters)) < self.documents:
            notes.append(
                f"Documents that share text count as one: {len(set(self.examples.clusters))} clusters in folds, "
                "intervals and tests."
            )
        if self.split == "document":
            notes.append(
                "headroom varies with the folds: ± is its standard deviation over seeds of the split."
                if self.table["headroom_sd"].notna().any()
                else "headroom varies with the folds: `fold_seeds=5` tells by how much."
            )
        mixed = self.curves[MIXED]
        if not mixed.strong[1] > mixed.weak[1]:
            notes.append(
                f"APGR and CPT are undefined: the dearest strategy ({mixed.strong[1]:.3f}) is not better than the "
                f"cheapest ({mixed.weak[1]:.3f}), so there is no gap to recover."
            )
        if not self.table.set_index("name").loc[ORACLE, "gain"] > 0:
            notes.append("headroom is undefined: the oracle gains nothing over the best fixed strategy.")
        elif repeated := repeatable(self.examples):
            notes.append(str(repeated))
        gaining = self.table.loc[(self.table["group"] == "router") & (self.table["gain_low"] > 0), "name"]
        kinds = {name: only_kind(self.replayed[name], self.examples) for name in gaining}
        for kind in sorted({k for k in kinds.values() if k}):
            names = ", ".join(name for name, only in kinds.items() if only == kind)
            notes.append(
                f"Gains on one kind of question only ({kind}; on no other is the 95% interval above 0): {names}."
            )
        if self.examples.counted_wrong is not None:
            failures = counts(self.examples.strategies, self.examples.counted_wrong.sum(0))
            notes.append(
                f"Failed calls that count as wrong (score 0), at the cost that was recorded: {failures}."
            )
        if self.left_out:
            notes.append(
                f"{many(self.left_out, 'query', 'queries')} without a score or cost of every strategy left out."
            )
        return notes

    def __str__(self) -> str:
        head = f"{many(self.queries, 'query', 'queries')} on {many(self.documents, 'document')}"
        probing = self.table[self.table["false_accept"].notna()]
        errors = [
            f"{r.name}: of all queries {r.false_accept:.1%} kept a worse answer (false accept), "
            f"{r.false_decline:.1%} paid for another that was no better (false decline)."
            for r in probing.itertuples()
        ]
        body = ruled(self.shown(), self.table["group"].tolist())
        return "\n".join([head, *body, "", *wrapped([*errors, *self.notes()])])

    def decisions(self) -> pd.DataFrame:
        """What every router chose for every query and what that scored and cost.

        Columns: ``question_id``, ``model``, ``router``, ``strategy``, ``score``, ``cost``.
        """
        parts = [
            pd.DataFrame(
                {
                    "question_id": [q.id for q in self.examples.queries],
                    "model": [q.model for q in self.examples.queries],
                    "router": name,
                    "strategy": [self.examples.strategies[i] for i in replayed.chosen],
                    "score": replayed.scores,
                    "cost": replayed.costs,
                }
            )
            for name, replayed in self.replayed.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def to_markdown(self) -> str:
        """The table in Markdown."""
        return markdown(self.shown())


def _bounds(low: float, high: float) -> str:
    return "-" if isnan(low) else f"[{low:.2f}, {high:.2f}]"
