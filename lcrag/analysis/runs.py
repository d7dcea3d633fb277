"""Several runs side by side, tested in pairs on the questions that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import pandas as pd

from lcrag import tables
from lcrag.analysis.summaries import summary
from lcrag.analysis.tables import DROPPED, latex, record_cells, scored_cells
from lcrag.errors import LcragError
from lcrag.outcomes.costs import with_costs
from lcrag.outcomes.duplicates import clusters
from lcrag.statistics import holm, paired_difference
from lcrag.tables import human, interval, many, p_value, wrapped

ALPHA = 0.05


@dataclass(frozen=True)
class RunsComparison:
    """Strategies of several runs; ``print`` it.

    Attributes:
        table: A row for each strategy of each run. Columns: those of ``Comparison.table``, and ``strategy``, ``run``,
            ``model``, ``against`` (the row it is tested against, empty for those of the first run),
            ``difference``, ``difference_low``, ``difference_high`` (its score less that of ``against``),
            ``p_value`` (Holm-corrected over all rows).
        runs: Their names; the first is what the others are tested against.
        questions: The number of questions that all runs have.
        documents: The number of documents that they are on.
        remarks: Footnotes, among them the questions that were left out.
    """

    table: pd.DataFrame
    runs: tuple[str, ...]
    questions: int
    documents: int
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """What the tests show, a sentence for each difference."""
        lines = []
        for row in self.table[self.table["p_value"] < ALPHA].itertuples():
            if not row.difference_low <= 0 <= row.difference_high:
                word = "better" if row.difference > 0 else "worse"
                bounds = f"{100 * row.difference_low:+.0f} to {100 * row.difference_high:+.0f} points"
                lines.append(f"{row.strategy} of {row.run} is {word} than {row.against} ({bounds}).")
        return " ".join(lines) or f"No difference from {self.runs[0]} is shown on these questions."

    def shown(self) -> pd.DataFrame:
        """The table as text cells, with a dash for what is not known."""
        t = self.table
        columns = {
            "strategy": t["strategy"],
            "run": t["run"],
            "scored": scored_cells(t),
            "accuracy [95% CI]": [*map(interval, t.accuracy, t.low, t.high)],
            "difference [95% CI]": [*map(_signed, t.difference, t.difference_low, t.difference_high)],
            "p": [*map(p_value, t.p_value, t.p_is_bound)],
            "W/T/L": record_cells(t),
            "prompt": t.prompt.map(human),
            "written": t.completion.map(human),
            "FLOPs": t.flops.map(human),
            "seconds": t.seconds.map(human),
            **({"dollars": t.dollars.map(tables.dollars)} if t.dollars.gt(0).any() else {}),
        }
        return pd.DataFrame({name: [*values] for name, values in columns.items()})

    def footnotes(self) -> list[str]:
        """What the columns mean, and what was left out."""
        return [
            f"difference, p and W/T/L (questions won, tied, lost) are against the same strategy of {self.runs[0]}, or "
            "its best one where it has no such strategy: paired sign-flip test by document, Holm-corrected; * p<.05, "
            "** p<.01, *** p<.001.",
            "Intervals are clustered by document; costs are per-question means.",
            *self.remarks,
        ]

    def __str__(self) -> str:
        head = f"{many(self.questions, 'question')} on {many(self.documents, 'document')} in {len(self.runs)} runs"
        cells = self.shown()
        rows = [[*cells.columns], *cells.to_numpy().tolist()]
        drop = [*DROPPED, "FLOPs", "dollars", "accuracy [95% CI]"]
        lines = tables.ruled(rows, 2, self.table["strategy"].tolist(), drop, keep=4)
        return "\n".join([*wrapped([head]), *lines, "", *wrapped(self.footnotes())])

    def to_markdown(self) -> str:
        """A page: verdict, table and footnotes."""
        notes = "\n".join(f"- {note}" for note in self.footnotes()).replace("*", r"\*")
        return f"# {', '.join(self.runs)}\n\n{self.verdict}\n\n{tables.markdown(self.shown())}\n\n{notes}\n"

    def to_latex(self) -> str:
        """The table in LaTeX (booktabs)."""
        return latex(self.shown(), self.table["strategy"].tolist())

    def to_mapping(self) -> dict[str, Any]:
        """Everything with every digit, for JSON."""
        return {
            "runs": self.runs,
            "questions": self.questions,
            "documents": self.documents,
            "verdict": self.verdict,
            "table": self.table.to_dict("records"),
            "footnotes": self.footnotes(),
        }


def compare_runs(
    runs: Mapping[str, pd.DataFrame],
    *,
    shared: bool = False,
    strategies: Sequence[str] = (),
    seed: int = 0,
    remarks: Sequence[str] = (),
) -> RunsComparison:
    """Compare the strategies of runs with those of the first run, question by question.

    Args:
        runs: tables of outcomes by the runs' names, at least two.
        shared: whether to compare on the questions that all have where the runs' questions differ.
        strategies: only these; default: all.
        seed: seeds the tests.
        remarks: further footnotes.

    Raises:
        LcragError: fewer than two runs, a run of several models, an unknown strategy, or different questions.
    """
    if len(runs) < 2:
        raise LcragError("Give two or more runs to compare.")
    for name, table in runs.items():
        _check(name, table, strategies if name == next(iter(runs)) else ())
    known = {s for table in runs.values() for s in table["strategy"]}
    if missing := [s for s in strategies if s not in known]:
        raise LcragError(f"No run has the strategy {missing[0]!r}; there are: {', '.join(sorted(known))}.")
    common, notes = _common(runs, shared)
    rows = {
        (name, strategy): with_costs(frame[frame["question_id"].isin(common)], "tokens")
        for name, table in runs.items()
        for strategy, frame in table.groupby("strategy", sort=False)
        if not strategies or strategy in strategies
    }
    first = next(iter(runs))
    best = max(
        (key for key in rows if key[0] == first),
        key=lambda k: rows[k]["score"].fillna(-1).mean(),
        default=None,
    )
    lines = []
    for (run, strategy), frame in rows.items():
        reference = None if run == first else ((first, strategy) if (first, strategy) in rows else best)
        tested = _tested(frame, rows[reference], seed) if reference else dict.fromkeys(TESTED, float("nan"))
        against = f"{reference[1]} of {reference[0]}" if reference else ""
        lines.append(
            {
                "strategy": strategy,
                "run": run,
                "model": ", ".join(frame["model"].unique()),
                "against": against,
            }
            | summary(frame)
            | tested
        )
    table = pd.DataFrame(lines)
    table["p_is_bound"] = table["p_is_bound"].eq(True)
    table["p_value"] = holm(table["p_value"].astype(float).tolist())
    order = {s: i for i, s in enumerate(dict.fromkeys(table["strategy"]))}
    table = table.sort_values("strategy", key=lambda s: s.map(order), kind="stable").reset_index(drop=True)
    documents = next(iter(runs.values()))
    documents = documents[documents["question_id"].isin(common)]["document_id"].nunique()
    return RunsComparison(table, tuple(runs), len(common), documents, (*notes, *remarks))


TESTED = (
    "difference", "difference_low", "difference_high", "p_value", "p_is_bound", "wins", "ties", "losses",
)  # fmt: skip


def _tested(frame: pd.DataFrame, reference: pd.DataFrame, seed: int) -> dict[str, Any]:
    """The differences of scores from a reference, on the questions that both have."""
    reference = reference.set_index("question_id")
    scores = frame.set_index("question_id")["score"].reindex(reference.index)
    gold = reference["score"].to_numpy(float)
    pair = paired_difference(scores.to_numpy(float), gold, clusters(reference.reset_index()), seed=seed)
    values = (pair.difference, pair.low, pair.high, pair.p_value, pair.p_is_bound)
    counts = (pair.wins, pair.ties, pair.losses) if pair.n else (float("nan"),) * 3
    return dict(zip(TESTED, (*values, *counts), strict=True))


def _check(name: str, table: pd.DataFrame, strategies: Sequence[str]) -> None:
    twice = table[table.duplicated(["question_id", "strategy"])]
    if len(twice):
        row = twice.iloc[0]
        raise LcragError(
            f"{name} has several outcomes of {row['strategy']} for question {row['question_id']}: compare tables of "
            "one model and one seed."
        )
    if strategies and not set(strategies) & set(table["strategy"]):
        names = ", ".join(dict.fromkeys(table["strategy"]))
        raise LcragError(f"{name} has none of the strategies {', '.join(strategies)}; it has: {names}.")


def _common(runs: Mapping[str, pd.DataFrame], shared: bool) -> tuple[set[str], list[str]]:
    """The ids of the questions that all runs ask in the same words on the same documents, and what was left out."""
    asked = {
        name: {
            row.question_id: (" ".join(str(row.question).split()), row.document_id)
            for row in table.drop_duplicates("question_id").itertuples()
        }
        for name, table in runs.items()
    }
    first, *others = asked.values()
    common = {i for i, question in first.items() if all(o.get(i) == question for o in others)}
    counts = ", ".join(f"{name} {len(questions) - len(common)}" for name, questions in asked.items())
    if all(len(questions) == len(common) for questions in asked.values()):
        return common, []
    sizes = ", ".join(f"{name} {len(questions)}" for name, questions in asked.items())
    if not common:
        raise LcragError(f"The runs share no question ({sizes}): compare runs on one data set.")
    if not shared:
        raise LcragError(
            f"The runs ask different questions ({sizes}; {len(common)} are the same): give --shared to compare on "
            "those only."
        )
    return common, [f"Only the {len(common)} questions that all runs have are compared; left out: {counts}."]


def _signed(difference: float, low: float, high: float) -> str:
    if isnan(difference):
        return "-"
    return f"{difference:+.3f}" + ("" if isnan(low) else f" [{low:+.2f}, {high:+.2f}]")
