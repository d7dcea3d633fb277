"""QMSum: queries about meetings, answered by summaries, with the turns that matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Span, Task

SPLITS = ("train", "val", "test")
LISTS = {"general": "general_query_list", "specific": "specific_query_list"}


def _task(split: str) -> Task:
    return Task(
        split,
        instruction="Answer the query in one or more sentences.",
        max_tokens=512,
        template="You are given a meeting transcript and a query containing a question or instruction. Answer the "
        "query in one or more sentences.\n\nTranscript:\n{context}\n\nNow, answer the query based on the above "
        "meeting transcript in one or more sentences.\n\nQuery: {question}\nAnswer:",
        metric="rouge",
    )


def items(row: Row) -> Iterator[Item]:
    """The queries about a meeting."""
    split = next((name for name in (row.file, row.path.parent.name) if name in SPLITS), "")
    if not split:
        raise LcragError(f"{row.where}: QMSum's files are train.jsonl, val.jsonl and test.jsonl.")
    lines = [f"{t.text('speaker')}: {t.text('content', '')}\n" for t in row.rows("meeting_transcripts")]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text = "".join(lines)
    meeting = row.number if row.file == split else row.file
    for kind, key in LISTS.items():
        for number, query in enumerate(row.rows(key) if key in row else [], 1):
            yield Item(
                query.text("query"),
                text,
                split,
                (query.text("answer"),),
                id=f"{meeting}-{kind}-{number}",
                kind=kind,
                spans=tuple(_spans(query, text, starts)),
                metadata={"meeting": meeting},
            )


def _spans(query: Row, text: str, starts: list[int]) -> Iterator[Span]:
    """Each range of turns, the last one included; a general query has none."""
    for pair in query.values.get("relevant_text_span") or ():
        try:
            first, last = (int(n) for n in pair)
        except (TypeError, ValueError) as error:
            raise query.wrong("relevant_text_span", "pairs of numbers of turns") from error
        if not 0 <= first <= last < len(starts) - 1:
            raise query.wrong("relevant_text_span", f"ranges of the {len(starts) - 1} turns")
        yield Span("", starts[first], starts[last + 1], text[starts[first] : starts[last + 1]])


BENCHMARK = Benchmark(
    name="qmsum",
    title="QMSum",
    paper="Zhong et al. 2021, arXiv 2104.05938",
    licence="MIT",
    source="github.com/Yale-LILY/QMSum (data/ALL/jsonl)",
    files=("data/ALL/jsonl/*.jsonl", "ALL/jsonl/*.jsonl", "jsonl/*.jsonl", "*.jsonl"),
    tasks={split: _task(split) for split in SPLITS},
    items=items,
    counts={"test": 281},
    note="ROUGE-L with stemming, as SCROLLS has it; the paper reports ROUGE-1, 2 and L by another program. The "
    "paper has no prompt: the official one is LongBench's (arXiv 2308.14508). Evidence is the authors' ranges of "
    "turns; general queries have none.",
)


def load_qmsum(
    path: Path | None = None,
    tasks: tuple[str, ...] = ("test",),
    limit: int | None = None,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """QMSum (Zhong et al. 2021, arXiv 2104.05938): queries about meetings.

    Args:
        path: The folder of the authors' repository, ``data/ALL/jsonl``, or one file.
        tasks: ``train``, ``val``, ``test``; empty for all.
        limit: The first so many queries of each task.
        prompt: ``official`` asks with LongBench's prompt.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
