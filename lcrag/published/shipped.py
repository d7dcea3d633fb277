"""Published answers that are part of the package: scores, costs and signals, without texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.errors import LcragError
from lcrag.outcomes.failures import counted_wrong
from lcrag.outcomes.table import load_outcomes

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.published.lara import Scores

DATA = Path(__file__).with_name("data")
IMPORTS = {  # by name, the command that makes the same table with its texts
    "lara": "lcrag import lara FOLDER",
    "nocha": "lcrag import nocha FILE",
}


def load_published(name: str, *, scores: Scores = "sound") -> pd.DataFrame:
    """Published answers as outcomes, from the package itself: nothing is downloaded.

    ``lara`` has the answers of 12 models to 2,325 questions, by long context and by retrieval (Li et al. 2025,
    arXiv 2502.09977); ``nocha`` has 18 settings on 63 pairs of claims (Karpinska et al. 2024, arXiv 2406.16264).
    ``data/ORIGIN.md`` beside this file tells where they come from, their licence and how they were scored.

    The tables have no texts: ``question`` and ``answer`` are empty. What routers learn from texts is there as numbers
    (``feature_*``, ``signal_*``), so all routers give what they give on the imported table but those that read the
    words of a question.

    Args:
        name: ``lara`` or ``nocha``.
        scores: ``sound`` leaves answers that need a judge without a score; ``recall`` scores them by token recall, a
            weak measure.

    Returns:
        A table as ``import_lara`` and ``import_nocha`` return it; failed calls are left out (``score_failures``).

    Raises:
        LcragError: there is no such table.
    """
    if name not in IMPORTS:
        raise LcragError(f"There are no published answers {name!r}; there are: {', '.join(IMPORTS)}.")
    outcomes = load_outcomes(DATA / f"{name}.parquet")
    return recall_scores(outcomes) if scores == "recall" else outcomes


def recall_scores(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The table with token recall as the score of answers that have none; 0 where an answer declines.

    A weak measure: of the right answers to LaRA's reasoning questions it counts a fifth as right (docs/outcomes.md).
    Failed calls stay without a score.
    """
    if "score_token_recall" not in outcomes:
        return outcomes
    is_unscored = outcomes["score"].isna() & outcomes["error"].eq("") & ~counted_wrong(outcomes)
    recall = outcomes["score_token_recall"].where(~outcomes["declined"], 0.0)
    return outcomes.assign(score=outcomes["score"].mask(is_unscored, recall))
