"""One MLflow trace for each question and strategy, with our scores and judges' verdicts as its assessments."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.experiment.journal import read_journal
from lcrag.experiment.questions_file import load_questions
from lcrag.experiment.tracking.spans import Part, parts_of, trace_usage
from lcrag.judging.verdicts import Verdicts

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.judges.base import Verdict
    from lcrag.schema import Outcome, Question

ROW = "lcrag.row"  # tag: which answer a trace shows
PAGE = 500  # traces per search
UNANSWERABLE = "The text does not answer this question."


@dataclass(frozen=True)
class TracedRow:
    """An answer with what its trace shows.

    Attributes:
        outcome: The row.
        question: Its question.
        times: When it was begun and finished, in seconds since 1970; zeros where that is not known.
        verdicts: What judges said of it, by metric.
        scores: What is logged of its scores, by metric.
    """

    outcome: Outcome
    question: Question
    times: tuple[float, ...]
    verdicts: Mapping[str, Verdict]
    scores: Mapping[str, float]

    @property
    def key(self) -> str:
        """Names the answer; another answer has another trace."""
        row = self.outcome
        content = [row.question_id, row.strategy, row.prompt_hash, row.answer, row.error]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def traced_rows(folder: Path, outcomes: pd.DataFrame, parameters: Mapping[str, Any]) -> list[TracedRow]:
    """The rows of the table that the folder's journal has, with their times and verdicts.

    Args:
        folder: the run's folder.
        outcomes: the table of outcomes; its scores are taken.
        parameters: what ``experiment.json`` holds: the scores of its metrics are logged.

    Raises:
        LcragError: the folder's files are missing or damaged.
    """
    content, questions = read_journal(folder / "outcomes.jsonl"), load_questions(folder)
    verdicts: dict[tuple[str, str], dict[str, Verdict]] = {}
    for entry in Verdicts(folder / "verdicts.jsonl").known.values():
        verdicts.setdefault((entry.question_id, entry.strategy), {})[entry.metric] = entry.verdict
    own = [str(m.get("name", m.get("type", ""))) for m in parameters.get("metrics") or ()]
    judged = [metric for verdict in verdicts.values() for metric in verdict]
    metrics = dict.fromkeys([str(parameters.get("metric", "accuracy")), *own, *judged])
    columns = [c for c in (f"score_{m}" for m in metrics) if c in outcomes]
    keys = ("question_id", "strategy", "prompt_hash")
    scores = {
        tuple(row[k] for k in keys): {
            c.removeprefix("score_"): float(row[c]) for c in columns if row[c] == row[c]
        }
        for row in outcomes.to_dict("records")
    }
    return [
        TracedRow(
            row,
            questions[row.question_id],
            content.times.get(key, (0.0, 0.0)),
            verdicts.get(cell[:2], {}),
            scores[cell],
        )
        for key, row in content.rows.items()
        if (cell := (row.question_id, row.strategy, row.prompt_hash)) in scores
        and row.question_id in questions
    ]


def log_traces(mlflow: Any, experiment_id: str, runs: Mapping[str, str], rows: Sequence[TracedRow]) -> None:
    """Log the traces that the strategies' runs do not have yet, and the scores that their traces do not have.

    Traces of answers that were given again are removed.

    Args:
        mlflow: the module, on the store.
        experiment_id: the MLflow experiment.
        runs: the strategies' runs by name.
        rows: the answers.
    """
    client = mlflow.MlflowClient()
    for strategy, run_id in runs.items():
        wanted = {row.key: row for row in rows if row.outcome.strategy == strategy}
        existing = _existing(client, experiment_id, run_id)
        for key, info in existing.items():
            if key in wanted:
                logged = {a.name for a in info.assessments}
                _assess(mlflow, info.trace_id, wanted[key], logged)
        outdated = [info.trace_id for key, info in existing.items() if key not in wanted]
        for i in range(0, len(outdated), PAGE):
            client.delete_traces(experiment_id, trace_ids=outdated[i : i + PAGE])
        new = {
            _trace(mlflow, experiment_id, run_id, row): row
            for key, row in wanted.items()
            if key not in existing
        }
        mlflow.flush_trace_async_logging()
        for trace_id, row in new.items():
            _assess(mlflow, trace_id, row, set())


def _existing(client: Any, experiment_id: str, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    token = None
    while True:
        page = client.search_traces(
            locations=[experiment_id], run_id=run_id, include_spans=False, max_results=PAGE, page_token=token
        )
        found |= {trace.info.tags.get(ROW, ""): trace.info for trace in page}
        token = page.token
        if not token:
            return found


def _trace(mlflow: Any, experiment_id: str, run_id: str, row: TracedRow) -> str:
    """Log one trace and return its id."""
    outcome = row.outcome
    parts = parts_of(outcome, row.question, row.verdicts)
    length = sum(part.seconds for part in parts)
    end = row.times[1] or time.time()
    start = min(row.times[0] or end, end - length)  # it may have waited first
    root = mlflow.start_span_no_context(
        outcome.strategy,
        span_type="CHAIN",
        inputs={"question": row.question.text},
        experiment_id=experiment_id,
        metadata={"mlflow.sourceRun": run_id},
        tags={
            ROW: row.key,
            "lcrag.question": outcome.question_id,
            "lcrag.strategy": outcome.strategy,
            "lcrag.kind": outcome.kind,
            "lcrag.model": outcome.model,
        },
        attributes=trace_usage(outcome),
        start_time_ns=int(start * 1e9),
    )
    at = end - length
    for part in parts:
        at = log_part(mlflow, root, part, at)
    status = "ERROR" if outcome.error else "OK"
    root.end(outputs=outcome.error or outcome.answer, status=status, end_time_ns=int(end * 1e9))
    return str(root.trace_id)


def log_part(mlflow: Any, root: Any, part: Part, start: float) -> float:
    """Log one part of the work and return when it ended."""
    from mlflow.entities import Document

    span = mlflow.start_span_no_context(
        part.name,
        span_type=part.type,
        parent_span=root,
        inputs=part.input,
        attributes=part.attributes,
        start_time_ns=int(start * 1e9),
    )
    outputs: Any = part.output
    if part.passages:
        outputs = [
            Document(p.text, {"doc_uri": p.document_id, "start": p.start, "end": p.end, "score": p.score})
            for p in part.passages
        ]
    end = start + part.seconds
    span.end(outputs=outputs, end_time_ns=int(end * 1e9))
    return end


def _assess(mlflow: Any, trace_id: str, row: TracedRow, logged: set[str]) -> None:
    """Log the gold answer and those scores that the trace does not have."""
    from mlflow.entities import AssessmentSource

    question = row.question
    if "expected_response" not in logged:
        gold = " or ".join(question.answers) if question.answerable else UNANSWERABLE
        if gold:
            mlflow.log_expectation(trace_id=trace_id, name="expected_response", value=gold)
    for name, score in row.scores.items():
        if name in logged:
            continue
        verdict = row.verdicts.get(name)
        kind = "LLM_JUDGE" if verdict else "CODE"
        mlflow.log_feedback(
            trace_id=trace_id,
            name=name,
            value=score,
            source=AssessmentSource(source_type=kind, source_id=f"lcrag {name}"),
            rationale=(verdict.reason or None) if verdict else None,
        )
