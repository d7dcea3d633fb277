"""Results of the toolkit as analyses for MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.experiment.tracking.analyses import Analysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lcrag.allocation.curve import SavingsCurve
    from lcrag.cost.amortisation import LinearCost
    from lcrag.experiment.tracking.batches import Point
    from lcrag.judging.calibration import Calibration
    from lcrag.replay.comparison import RoutingComparison
    from lcrag.scaling.curve import BudgetCurve

COLUMNS = ("accuracy", "low", "high", "gain", "p_value", "headroom", "regret", "cost", "relative_cost", "overhead",
           "agreement", "aiq", "apgr", "milliseconds")  # fmt: skip
BOUNDS = {"low": "accuracy_low", "high": "accuracy_high"}  # as in runs of experiments


def replay_analysis(
    comparison: RoutingComparison, name: str, parameters: Mapping[str, Any], figures: Mapping[str, Figure]
) -> Analysis:
    """Routers on outcomes: a run for the replay, and one below it for each row of its table."""
    rows = comparison.table.to_dict("records")
    parts = {
        str(row["name"]): [(BOUNDS.get(c, c), float(row[c]), 0) for c in COLUMNS if c in row] for row in rows
    }
    sizes = {"queries": comparison.queries, "documents": comparison.documents, "models": comparison.models}
    return Analysis(
        "replay",
        name,
        {**parameters, "unit": comparison.unit, "split": comparison.split, "best": comparison.best},
        [(key, float(value), 0) for key, value in sizes.items()],
        parts,
        tables={"routing.json": comparison.table},
        texts={"routing.txt": str(comparison)},
        figures=figures,
    )


def budget_analysis(curve: BudgetCurve, name: str, parameters: Mapping[str, Any]) -> Analysis:
    """Quality by budget; the steps of the metrics are budgets, rounded to whole units."""
    points: list[Point] = []
    for point in curve.points:
        values = {"test": point.test.mean, "test_low": point.test.low, "test_high": point.test.high,
                  "development": point.development, "oracle": point.oracle_test.mean}  # fmt: skip
        points += [(f"quality_by_budget_{k}", v, round(point.budget)) for k, v in values.items()]
    return Analysis(
        "budget", name, {**parameters, "unit": curve.unit}, points, texts={"curve.txt": str(curve)}
    )


def savings_analysis(curve: SavingsCurve, name: str, parameters: Mapping[str, Any]) -> Analysis:
    """Quality by the share of a reference's cost; the steps are percents."""
    points: list[Point] = []
    for share in curve.shares:
        values = {"allocated": share.allocated.mean, "low": share.allocated.low, "high": share.allocated.high,
                  "random": share.random, "fixed": share.fixed, "oracle": share.oracle}  # fmt: skip
        points += [(f"quality_by_share_{k}", v, round(100 * share.share)) for k, v in values.items()]
    given = {**parameters, "reference": curve.reference, "questions": curve.questions}
    return Analysis("savings", name, given, points, texts={"curve.txt": str(curve)})


def cost_analysis(
    blocks: Mapping[str, Sequence[LinearCost]],
    questions: Sequence[int],
    name: str,
    parameters: Mapping[str, Any],
    text: str,
) -> Analysis:
    """Cost per question of each approach; the steps are numbers of questions on one document."""
    parts: dict[str, list[Point]] = {}
    for unit, lines in blocks.items():
        for line in lines:
            parts.setdefault(line.name, []).extend(
                (f"{unit.lower()}_per_question", line.total(m) / m, m) for m in questions
            )
    return Analysis("cost", name, parameters, (), parts, texts={"cost.txt": text})


def judge_analysis(
    calibration: Calibration, parameters: Mapping[str, Any], text: str, file: Path
) -> Analysis:
    """How far a judge can be trusted."""
    points: list[Point] = [("labels", calibration.n, 0), ("unreadable", calibration.unreadable, 0)]
    for key in ("agreement", "kappa", "sensitivity", "specificity"):
        rate = getattr(calibration, key)
        for suffix, value in (("", rate.mean), ("_low", rate.low), ("_high", rate.high)):
            points.append((f"{key}{suffix}", value, 0))
    given = {
        **parameters,
        "judge": calibration.judge,
        "metric": calibration.metric,
        "usable": calibration.usable,
    }
    points = [point for point in points if isfinite(point[1])]
    return Analysis("judge check", calibration.judge, given, points, texts={"check.txt": text}, files=[file])
