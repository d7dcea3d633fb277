"""Whether failed calls are left out of every figure or count as wrong answers: one rule for a whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from lcrag.errors import LcragError

if TYPE_CHECKING:
    import pandas as pd

Failures = Literal["left_out", "wrong"]


def score_failures(outcomes: pd.DataFrame, failures: Failures) -> pd.DataFrame:
    """The table under one of two rules for failed calls; applying the other rule later undoes the first.

    ``left_out``: a failed call has an ``error`` and no score, and no figure counts it. This suits failures that have
    nothing to do with the strategy, such as a server that was down.

    ``wrong``: it has score 0, and its sentence stands in ``failure`` in place of ``error``. This suits failures that
    the strategy causes, such as a context that is longer than the model's window. It costs what its row says was
    spent. On a question where an answer has no score yet (it needs a judge), failed calls stay left out, so that
    failures are not all that is scored there.

    Args:
        outcomes: rows with ``question_id``, ``score`` and ``error``.
        failures: the rule.

    Raises:
        LcragError: an unknown rule.
    """
    if failures not in get_args(Failures):
        raise LcragError(f"Failed calls are {' or '.join(get_args(Failures))}, not {failures!r}.")
    frame = outcomes.copy()
    frame["error"] = frame["error"].fillna("")
    is_counted = counted_wrong(frame)
    if is_counted.any():
        frame.loc[is_counted, "error"] = frame.loc[is_counted, "failure"]
        frame.loc[is_counted, "score"] = float("nan")
        frame["failure"] = ""
    has_failed = frame["error"] != ""
    if failures == "wrong":
        unscored = frame.loc[~has_failed & frame["score"].isna(), "question_id"]
        has_failed &= ~frame["question_id"].isin(unscored)
        frame["failure"] = frame["error"].where(has_failed, "")
        frame.loc[has_failed, "score"] = 0.0
        frame.loc[has_failed, "error"] = ""
    return frame


def counted_wrong(outcomes: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are failed calls that count as wrong."""
    import pandas as pd

    if "failure" not in outcomes:
        return pd.Series(False, outcomes.index)
    return outcomes["failure"].fillna("").ne("")
