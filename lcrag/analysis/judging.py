"""What the judges of a comparison have spent, in words and as figures."""

from __future__ import annotations

from math import isnan

import pandas as pd

from lcrag.outcomes.amounts import amount
from lcrag.tables import human, many

SPENT = ("calls", "prompt_tokens", "completion_tokens", "seconds", "flops", "dollars")


def judge_spending(outcomes: pd.DataFrame) -> dict[str, float]:
    """The sums of what was spent to judge, NaN where an amount is not known; empty where nothing was judged."""
    if "judge_calls" not in outcomes or not amount(outcomes, "judge", "calls").fillna(0).gt(0).any():
        return {}
    judged = outcomes[amount(outcomes, "judge", "calls").fillna(0).gt(0)]
    return {name: float(amount(judged, "judge", name).sum(skipna=False)) for name in SPENT}


def judge_remark(outcomes: pd.DataFrame) -> tuple[str, ...]:
    """A sentence on what judging took, for the foot of a table; none where nothing was judged."""
    spent = judge_spending(outcomes)
    if not spent:
        return ()
    dollars = "dollars not known" if isnan(spent["dollars"]) else f"${spent['dollars']:.4g}"
    return (
        f"Judging took {many(round(spent['calls']), 'call')}, {human(spent['prompt_tokens'])} prompt tokens, "
        f"{human(spent['completion_tokens'])} written, {human(spent['seconds'])} seconds, {dollars}: "
        "in no strategy's cost.",
    )
