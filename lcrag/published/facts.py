"""Tables of outcomes without texts: scores, costs and signals alone, small enough to be part of the package."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.files import write_atomically
from lcrag.outcomes.table import METADATA, VERSION, validate
from lcrag.routers.learning.features import context_features, signals, text_features

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("question", "answer")  # columns that every table of outcomes has: they stay, empty
COMPRESSION_LEVEL = 19  # of zstd


def facts_of(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The table without texts; what routers learn from them is kept as numbers.

    Rows stay in their order. ``question`` and ``answer`` are empty, ``gold`` is left out. ``signal_*`` columns hold
    the signals of each answer, ``feature_*`` columns the features of each question where the table had none.

    Args:
        outcomes: a table of outcomes with its texts.
    """
    import pandas as pd

    numbers = [
        signals(question, answer, declined, {})
        for question, answer, declined in zip(
            outcomes["question"], outcomes["answer"], outcomes["declined"], strict=True
        )
    ]
    columns = pd.DataFrame(numbers, outcomes.index).drop(columns="declined").add_prefix("signal_")
    if not any(c.startswith("feature_") for c in outcomes):
        columns = columns.join(_features(outcomes).add_prefix("feature_"))
    return outcomes.drop(columns="gold", errors="ignore").assign(**dict.fromkeys(TEXTS, "")).join(columns)


def _features(outcomes: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    unknown = pd.Series(float("nan"), outcomes.index)
    rows = zip(
        outcomes["question"],
        outcomes.get("document_tokens", unknown),
        outcomes.get("window", unknown),
        strict=True,
    )
    return pd.DataFrame([text_features(q) | context_features(t, w) for q, t, w in rows], outcomes.index)


def save_facts(outcomes: pd.DataFrame, path: Path) -> None:
    """Write the facts of a table with its texts as a small parquet file.

    The file is a table of outcomes: ``load_outcomes`` reads it. Numbers keep all their digits, so that every figure is
    that of the table with texts; parquet stores each distinct value of a column once.

    Raises:
        LcragError: it is not a table of outcomes, or the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = facts_of(validate(outcomes))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({METADATA: str(VERSION).encode()})
    data = io.BytesIO()
    pq.write_table(
        table, data, compression="zstd", compression_level=COMPRESSION_LEVEL, row_group_size=len(frame)
    )
    write_atomically(path, data.getvalue())
