"""Any table of questions, by a mapping of columns: JSON, CSV, parquet and folders of Hugging Face ``datasets``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lcrag.benchmarks.base import Benchmark, Item
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.components.build import check_keys
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

KEYS = ("question", "context", "answers", "choices", "id", "kind", "evidence", "answerable")
FILES = tuple(
    f"**/*.{suffix}" for suffix in ("jsonl", "jsonl.gz", "json.gz", "csv", "tsv", "parquet", "arrow")
)


def load_table(
    path: Path,
    columns: Mapping[str, str] | None = None,
    split: str = "",
    labels: tuple[str, ...] = (),
    instruction: str = "",
    metric: str = "accuracy",
    max_tokens: int = 0,
    limit: int | None = None,
    name: str = "table",
) -> Dataset:
    """A table of questions in any form, such as SCALE, LEPISZCZE or the Traditional Chinese suites.

    ``columns: {question: query, context: passages.text, answers: label, choices: options}``: what stands where. A dot
    goes into an object, or into each one of a list; several texts of a context are one text, with blank lines between.
    Other columns are metadata where they are texts or numbers.

    Args:
        path: A file, or a folder whose files are read: JSONL, JSON, CSV, TSV, parquet, Arrow, also gzipped. Of a folder
            ``.json`` is read only where it is named itself, since ``datasets`` keeps its descriptions in such files.
        columns: The columns of ``question``, ``context``, ``answers``, ``choices``, ``id``, ``kind``, ``evidence``
            (quotes) and ``answerable``; one that is not named has its own name. Without a context, the question stands
            on itself.
        split: Only files named after it, or in a folder that is: ``test-00000-of-00001.parquet``.
        labels: Names of the numbers in ``answers``, from 0; they are the choices, too.
        instruction: How the answer is asked for.
        metric: The metric that decides.
        max_tokens: Maximum tokens of an answer; 0 leaves it to the strategy.
        limit: The first so many questions.
        name: The data set's name.

    Raises:
        LcragError: something is wrong; the message names the file, the row and the column.
    """
    given = dict(columns or {})
    check_keys(given, list(KEYS), f"{name}: columns")
    mapping = {key: given.get(key, key) for key in KEYS}

    def items(row: Row) -> Iterator[Item]:
        if split and not _in_split(row.path, Path(path), split):
            return
        yield _item(row, mapping, frozenset(given), labels)

    task = Task("table", instruction=instruction, metric=metric, max_tokens=max_tokens)
    benchmark = Benchmark(name, name, "", "", str(path), FILES, {"table": task}, items)
    dataset = load(benchmark, path, (), limit)
    return Dataset(name, dataset.documents, dataset.questions, notices=dataset.notices)


def _item(row: Row, mapping: Mapping[str, str], named: frozenset[str], labels: tuple[str, ...]) -> Item:
    values = {key: _at(row.values, column) for key, column in mapping.items()}
    for key in ("question", *(named & {"context"})):
        if values[key] in (None, [], ""):
            column = mapping[key].partition(".")[0]
            row[column]  # says which column is missing
            raise row.wrong(column, f"something with {mapping[key]!r} in it")
    picked = Row(row.where, {mapping[key]: value for key, value in values.items()}, row.path)

    def texts(key: str) -> tuple[str, ...]:
        return tuple(t for t in picked.texts(mapping[key]) if t.strip())

    answers, choices = texts("answers"), texts("choices")
    if labels:
        try:
            answers = tuple(labels[_index(a, len(labels))] for a in answers)
        except (ValueError, IndexError) as error:
            raise picked.wrong(mapping["answers"], f"a number from 0 to {len(labels) - 1}") from error
        choices = choices or labels
    elif choices and isinstance(values["answers"], int) and str(values["answers"]) not in choices:
        if not 0 <= values["answers"] < len(choices):
            raise picked.wrong(mapping["answers"], f"one of the {len(choices)} choices, from 0")
        answers = (choices[values["answers"]],)
    used = {column.partition(".")[0] for column in mapping.values()}
    others = {k: v for k, v in row.values.items() if k not in used and isinstance(v, str | int | float)}
    question = picked.text(mapping["question"])
    return Item(
        question,
        "\n\n".join(texts("context")) or question,
        "table",
        answers,
        id=picked.text(mapping["id"], ""),
        kind=picked.text(mapping["kind"], ""),
        choices=choices,
        quotes=texts("evidence"),
        answerable=_truth(picked, mapping["answerable"]),
        metadata=others,
    )


def _at(value: Any, column: str) -> Any:
    """What stands at ``a.b``: in an object, or in each object of a list; ``None`` where nothing does."""
    if isinstance(value, list | tuple):
        found = [_at(v, column) for v in value]
        flat = [x for v in found for x in (v if isinstance(v, list) else [v])]
        return [x for x in flat if x is not None]
    if not isinstance(value, Mapping):
        return None
    if column in value:
        return value[column]
    first, _, rest = column.partition(".")
    return _at(value.get(first), rest) if rest else None


def _index(text: str, count: int) -> int:
    index = int(text)
    if not 0 <= index < count:
        raise IndexError(index)
    return index


def _truth(row: Row, column: str) -> bool:
    value = row.values.get(column)
    truth = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if value is None:
        return True
    if str(value).lower() not in truth:
        raise row.wrong(column, "true or false")
    return truth[str(value).lower()]


def _in_split(file: Path, folder: Path, split: str) -> bool:
    parts = file.relative_to(folder).parts if file.is_relative_to(folder) else (file.name,)
    return (
        any(p == split or p.startswith((f"{split}.", f"{split}-", f"{split}_")) for p in parts)
        or file == folder
    )
