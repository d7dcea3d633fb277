"""Which judge a metric asks, and whether it may decide."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from lcrag.components.settings import digest
from lcrag.errors import LcragError
from lcrag.judges.base import JudgedMetric
from lcrag.judging.calibration import load_calibration
from lcrag.readers.base import Reader


def judges_of(metric: JudgedMetric, reader: Reader | None = None) -> tuple[Reader, ...]:
    """The models that the metric asks: its own, those of its members, else the experiment's reader.

    Raises:
        LcragError: there is neither.
    """
    values: list[Any] = [getattr(metric, f.name) for f in fields(metric)] if is_dataclass(metric) else []
    parts = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    members = [part for part in parts if isinstance(part, JudgedMetric)]
    if members:
        return tuple(judge for member in members for judge in judges_of(member, reader))
    judges = tuple(part for part in parts if isinstance(part, Reader)) or ((reader,) if reader else ())
    if not judges:
        raise LcragError(
            f"The metric {metric.name!r} has no judge of its own: give one with `judge` or --model."
        )
    return judges


def judge_name(metric: JudgedMetric, reader: Reader | None = None) -> str:
    """The judging model's name; of several each once, joined by +."""
    return " + ".join(dict.fromkeys(judge.name for judge in judges_of(metric, reader)))


def judge_digest(metric: JudgedMetric, reader: Reader | None = None) -> str:
    """Names everything that the metric's verdicts depend on: its settings and its judges'."""
    return digest([metric, *judges_of(metric, reader)])


def check_may_decide(
    metric: JudgedMetric, reader: Reader | None, calibration: Path | None, *, uncalibrated: bool = False
) -> None:
    """Refuse a judge that decides without having been held against labels.

    Args:
        metric: the deciding metric.
        reader: its judge, where it has none of its own.
        calibration: the file that ``lcrag judge check`` has written.
        uncalibrated: let it decide all the same.

    Raises:
        LcragError: there is no calibration, it is of another judge or rubric, or it says that the judge is not usable.
    """
    if uncalibrated:
        return
    if calibration is None:
        raise LcragError(
            f"The metric {metric.name!r} decides, but its judge was not held against labels: run `lcrag judge check` "
            "and name its file in `calibration`, or set `uncalibrated: true`."
        )
    load_calibration(calibration).check(judge_digest(metric, reader))
