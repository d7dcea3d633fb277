"""LOFT: answering from, and finding documents in, a whole corpus that is the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from lcrag.benchmarks.base import Benchmark, Item, Prompt, Published
from lcrag.benchmarks.load import load
from lcrag.benchmarks.loft_prompts import RAG, RETRIEVAL, TASKS, UNTITLED
from lcrag.benchmarks.records import rows_of, stamp
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Span

_BLOCKED = "childhood abuse"  # words that the authors take out of every passage


class Corpus(NamedTuple):
    """The passages as one text, and where each of them stands in it, in order."""

    text: str
    places: dict[str, Span]


def items(row: Row) -> Iterator[Item]:
    """A query on the corpus beside it; conversations (TopiOCQA), SQL and many examples are left out."""
    kind, name, length = row.path.resolve().parts[-4:-1]
    if (kind, name) not in [("rag", n) for n in RAG] + [("retrieval", n) for n in RETRIEVAL]:
        return
    file = row.path.with_name("corpus.jsonl")
    if not file.is_file():
        raise LcragError(f"{row.where}: the corpus {file} is missing; LOFT has it beside the queries.")
    titled = kind == "rag" or RETRIEVAL[name] not in UNTITLED
    corpus = _corpus(file, stamp(file), titled)
    places = corpus.places
    golds = [pid for pid in _ids(row) if pid in places]
    numbers = {pid: str(i) for i, pid in enumerate(places)} if kind == "retrieval" else {}
    yield Item(
        row.text("query_text").strip(),
        corpus.text,
        f"{kind}_{name}",
        tuple(numbers[pid] for pid in golds) if kind == "retrieval" else row.texts("answers"),
        f"{row.text('qid')}-{length}-{row.file.removesuffix('_queries')}",
        spans=tuple(places[pid] for pid in golds),
        metadata={"kind": kind, "length": length, "passages": len(places)},
    )


def _ids(row: Row) -> list[str]:
    """The gold passages' ids: pairs of an id and its relevance."""
    pairs = row["metadata"].get("qrels") if isinstance(row["metadata"], dict) else None
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and pair for pair in pairs):
        raise row.wrong("metadata", "an object with qrels, a list of pairs of an id and a number")
    return [str(pair[0]) for pair in pairs]


@lru_cache(maxsize=1)
def _corpus(file: Path, _: tuple[int, int], titled: bool) -> Corpus:
    """The corpus in the authors' form; when the file has changed it is read again."""
    parts: list[str] = []
    places: dict[str, Span] = {}
    start = 0
    for number, row in enumerate(rows_of(file)):
        title = row.text("title_text", "").strip().replace(_BLOCKED, "") or "None"
        passage = row.text("passage_text", "").strip().replace(_BLOCKED, "")
        shown = f"TITLE: {title} | CONTENT: {passage}" if titled else f"CONTENT: {passage}"
        line = f"ID: {number} | {shown} | END ID: {number}"
        places[row.text("pid")] = Span("", start, start + len(line), line)
        parts.append(f"{line}\n")
        start += len(line) + 1
    return Corpus("".join(parts), places)


_TABLE = "Lee et al. 2024, arXiv 2406.13121, table of RAG at 128k, subspan EM"
_NAMES = ("rag_nq", "rag_hotpotqa", "rag_musique", "rag_qampari", "rag_quest")
BENCHMARK = Benchmark(
    name="loft",
    title="LOFT",
    paper="Lee et al. 2024, arXiv 2406.13121",
    licence="code Apache-2.0, data CC BY 4.0 and the sources' own",
    source="github.com/google-deepmind/loft (download.sh)",
    files=("**/dev_queries.jsonl", "**/test_queries.jsonl"),
    tasks={task.name: task for task in TASKS},
    items=items,
    published=tuple(
        Published(system, dict(zip(_NAMES, scores, strict=True)), _TABLE)
        for system, scores in (
            ("Gemini-1.5-Pro, long context", (84.0, 75.0, 55.0, 44.0, 28.0)),
            ("GPT-4o, long context", (89.0, 72.0, 47.0, 27.0, 20.0)),
            ("Claude-3-Opus, long context", (85.0, 74.0, 45.0, 25.0, 15.0)),
            ("Gecko top 40 and Gemini-1.5-Pro", (71.0, 70.0, 45.0, 55.0, 35.0)),
        )
    ),
    note="The folders rag/NAME/LENGTH and retrieval/NAME/LENGTH as downloaded; give one length. The authors put five "
    "worked examples between the corpus and the query; here there are none. TopiOCQA (several turns), SQL, many-shot "
    "learning and pictures are not here. Retrieval asks for a document's number in the prompt.",
)


def load_loft(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LOFT (Lee et al. 2024, arXiv 2406.13121): its RAG and its text retrieval.

    Args:
        path: The folder with the authors' files, such as ``data/rag/nq/128k``.
        tasks: Such as ``rag_nq`` and ``retrieval_nq``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter, without their worked examples.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
