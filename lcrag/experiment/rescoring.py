"""Metrics added to a finished run: its answers are scored again, its reader is not asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.errors import LcragError
from lcrag.experiment.journal import Journal
from lcrag.experiment.questions_file import load_questions
from lcrag.experiment.stored import read_json, table_of
from lcrag.files import write_atomically
from lcrag.judges.base import JudgedMetric
from lcrag.judging.corrected import correction_remarks
from lcrag.judging.scoring import (
    AnyMetric,
    OnVerdict,
    Scored,
    Scoring,
    check_metrics,
    describe_scoring,
    scored,
    scoring_in,
)
from lcrag.judging.tools import Judging
from lcrag.metrics.score import default_metric
from lcrag.outcomes.table import load_outcomes, save_outcomes
from lcrag.schema import Outcome, Usage

if TYPE_CHECKING:
    import pandas as pd

CELL = ["question_id", "strategy"]


async def score_run(
    folder: Path,
    metrics: Sequence[AnyMetric],
    judging: Judging,
    deciding: str = "",
    on_verdict: OnVerdict = lambda verdict, resumed: None,
) -> Scored:
    """Score a run's answers by further metrics and write them into its table.

    Args:
        folder: the run's output folder.
        metrics: the metrics to add.
        judging: prices, budget, embedder and the judge of metrics that name none.
        deciding: the metric whose score decides from now on; empty to leave that as it is.
        on_verdict: called with each verdict, and whether the folder had it.

    Returns:
        The outcomes of the last run in the folder with their scores, and what to tell.

    Raises:
        LcragError: the folder holds no finished run, another run writes to it, or a metric cannot be used.
    """
    check_metrics(metrics, deciding or "accuracy", judging.reader)
    if not (folder / "outcomes.parquet").is_file():
        raise LcragError(f"There is no finished run in {folder}: give the output folder of a run.")
    with Journal(folder) as journal:
        table, questions = load_outcomes(folder / "outcomes.parquet"), load_questions(folder)
        rows = _rows(table, list(journal.rows.values()), folder)
        decides = deciding or default_metric(questions.values())
        judged = [m for m in metrics if isinstance(m, JudgedMetric)]
        plain = [scored(row, questions[row.question_id], metrics, decides) for row in rows]
        scoring = scoring_in(folder, judging, judged, decides, on_verdict)
        result = await scoring.run(plain, questions)
        updated = _with_scores(table, result.outcomes, metrics, deciding, scoring)
        save_outcomes(updated, folder / "outcomes.parquet")
        _remark(folder, metrics, deciding, (*result.remarks, *correction_remarks(updated, metrics)))
    return result


def _rows(table: pd.DataFrame, journalled: list[Outcome], folder: Path) -> list[Outcome]:
    """The journal's rows that the table shows."""
    last = {(row.question_id, row.strategy): row for row in journalled}
    cells = list(zip(table["question_id"], table["strategy"], strict=True))
    if missing := [cell for cell in cells if cell not in last]:
        raise LcragError(
            f"{folder / 'outcomes.jsonl'} lacks question {missing[0][0]}, strategy {missing[0][1]}, which the table "
            "has: run the experiment again."
        )
    return [last[cell] for cell in cells]


def _with_scores(
    table: pd.DataFrame,
    rows: Sequence[Outcome],
    metrics: Sequence[AnyMetric],
    deciding: str,
    scoring: Scoring,
) -> pd.DataFrame:
    """The table with the new scores, and with everything that was ever spent to judge its rows."""
    import pandas as pd

    fresh = table_of(rows).set_index(CELL)
    spent: dict[tuple[str, str], Usage] = {}
    for entry in scoring.verdicts.known.values():
        cell = (entry.question_id, entry.strategy)
        spent[cell] = spent.get(cell, Usage()) + entry.usage
    cells = list(zip(table["question_id"], table["strategy"], strict=True))
    updated = table.copy()
    for column in (f"score_{m.name}" for m in metrics):
        updated[column] = [
            fresh[column].get(cell, float("nan")) if column in fresh else float("nan") for cell in cells
        ]
    for name in (f.name for f in fields(Usage)):
        updated[f"judge_{name}"] = [getattr(spent.get(cell, Usage()), name) for cell in cells]
    if deciding:
        scores = updated.get(f"score_{deciding}", pd.Series(float("nan"), updated.index))
        updated["score"] = scores.mask(updated["error"] != "")
    return updated


def _remark(folder: Path, metrics: Sequence[AnyMetric], deciding: str, remarks: Sequence[str]) -> None:
    """Write the foot of the table anew; routers that learned from another score are left out."""
    content = read_json(folder / "comparison.json")
    told = [str(r) for r in content.get("remarks", [])]
    if deciding:
        content["scoring"] = describe_scoring(metrics, deciding)
        if content.pop("routers", {}):
            told.append(
                "Routers are left out: they learned from another score; run the experiment again for them."
            )
    content["remarks"] = list(dict.fromkeys([*told, *remarks]))
    write_atomically(folder / "comparison.json", json.dumps(content, indent=1))
