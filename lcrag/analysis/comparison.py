"""Strategies side by side: ``print(compare(outcomes))`` is the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import pandas as pd

from lcrag.analysis import tables
from lcrag.errors import LcragError
from lcrag.outcomes.baselines import BEST_FIXED, RANDOM, baseline_rows, candidates, common, routed_rows
from lcrag.outcomes.costs import AMOUNTS, CostUnit, Unit, unit_of, with_costs
from lcrag.outcomes.duplicates import clusters
from lcrag.statistics import clustered_mean, holm, paired_difference
from lcrag.tables import many, markdown


@dataclass(frozen=True)
class Comparison:
    """The result of ``compare``.

    Attributes:
        table: A row for each strategy, then routers, then baselines. Columns: ``name``, ``group``
            (``strategy``, ``router``, ``baseline``), ``scored``, ``failed``, ``unscored``, ``truncated`` (contexts
            cut to fit), ``cut`` (answers cut at max_tokens), all numbers of questions; ``accuracy``, ``low``,
            ``high`` (95% interval); ``prompt``, ``cached``, ``completion``, ``build`` (tokens per question),
            ``flops``, ``seconds``, ``dollars`` and ``cost`` (in ``unit``), per question; ``p_value`` (against
            ``best``, Holm), ``p_is_bound`` (p is smaller than that), ``wins``, ``ties``, ``losses``.
        by_kind: Mean score, strategies by kinds of question.
        by_metric: Mean of every further metric and note (recall, f1, hallucinated_facts, ...) over the
            questions that have it, strategies by names.
        best: The strategy with the highest accuracy; of equals the cheaper.
        unit: What ``table.cost`` counts: ``tokens`` (computed or written), ``flops`` or ``dollars``.
        questions: The number of questions.
        documents: The number of documents that they are on.
        skipped: Questions left out of router and baseline rows, because a candidate has no score on them.
        remarks: Further footnotes.
    """

    table: pd.DataFrame
    by_kind: pd.DataFrame
    by_metric: pd.DataFrame
    best: str
    unit: Unit
    questions: int
    documents: int
    skipped: int
    remarks: tuple[str, ...] = ()

    def shown(self) -> pd.DataFrame:
        """The table as text cells, with a dash for what is not known."""
        return tables.cells(self.table, self.best)

    def footnotes(self) -> list[str]:
        """What the table's columns mean, and what is missing from it."""
        notes = tables.footnotes(self.table, self.unit, self.questions, self.documents, self.skipped)
        return [*notes, *self.remarks]

    def __str__(self) -> str:
        head = f"{many(self.questions, 'question')} on {many(self.documents, 'document')}"
        groups = self.table["group"].tolist()
        tails = {"accuracy by kind": self.by_kind, "other metrics": self.by_metric}
        return tables.text(head, self.shown(), groups, tails, self.footnotes())

    def to_markdown(self) -> str:
        """The table in Markdown."""
        return markdown(self.shown())

    def to_latex(self) -> str:
        """The table in LaTeX (booktabs)."""
        return tables.latex(self.shown(), self.table["group"].tolist())


def compare(
    outcomes: pd.DataFrame,
    *,
    routers: Mapping[str, Mapping[str, str | Sequence[str]]] | None = None,
    cost: CostUnit = "auto",
    seed: int = 0,
    remarks: Sequence[str] = (),
) -> Comparison:
    """Compare strategies on a table of outcomes (``Outcome.flat()`` rows).

    Routers, oracle, best fixed and random choose among the strategies that read the documents
    (``lcrag.outcomes.baselines.candidates``).

    Args:
        outcomes: one row for each question and strategy.
        routers: for each router the strategy it chose for each question, or all that it ran, the one that answers
            last; replayed at no cost.
        cost: what costs are counted in; ``auto``: FLOPs where all are known, else tokens.
        seed: seeds the bootstrap.
        remarks: further footnotes.

    Raises:
        LcragError: no rows, a missing column, two rows for one question and strategy, an unknown unit, or a router
            that chose what is not a candidate or is named like a strategy.
    """
    _check(outcomes)
    unit = unit_of(outcomes, cost)
    outcomes = with_costs(outcomes, unit)
    names = list(dict.fromkeys(outcomes["strategy"]))
    rows = {name: outcomes[outcomes["strategy"] == name] for name in names}
    groups = dict.fromkeys(names, "strategy")
    best = _best(rows)
    choosable = candidates(outcomes) or names
    pool = common(outcomes, choosable)
    for name, choices in (routers or {}).items():
        _check_router(name, choices, names, choosable)
        rows[name], groups[name] = routed_rows(pool, choices, AMOUNTS), "router"
    if len(pool):
        baselines = baseline_rows(pool, choosable)
        rows, groups = rows | baselines, groups | dict.fromkeys(baselines, "baseline")
    table = pd.DataFrame([{"name": n, "group": groups[n], **_summary(r, seed)} for n, r in rows.items()])
    by_kind = pd.DataFrame({n: rows[n].groupby("kind", sort=True)["score"].mean() for n in rows}).T
    by_kind.index.name = "strategy"
    questions = outcomes["question_id"].nunique()
    return Comparison(
        table=table.join(_paired(table, rows, best, seed)),
        by_kind=by_kind,
        by_metric=_by_metric(outcomes, names),
        best=best,
        unit=unit,
        questions=questions,
        documents=outcomes["document_id"].nunique(),
        skipped=questions - pool["question_id"].nunique(),
        remarks=tuple(remarks),
    )


def _best(rows: Mapping[str, pd.DataFrame]) -> str:
    """The strategy with the highest mean score over its own questions; of equals the cheaper."""
    scores = {name: frame["score"].mean() for name, frame in rows.items()}
    costs = {name: frame["cost"].mean() for name, frame in rows.items()}
    return max(rows, key=lambda n: (-1.0 if isnan(scores[n]) else scores[n], -costs[n]))


def _check(outcomes: pd.DataFrame) -> None:
    needed = {"question_id", "document_id", "kind", "strategy", "score", "error", "read_prompt_tokens"}
    if missing := sorted(needed - set(outcomes.columns)):
        raise LcragError(
            f"The table of outcomes has no column {missing[0]!r}: make its rows with Outcome.flat()."
        )
    if not len(outcomes):
        raise LcragError("There are no outcomes to compare.")
    duplicates = outcomes[outcomes.duplicated(["question_id", "strategy"])]
    if len(duplicates):
        row = duplicates.iloc[0]
        raise LcragError(
            f"Question {row['question_id']} has several outcomes of strategy {row['strategy']}: "
            "compare one model and one seed at a time."
        )


def _check_router(
    name: str, choices: Mapping[str, str | Sequence[str]], names: Iterable[str], choosable: Iterable[str]
) -> None:
    if name in names:
        raise LcragError(f"A router and a strategy are both named {name!r}: give one of them another `name`.")
    for question, ran in choices.items():
        chosen = ran if isinstance(ran, str) else ran[-1]
        if chosen not in choosable:
            raise LcragError(
                f"Router {name} chose {chosen!r} for question {question}, but its candidates are: "
                f"{', '.join(choosable)}."
            )


def _summary(rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    interval = clustered_mean(rows["score"].to_numpy(float), clusters(rows), seed=seed)
    failed = rows["error"] != ""
    answered = rows[~failed]
    return {
        "scored": interval.n,
        "failed": int(failed.sum()),
        "unscored": len(rows) - interval.n - int(failed.sum()),
        "truncated": int((answered["truncation"] != "").sum()) if "truncation" in rows else 0,
        "cut": int((answered["finish_reason"] == "length").sum()) if "finish_reason" in rows else 0,
        "accuracy": interval.mean,
        "low": interval.low,
        "high": interval.high,
        **{a: float(answered[a].mean(skipna=False)) for a in AMOUNTS},
    }


def _by_metric(outcomes: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    columns = {
        c: c.split("_", 1)[1]
        for c in outcomes.columns
        if c.startswith(("score_", "note_")) and c not in {"score_accuracy", "note_stage"}
    }
    means = outcomes.groupby("strategy")[list(columns)].mean().reindex(names)
    return means.rename(columns=columns).dropna(axis="columns", how="all")


def _paired(table: pd.DataFrame, rows: Mapping[str, pd.DataFrame], best: str, seed: int) -> pd.DataFrame:
    """Wins against the best, and p-values for strategies and routers.

    A baseline is not tested: the oracle wins or ties every question by construction.
    """
    reference = rows[best].set_index("question_id")
    pairs: list[tuple[float, ...]] = []
    bounds: list[bool] = []
    for name, group in zip(table["name"], table["group"], strict=True):
        if name in {best, RANDOM, f"{BEST_FIXED} ({best})"}:
            pairs.append((float("nan"),) * 4)
            bounds.append(False)
            continue
        scores = rows[name].set_index("question_id")["score"].reindex(reference.index)
        pair = paired_difference(
            scores.to_numpy(float),
            reference["score"].to_numpy(float),
            clusters(reference),
            seed=seed,
        )
        p_value = float("nan") if group == "baseline" else pair.p_value
        won = (pair.wins, pair.ties, pair.losses) if pair.n else (float("nan"),) * 3
        pairs.append((p_value, *map(float, won)))
        bounds.append(pair.p_is_bound)
    frame = pd.DataFrame(pairs, columns=["p_value", "wins", "ties", "losses"])
    frame["p_is_bound"] = bounds
    frame["p_value"] = holm(frame["p_value"].tolist())
    return frame
