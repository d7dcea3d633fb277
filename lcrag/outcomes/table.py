"""The table of outcomes, in a parquet file: one row for each question, strategy, model and seed.

pandas, polars and any other reader of parquet can open it. The file's metadata hold the version of the schema;
a table is checked when it is loaded. ``docs/outcomes.md`` explains every column.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.files import write_atomically
from lcrag.outcomes.columns import marks, numbers, texts, whole_numbers
from lcrag.outcomes.versions import current
from lcrag.schema import ROLES, Usage

if TYPE_CHECKING:
    import pandas as pd

VERSION = 3  # raise when a column changes its meaning; ``versions.current`` reads older tables
METADATA = b"lcrag_outcomes"
KEY = ("question_id", "strategy", "model", "seed")
SCHEMA: dict[str, str] = {
    "question_id": "names the question",
    "document_id": "the document, or several joined by +; statistics are clustered by it",
    "kind": "the task: location, reasoning, comparison, hallucination or a label of your own",
    "strategy": "how it was answered",
    "model": "the reader",
    "seed": "the seed of the run",
    "question": "its text",
    "answer": "what was answered",
    "declined": "whether the answer says that the text does not answer the question",
    "score": "the metric that decides, from 0 to 1; empty where it could not be scored",
    "error": "one sentence where the question failed (then there is no score), else empty",
    **{f"{role}_{f.name}": f"{f.name} spent to {role}" for role in ROLES for f in fields(Usage)},
}
OPTIONAL = {
    "gold": "answers that count as right, joined by |",
    "document_group": "the near-duplicates that the document is one of; folds and intervals count a group as one",
    "failure": "one sentence where the call failed and counts as wrong: score 0 and no error",
    "dataset": "where the question comes from",
    "domain": "the genre of the document",
    "length": "the nominal length of the document, such as 32k",
    "document_tokens": "tokens of the question's documents",
    "window": "the model's context window in tokens",
    "truncation": "how a too long context was cut",
    "closed_book": "true where the strategy answered without the document",
    "finish_reason": "how the reader ended its last text: stop, or length where it was cut at max_tokens",
    "batch_invariant": "true where no other request changes the answer, so that a resumed run writes the same",
    "prompt_hash": "names everything that was sent to the model",
    "score_*": "every metric by name",
    "note_*": "further figures that the strategy gives",
    "feature_*": "what a router may see of the question before it is answered (lcrag.routers.learning.features)",
    "signal_*": "numbers of the answer that a probing router sees, where the table has no texts",
    "flag_*": "true where the published row has a known defect",
}
USAGE = {c for c in SCHEMA if c.startswith(tuple(f"{role}_" for role in ROLES))}
NUMBERS = {"score", "seed", "document_tokens", "window"}


def validate(outcomes: pd.DataFrame, where: str = "The table of outcomes") -> pd.DataFrame:
    """The table with one type for each column: numbers as floats or NaN, texts without None, marks as bools.

    Args:
        outcomes: rows such as ``Outcome.flat()`` gives, with the question's text.
        where: names the table in messages.

    Raises:
        LcragError: no rows, a missing column, text in a column of numbers, a score outside 0 to 1, a duplicate
            (two rows or columns of one name), or a row with an error and a score.
    """
    import pandas as pd

    names = list(outcomes.columns)
    if repeated := next((c for c in names if names.count(c) > 1 or not isinstance(c, str)), None):
        raise LcragError(f"{where} has a duplicate or nameless column {repeated!r}: keep one of that name.")
    outcomes = current(outcomes)
    if missing := [c for c in SCHEMA if c not in outcomes.columns]:
        raise LcragError(
            f"{where} has no column {missing[0]!r}; the columns are explained in docs/outcomes.md."
        )
    if not len(outcomes):
        raise LcragError(f"{where} has no rows.")
    typed = {name: _typed(outcomes[name], name, f"{where}: the column {name!r}") for name in outcomes}
    frame = pd.DataFrame(typed, index=outcomes.index)
    frame["seed"] = whole_numbers(frame["seed"], f"{where}: the column 'seed'")
    _check_rows(frame, where)
    return frame


def _typed(values: pd.Series[Any], name: str, place: str) -> pd.Series[Any]:
    """A column in its type."""
    if name in NUMBERS or name in USAGE or name.startswith(("score_", "note_", "feature_", "signal_")):
        return numbers(values, place, finite=not name.startswith(("note_", "feature_")))
    if name.startswith("flag_") or name in {"declined", "closed_book", "batch_invariant"}:
        return marks(values, place)
    return texts(values, place)


def _check_rows(frame: pd.DataFrame, where: str) -> None:
    outside = frame[(frame["score"] < 0) | (frame["score"] > 1)]
    both = frame[(frame["error"] != "") & frame["score"].notna()]
    duplicates = frame[frame.duplicated(list(KEY))]
    for bad, why in (
        (outside, "has a score outside 0 to 1"),
        (both, "has an error and a score: a failed row is not scored"),
        (duplicates, "is a duplicate"),
    ):
        if len(bad):
            row = bad.iloc[0]
            raise LcragError(
                f"{where}: question {row['question_id']}, strategy {row['strategy']}, model {row['model']} {why}."
            )


def save_outcomes(outcomes: pd.DataFrame, path: Path | str) -> None:
    """Check the table and write it, whole or not at all, with the schema's version in the file's metadata.

    Raises:
        LcragError: it is not a table of outcomes, or the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(validate(outcomes), preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), METADATA: str(VERSION).encode()})
    data = io.BytesIO()
    pq.write_table(table, data)
    write_atomically(Path(path), data.getvalue())


def load_outcomes(path: Path | str) -> pd.DataFrame:
    """Read and check a table of outcomes.

    Raises:
        LcragError: there is no such file, it is not parquet, a newer lcrag wrote it, or it is not a table of outcomes.
    """
    import pyarrow.parquet as pq

    path = Path(path)
    path = path / "outcomes.parquet" if path.is_dir() else path
    if not path.is_file():
        raise LcragError(f"There is no table of outcomes at {path}: give a .parquet file or a run's folder.")
    try:
        schema = pq.read_schema(path)
        repeated = next((c for c in schema.names if schema.names.count(c) > 1), "")
        frame = None
        if not repeated:
            table = pq.read_table(path)
            table.validate(full=True)  # pandas stumbles over text that is not UTF-8 later, column by column
            frame = table.to_pandas(ignore_metadata=True)
    except Exception as error:  # a damaged file makes pyarrow raise nearly anything
        raise LcragError(f"{path} cannot be read as parquet ({reason(error)}): write it again.") from error
    if frame is None:
        raise LcragError(f"{path} has a duplicate column {repeated!r}: keep one of that name.")
    written = (schema.metadata or {}).get(METADATA, b"0")
    if not written.isdigit() or len(written) > 9:
        raise LcragError(f"{path} has no version of the schema but {written[:40]!r}: write it again.")
    version = int(written)
    if version > VERSION:
        raise LcragError(
            f"{path} has version {version} of the schema, this lcrag reads up to {VERSION}: upgrade it."
        )
    return validate(frame, str(path))


def flags(outcomes: pd.DataFrame) -> list[str]:
    """The names of the defects that the table has a column for, without ``flag_``."""
    return [c.removeprefix("flag_") for c in outcomes.columns if c.startswith("flag_")]


def without_defects(outcomes: pd.DataFrame, names: Sequence[str] | None = None) -> pd.DataFrame:
    """The table without the questions that have a known defect: one of ``names``, or any.

    All rows of such a question are left out, so that strategies and models stay comparable.

    Raises:
        LcragError: the table has no flag of such a name.
    """
    defects = flags(outcomes)
    for name in names or []:
        if name not in defects:
            raise LcragError(
                f"There is no defect {name!r} in the table; known are: {', '.join(defects) or 'none'}."
            )
    columns = [f"flag_{n}" for n in (defects if names is None else names)]
    if not columns:
        return outcomes
    bad = outcomes.loc[outcomes[columns].any(axis=1), "question_id"]
    return outcomes[~outcomes["question_id"].isin(bad)]
