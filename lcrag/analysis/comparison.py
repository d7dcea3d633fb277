"""Strategies side by side: ``print(compare(outcomes))`` is the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

import pandas as pd

from lcrag.analysis import tables
from lcrag.analysis.caveats import detectable
from lcrag.analysis.contrast import Contrast, contrast, pair_of
from lcrag.analysis.judging import judge_remark
from lcrag.analysis.slices import TESTED, by_slice, compared_slices
from lcrag.analysis.summaries import by_metric, first_errors, paired, summary
from lcrag.analysis.verdict import verdict
from lcrag.errors import LcragError
from lcrag.outcomes.baselines import RANDOM, baseline_rows, candidates, check_names, common, routed_rows
from lcrag.outcomes.costs import AMOUNTS, LEFT_OUT, CostUnit, Unit, unit_of, with_costs
from lcrag.outcomes.failures import Failures, score_failures
from lcrag.tables import many, markdown

COLUMNS = (
    (*AMOUNTS, "foreign_cached"),
    ("kv_bytes", *LEFT_OUT.values()),
)  # of a router: summed, and the largest of what it ran


@dataclass(frozen=True)
class Comparison:
    """The result of ``compare``.

    Attributes:
        table: A row for each strategy, then routers, then baselines. Columns: ``name``, ``group``
            (``strategy``, ``router``, ``baseline``), ``scored``, ``failed`` (left out),
            ``counted_wrong`` (failed, and among ``scored`` with 0), ``unscored``, ``truncated`` (contexts
            cut to fit), ``cut`` (answers cut at max_tokens), all numbers of questions; ``accuracy``, ``low``,
            ``high`` (95% interval); ``prompt``, ``cached``, ``completion``, ``build`` (tokens per question),
            ``flops``, ``seconds``, ``dollars`` and ``cost`` (in ``unit``), per question; ``p50`` and ``p95`` (the
            seconds that half and 95% of the questions take at most), ``kv_bytes`` (the largest KV cache of a call);
            ``cold_flops`` and ``cold_dollars`` (as if nothing had been cached), ``foreign_cached`` (tokens per question
            that a server reused from prompts of others; they count as computed);
            ``flops_without_embedder`` and the like (whether the amount leaves out a model of which it is not known);
            ``p_value`` (against ``best``, Holm), ``p_is_bound`` (p is smaller than that), ``wins``, ``ties``,
            ``losses``.
        by_kind: Mean score, strategies by kinds of question.
        by_slice: The same for every slice that divides the questions (``lcrag.analysis.slices``), by its name.
        slices: The two strategies of ``contrast`` tested within each value of each slice.
        by_metric: Mean of every further metric and note (recall, f1, hallucinated_facts, ...) over the
            questions that have it, strategies by names.
        best: The strategy with the highest accuracy; of equals the cheaper.
        unit: What ``table.cost`` counts: ``tokens`` (computed or written), ``flops`` or ``dollars``.
        questions: The number of questions.
        documents: The number of documents that they are on.
        skipped: Questions left out of router and baseline rows, because a candidate has no score on them.
        remarks: Further footnotes.
        contrast: Retrieval against long context; ``None`` with fewer than two strategies that read the documents.
        closed_book: The strategies that do not read the documents.
        reasons: The first error of each strategy that failed.
    """

    table: pd.DataFrame
    by_kind: pd.DataFrame
    by_slice: Mapping[str, pd.DataFrame]
    slices: pd.DataFrame
    by_metric: pd.DataFrame
    best: str
    unit: Unit
    questions: int
    documents: int
    skipped: int
    remarks: tuple[str, ...] = ()
    contrast: Contrast | None = None
    closed_book: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Which strategy to use, at what cost, and how sure that is, in a few sentences."""
        return verdict(self)

    def shown(self) -> pd.DataFrame:
        """The table as text cells, with a dash for what is not known."""
        return tables.cells(self.table, self.best)

    def footnotes(self) -> list[str]:
        """What the table's columns mean, and what is missing from it."""
        notes = tables.footnotes(self.table, self.unit, self.questions, self.documents, self.skipped)
        return [*notes, *detectable(self.table, self.documents, self.contrast), *self.remarks]

    @property
    def _head(self) -> str:
        return f"{many(self.questions, 'question')} on {many(self.documents, 'document')}"

    def _repr_html_(self) -> str:
        return tables.html(self._head, self.shown(), self.footnotes())

    def __str__(self) -> str:
        groups = self.table["group"].tolist()
        lengths = {"accuracy by length": self.by_slice["length"]} if "length" in self.by_slice else {}
        tails = {"accuracy by kind": self.by_kind, **lengths, "other metrics": self.by_metric}
        return tables.text(self._head, self.shown(), groups, tails, self.footnotes())

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
    failures: Failures | None = None,
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
        failures: whether failed answers are ``left_out`` or ``wrong`` (``score_failures``); by default as the table has
            them, which for a run's own table is ``left_out``.
        seed: seeds the paired tests.
        remarks: further footnotes.

    Raises:
        LcragError: no rows, a missing column, two rows for one question and strategy, an unknown unit or rule, or a
            router that chose what is not a candidate or is named like a strategy.
    """
    _check(outcomes)
    if failures is not None:
        outcomes = score_failures(outcomes, failures)
    unit = unit_of(outcomes, cost)
    outcomes = with_costs(outcomes, unit)
    names = list(dict.fromkeys(outcomes["strategy"]))
    rows = {name: outcomes[outcomes["strategy"] == name] for name in names}
    groups = dict.fromkeys(names, "strategy")
    best = _best(rows)
    reading = candidates(outcomes)
    choosable = reading or names
    pool = common(outcomes, choosable)
    for name, choices in (routers or {}).items():
        _check_router(name, choices, names, choosable)
        rows[name], groups[name] = routed_rows(pool, choices, *COLUMNS), "router"
    if len(pool):
        baselines = baseline_rows(pool, choosable)
        rows, groups = rows | baselines, groups | dict.fromkeys(baselines, "baseline")
    table = pd.DataFrame([{"name": n, "group": groups[n], **summary(r)} for n, r in rows.items()])
    # its rows are means over strategies: their quantiles and maxima are not those of any question
    table.loc[table["name"] == RANDOM, ["p50", "p95", "kv_bytes"]] = float("nan")
    by_kind = pd.DataFrame({n: rows[n].groupby("kind", sort=True)["score"].mean() for n in rows}).T
    by_kind.index.name = "strategy"
    questions = outcomes["question_id"].nunique()
    table = table.join(paired(table, rows, best, seed))
    corrected = dict(zip(table["name"], table["p_value"], strict=True))
    pair = pair_of(rows, choosable)
    return Comparison(
        table=table,
        by_kind=by_kind,
        by_slice=by_slice(rows),
        slices=compared_slices(rows, pair, seed) if pair else pd.DataFrame(columns=[*TESTED]),
        by_metric=by_metric(outcomes, names),
        best=best,
        unit=unit,
        questions=questions,
        documents=outcomes["document_id"].nunique(),
        skipped=questions - pool["question_id"].nunique(),
        remarks=(*judge_remark(outcomes), *remarks),
        contrast=contrast(rows, pair, corrected, best, seed) if pair else None,
        closed_book=tuple(n for n in names if n not in reading),
        reasons=first_errors(outcomes),
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
    check_names(outcomes["strategy"].unique())
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
