"""LongMemEval: questions on a user's chats with an assistant over months."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Span, Task

HISTORIES = ("s", "m", "oracle")
TYPES = (
    "single-session-user", "single-session-assistant", "single-session-preference", "multi-session",
    "knowledge-update", "temporal-reasoning",
)  # fmt: skip
INSTRUCTION = "Please answer the question based on the relevant chat history."
_FILE = re.compile(r"longmemeval_(s|m|oracle)(?:_cleaned)?")


def _task(history: str) -> Task:
    return Task(
        history,
        instruction=INSTRUCTION,
        max_tokens=500,
        template=f"I will give you several history chats between you and a user. {INSTRUCTION}\n\n\nHistory Chats:\n\n"
        "{context}\n\n{question}\nAnswer:",
        metric="accuracy",
    )


def items(row: Row) -> Iterator[Item]:
    """A question with the sessions before it, in the order of their dates."""
    history = _FILE.fullmatch(row.file)
    if history is None:
        files = ", ".join(f"longmemeval_{h}.json" for h in HISTORIES)
        raise LcragError(f"{row.where}: LongMemEval's files are {files}, or end in _cleaned.json.")
    id, kind = row.text("question_id"), row.text("question_type")
    if kind not in TYPES:
        raise row.wrong("question_type", f"one of {', '.join(TYPES)}")
    names, dates = row.texts("haystack_session_ids"), row.texts("haystack_dates")
    if not isinstance(row["haystack_sessions"], list) or not (
        len(names) == len(dates) == len(row["haystack_sessions"])
    ):
        raise row.wrong("haystack_sessions", "as many sessions as there are ids and dates")
    texts: dict[str, str] = {}
    spans: list[Span] = []
    for number in sorted(range(len(names)), key=lambda i: dates[i]):
        turns = Row(row.where, {"turns": row["haystack_sessions"][number]}, row.path).rows("turns")
        if names[number] not in texts:
            texts[names[number]], places = _session(dates[number], turns)
            spans += [Span(names[number], s, e, texts[names[number]][s:e]) for s, e in places]
    answerable = not id.endswith("_abs")
    date = row.text("question_date")
    yield Item(
        f"Current Date: {date}\nQuestion: {row.text('question')}",
        texts,
        history[1],
        row.texts("answer"),
        id=id,
        kind=kind,
        spans=tuple(spans) if answerable else (),
        answerable=answerable,
        metadata={
            "type": kind if answerable else "abstention",
            "date": date[:10].replace("/", "-"),
            "answer_sessions": list(row.texts("answer_session_ids")),
        },
    )


def _session(date: str, turns: list[Row]) -> tuple[str, list[tuple[int, int]]]:
    """The session in the authors' plain form, and the places of its turns with evidence."""
    text, places = f"Session Date: {date}\nSession Content:\n", []
    for turn in turns:
        line = f"{turn.text('role')}: {turn.text('content', '').strip()}"
        if turn.values.get("has_answer") is True:
            places.append((len(text) + 1, len(text) + 1 + len(line)))
        text += f"\n{line}\n"
    return text, places


BENCHMARK = Benchmark(
    name="longmemeval",
    title="LongMemEval",
    paper="Wu et al. 2025, arXiv 2410.10813",
    licence="MIT",
    source="huggingface.co/datasets/xiaowu0162/longmemeval-cleaned",
    files=("**/longmemeval_*.json",),
    tasks={history: _task(history) for history in HISTORIES},
    items=items,
    counts=dict.fromkeys(HISTORIES, 500),
    note="Histories of 115,000 tokens (`s`), 500 sessions (`m`) or the evidence alone (`oracle`). The data were "
    "cleaned in September 2025: scores on old and new files do not compare. The authors score by a judge: take the "
    "metric `correctness` with the rubric `longmemeval`; `accuracy` is a stand-in and says nothing of preferences. "
    "The metric `longmemeval_retrieval` scores sessions and turns that were retrieved. Abstention questions count "
    "in their own type, too. Sessions are in the authors' plain form without their number, one document each; the "
    "date of the question is a part of it.",
)


def load_longmemeval(
    path: Path | None = None,
    tasks: tuple[str, ...] = ("s",),
    limit: int | None = None,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """LongMemEval (Wu et al. 2025, arXiv 2410.10813): questions on months of chats.

    Args:
        path: The folder with the authors' files, or one of them.
        tasks: ``s``, ``m``, ``oracle``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
