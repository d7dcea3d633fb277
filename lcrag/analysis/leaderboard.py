"""A run's scores as the benchmark's authors average them, beside their published figures."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import pandas as pd

from lcrag.benchmarks.base import Benchmark
from lcrag.schema import Question
from lcrag.tables import markdown

OVERALL = "overall"


def averaged(scores: pd.Series[float], questions: Sequence[Question]) -> dict[str, float]:
    """Scores from 0 to 100, averaged as the questions' tasks say.

    ``Task.together`` makes one question of several, which is right if all are. Over ``Task.average`` scores are
    averaged in turn, the innermost key first, every group with the same weight.

    Args:
        scores: From 0 to 1 by the question's id; questions without one are left out.
        questions: The questions of the benchmark.

    Returns:
        The mean for each value of the outermost key, and ``overall``; NaN where nothing is scored.
    """
    rows = [
        {**{k: str(q.metadata.get(k, "")) for k in _keys(questions)}, "unit": _unit(q), "score": scores[q.id]}
        for q in questions
        if q.id in scores.index and not isnan(scores[q.id])
    ]
    keys = _keys(questions)
    if not rows:
        return {OVERALL: float("nan")}
    means = pd.DataFrame(rows).groupby([*keys, "unit"], sort=False)["score"].min()
    columns: dict[str, float] = {}
    for depth in range(len(keys), 0, -1):
        means = means.groupby(level=list(range(depth)), sort=False).mean()
        if depth == 1:
            columns = {str(value): 100 * mean for value, mean in means.items()}
    return {**columns, OVERALL: 100 * float(means.mean())}


def _keys(questions: Sequence[Question]) -> tuple[str, ...]:
    return next((q.task.average for q in questions if q.task and q.task.average), ())


def _unit(question: Question) -> str:
    together = question.task.together if question.task else ""
    return str(question.metadata.get(together, question.id)) if together else question.id


def leaderboard(outcomes: pd.DataFrame, questions: Sequence[Question], benchmark: Benchmark) -> str:
    """A Markdown page: this run's strategies, then published figures, in the authors' columns.

    Args:
        outcomes: The table of outcomes, with the benchmark's score in ``score``.
        questions: The run's questions.
        benchmark: Its description.
    """
    rows = {
        f"{strategy} ({frame['model'].iloc[0]})": averaged(frame.set_index("question_id")["score"], questions)
        for strategy, frame in outcomes.groupby("strategy", sort=False)
    }
    columns = list(dict.fromkeys(c for row in rows.values() for c in row if c != OVERALL))
    published = {p.system: p for p in benchmark.published}
    columns += list(
        dict.fromkeys(c for p in published.values() for c in p.scores if c not in (*columns, OVERALL))
    )
    columns = [*columns, OVERALL]
    lines = [[name, *(_cell(row.get(c)) for c in columns), "this run"] for name, row in rows.items()]
    lines += [[name, *(_cell(p.scores.get(c)) for c in columns), p.source] for name, p in published.items()]
    parts = [
        f"# {benchmark.title}",
        f"{benchmark.paper}. {len(questions)} questions. {_averages(questions)}",
        markdown(pd.DataFrame(lines, columns=["system", *columns, "source"])),
    ]
    if published:
        parts.append(
            "Published figures are of other models, and often of other prompts, lengths and samples: compare with care."
        )
    return "\n\n".join([*parts, *([benchmark.note] if benchmark.note else [])]) + "\n"


def _averages(questions: Sequence[Question]) -> str:
    keys = _keys(questions)
    over = f"the mean over {', then '.join(keys)}" if keys else "the mean over questions"
    together = next((q.task.together for q in questions if q.task and q.task.together), "")
    pairs = f" Questions of one {together} count as one, which is right if all are." if together else ""
    return f"Scores are from 0 to 100, {over}.{pairs}"


def _cell(value: float | None) -> str:
    return "-" if value is None or isnan(value) else f"{value:.2f}"
