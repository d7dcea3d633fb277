"""Strategies side by side: ``print(compare(outcomes))`` is the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import pandas as pd

from lcrag.analysis import tables
from lcrag.errors import LcragError
from lcrag.outcomes.baselines import best_fixed, common, oracle, random_choice, replay
from lcrag.outcomes.costs import AMOUNTS, with_costs
from lcrag.statistics import clustered_mean, holm, paired_difference
from lcrag.tables import many, markdown

FLOOR = "closed_book"


@dataclass(frozen=True)
class Comparison:
    """The result of ``compare``.

    Attributes:
        table: a row for each strategy, then routers, then baselines. Columns: ``name``, ``group``
            (``strategy``, ``router``, ``baseline``), ``scored``, ``failed``, ``unscored``, ``truncated``
            (questions), ``accuracy``, ``low``, ``high`` (95% interval), ``prompt``, ``cached``,
            ``completion``, ``build`` (tokens a question), ``flops``, ``seconds``, ``dollars`` (a
            question), ``cost`` (FLOPs where every strategy's are known, else tokens computed or
            written), ``p_value`` (against ``best``, Holm), ``wins``, ``ties``, ``losses``.
        by_kind: mean score, strategies by kinds of question.
        by_metric: mean of every further metric and note (recall, f1, hallucinated_facts, ...) over the
            questions that have it, strategies by names.
        best: the strategy with the highest accuracy.
        cost_is: ``flops`` or ``tokens``, what ``table.cost`` counts.
        questions: how many questions there are.
        documents: on how many documents.
        skipped: questions left out of router and baseline rows, because a candidate is unscored.
        remarks: what else is to be said under the table.
    """

    table: pd.DataFrame
    by_kind: pd.DataFrame
    by_metric: pd.DataFrame
    best: str
    cost_is: str
    questions: int
    documents: int
    skipped: int
    remarks: tuple[str, ...] = ()

    def shown(self) -> pd.DataFrame:
        """The table as text cells; what is not known is a dash."""
        return tables.cells(self.table, self.best)

    def footnotes(self) -> list[str]:
        """What the table's marks mean, and what is missing from it."""
        return [*tables.footnotes(self.table, self.questions, self.documents, self.skipped), *self.remarks]

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
    floor: str = FLOOR,
    seed: int = 0,
    remarks: Sequence[str] = (),
) -> Comparison:
    """Compare strategies on a table of outcomes (``Outcome.flat()`` rows).

    Args:
        outcomes: one row for each question and strategy.
        routers: for each router the strategy it chose for each question, or all that it ran, the one that answers
            last; replayed at no cost.
        floor: a strategy that oracle, best fixed, random and routers do not choose from.
        seed: of the bootstrap.
        remarks: further footnotes.

    Raises:
        LcragError: no rows, a column is missing, two rows for one question and strategy, or a router
            that chose what is no candidate or is named like a strategy.
    """
    _check(outcomes)
    outcomes, cost_is = with_costs(outcomes)
    names = list(dict.fromkeys(outcomes["strategy"]))
    rows = {name: outcomes[outcomes["strategy"] == name] for name in names}
    means = {name: r["score"].mean() for name, r in rows.items()}
    best = max(names, key=lambda n: (-1.0 if isnan(means[n]) else means[n], -rows[n]["cost"].mean()))
    candidates = [n for n in names if n != floor] or names
    pool = common(outcomes, candidates)
    groups = dict.fromkeys(names, "strategy")
    for name, choices in (routers or {}).items():
        _check_router(name, choices, names, candidates)
        rows[name] = replay(pool, choices, AMOUNTS)
        groups[name] = "router"
    if len(pool):
        fixed = best_fixed(pool, "cost")
        for name, frame in (
            ("oracle", oracle(pool, "cost")),
            (f"best fixed ({fixed})", pool[pool["strategy"] == fixed]),
            ("random (mean)", random_choice(pool)),
        ):
            rows[name], groups[name] = frame, "baseline"
    table = pd.DataFrame([{"name": n, "group": groups[n], **_summary(r, seed)} for n, r in rows.items()])
    table = table.join(_paired(table, rows, best, seed))
    by_kind = pd.DataFrame({n: rows[n].groupby("kind", sort=True)["score"].mean() for n in rows}).T
    by_kind.index.name = "strategy"
    questions = outcomes["question_id"].nunique()
    documents = outcomes["document_id"].nunique()
    skipped = questions - pool["question_id"].nunique()
    metrics = _by_metric(outcomes, names)
    return Comparison(table, by_kind, metrics, best, cost_is, questions, documents, skipped, tuple(remarks))


def _check(outcomes: pd.DataFrame) -> None:
    needed = {"question_id", "document_id", "kind", "strategy", "score", "error", "read_prompt_tokens"}
    if missing := sorted(needed - set(outcomes.columns)):
        raise LcragError(
            f"The table of outcomes has no column {missing[0]!r}: make its rows with Outcome.flat()."
        )
    if not len(outcomes):
        raise LcragError("There are no outcomes to compare.")
    twice = outcomes[outcomes.duplicated(["question_id", "strategy"])]
    if len(twice):
        row = twice.iloc[0]
        raise LcragError(
            f"Question {row['question_id']} has several outcomes of strategy {row['strategy']}: "
            "compare one model and one seed at a time."
        )


def _check_router(
    name: str, choices: Mapping[str, str | Sequence[str]], names: Iterable[str], candidates: Iterable[str]
) -> None:
    if name in names:
        raise LcragError(f"A router and a strategy are both named {name!r}: give one of them another `name`.")
    for question, ran in choices.items():
        chosen = ran if isinstance(ran, str) else ran[-1]
        if chosen not in candidates:
            raise LcragError(
                f"Router {name} chose {chosen!r} for question {question}, but its candidates are: "
                f"{', '.join(candidates)}."
            )


def _summary(rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    interval = clustered_mean(rows["score"].to_numpy(float), rows["document_id"].tolist(), seed=seed)
    failed = rows["error"] != ""
    answered = rows[~failed]
    return {
        "scored": interval.n,
        "failed": int(failed.sum()),
        "unscored": len(rows) - interval.n - int(failed.sum()),
        "truncated": int((answered["truncation"] != "").sum()) if "truncation" in rows else 0,
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
    found: list[tuple[float, ...]] = []
    for name, group in zip(table["name"], table["group"], strict=True):
        if name == best or name.startswith("random (") or (group == "baseline" and best in name):
            found.append((float("nan"),) * 4)
            continue
        mine = rows[name].set_index("question_id")["score"].reindex(reference.index)
        pair = paired_difference(
            mine.to_numpy(float),
            reference["score"].to_numpy(float),
            reference["document_id"].tolist(),
            seed=seed,
        )
        p_value = float("nan") if group == "baseline" else pair.p_value
        counts = (pair.wins, pair.ties, pair.losses) if pair.n else (float("nan"),) * 3
        found.append((p_value, *map(float, counts)))
    frame = pd.DataFrame(found, columns=["p_value", "wins", "ties", "losses"])
    frame["p_value"] = holm(frame["p_value"].tolist())
    return frame
