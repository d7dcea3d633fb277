"""LaRA's main table, the published accuracies, as outcomes (arXiv 2502.09977)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.benchmarks.lara import KINDS
from lcrag.errors import LcragError, reason
from lcrag.outcomes.rows import outcome_row
from lcrag.outcomes.table import validate
from lcrag.published.lara import ARMS

if TYPE_CHECKING:
    import pandas as pd


def import_lara_table(file: Path | str) -> pd.DataFrame:
    """The averages of LaRA's main table (its figure ``main.png``), a row for each model, length, task and strategy.

    Scores are accuracies as published, so averages of them are the paper's averages. Costs are not known: NaN.

    Raises:
        LcragError: the file is missing or is not that table.
    """
    import pandas as pd

    file = Path(file)
    try:
        table = json.loads(file.read_text("utf-8"))
        rows = [
            outcome_row(
                question_id=f"{key}|{kind}",
                document_id=key,
                kind=KINDS[kind],
                strategy={"LC": ARMS["full"], "RAG": ARMS["rag"]}[arm],
                model=key.split("|")[0],
                question=f"(all questions of {KINDS[kind]})",
                answer="",
                score=percent / 100,
                prompt_tokens=float("nan"),
                completion_tokens=float("nan"),
                dataset="LaRA main table",
                length=key.split("|")[1],
            )
            for key, kinds in table.items()
            for kind, arms in kinds.items()
            for arm, percent in arms.items()
        ]
    except OSError as error:
        raise LcragError(
            f"{file} cannot be read ({error.strerror}): give LaRA's paper_main_table.json."
        ) from error
    except Exception as error:  # JSON of any other shape
        raise LcragError(f"{file} is not LaRA's main table: {reason(error)}.") from error
    return validate(pd.DataFrame(rows), str(file))
