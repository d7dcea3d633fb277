"""What a router chooses: a strategy, or a model together with a strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lcrag.errors import LcragError

if TYPE_CHECKING:
    import pandas as pd

STRATEGY = ("strategy",)
PAIR = ("model", "strategy")


def with_arms(outcomes: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """The table with one strategy for each arm: ``gpt-4o: long_context`` where arms are models with strategies.

    Models are then no longer told apart: a query is a question, whichever models answer it. Costs must have been
    computed before, as they depend on the model.

    Args:
        outcomes: see ``lcrag.outcomes``.
        arms: ``("strategy",)`` leaves the table as it is; ``("model", "strategy")``.

    Raises:
        LcragError: any other arms.
    """
    names = tuple(arms)
    if names == STRATEGY:
        return outcomes
    if names != PAIR:
        raise LcragError(f"arms are 'strategy' or 'model,strategy', not {','.join(names)!r}.")
    return outcomes.assign(strategy=outcomes["model"] + ": " + outcomes["strategy"], model="")
