"""What lcrag adds to a row, with a reader that answers at once: CPU time by phase, memory, a LangChain chain beside it.

Each measurement runs in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from overhead import dataset_of, instant_reader
from throughput import table

from lcrag import Experiment
from lcrag.datasets import load_files
from lcrag.datasets.base import Dataset
from lcrag.readers.scripted import ScriptedReader
from lcrag.schema import Outcome
from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
from lcrag.strategies.base import Strategy
from retrievers.bm25 import BM25Retriever

PER_DOCUMENT, CHARACTERS = 5, 2000
PHASES = ("before the first row", "rows", "table", "pictures and report")
PROMPT = "Answer from these passages:\n\n{passages}\n\nQuestion: {question}"


def overhead(small: bool) -> str:
    """Milliseconds per row by phase and peak memory at three sizes; a finished run said again."""
    sizes = (50, 100, 200) if small else (2000, 10_000, 20_000)
    again = 200 if small else 50_000
    rows = []
    for questions in sizes:
        done = _measured("rows", questions)
        per_row = [1000 * seconds / (2 * questions) for seconds in done["phases"]]
        rows.append(
            [
                f"{questions:,} x 2",
                f"{sum(per_row):.2f}",
                *(f"{ms:.2f}" for ms in per_row),
                f"{done['peak']:,.0f}",
            ]
        )
    first, last = (float(row[-1].replace(",", "")) for row in (rows[0], rows[-1]))
    slope = 1024 * (last - first) / (2 * (sizes[-1] - sizes[0]))
    with tempfile.TemporaryDirectory() as folder:
        _measured("rows", again, folder)
        finished = _measured("rows", again, folder)
    return (
        f"`closed_book` and `chunked_retrieval` (BM25) on documents of {CHARACTERS:,} characters with {PER_DOCUMENT} "
        "questions each; CPU milliseconds of all threads per row, peak of memory in MiB.\n\n"
        + table(["questions", "ms per row", *PHASES, "peak, MiB"], rows)
        + f"\n\nMemory grows by {slope:.1f} KiB per row. A finished run of {2 * again:,} rows says so again in "
        f"{finished['wall']:.1f} seconds, report included (peak {finished['peak']:,.0f} MiB)."
    )


def langchain(small: bool) -> str:
    """The same retrieval, prompt and answer as a LangChain chain with ``batch``."""
    questions = 50 if small else 10_000
    ours, chain = _measured("retrieval", questions), _measured("chain", questions)
    rows, theirs = ours["phases"][1], chain["cpu"]
    return (
        f"{questions:,} questions by BM25 retrieval of 3 passages, prompt, a model that answers at once, and the text "
        f"of its answer, CPU milliseconds per question: LangChain's `batch` {1000 * theirs / questions:.2f}; lcrag's "
        f"rows {1000 * rows / questions:.2f}, which also score by all metrics, book costs and journal calls and rows; "
        f"the chain takes {theirs / rows:.2f} times as long."
    )


def long(small: bool) -> str:
    """One document of 10 MB with 200 questions, and a folder of 10,000 documents."""
    done = _measured("long", 5 if small else 200)
    folder = _measured("folder", 50 if small else 10_000)
    return (
        f"One document of 10 MB with {5 if small else 200} questions by `chunked_retrieval` and `long_context` cut to "
        f"8,192 tokens: {done['cpu']:.0f} CPU seconds, peak {done['peak']:,.0f} MiB. A folder of "
        f"{50 if small else 10_000:,} documents with a question each by `chunked_retrieval`: {folder['cpu']:.0f} CPU "
        f"seconds, peak {folder['peak']:,.0f} MiB."
    )


def _measured(what: str, count: int, folder: str = "") -> dict[str, object]:
    command = [sys.executable, __file__, what, str(count), folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _run(dataset: Dataset, reader: ScriptedReader, strategies: list[Strategy], folder: Path) -> list[float]:
    """CPU seconds of each phase."""
    marks: list[float] = []

    def on_row(outcome: Outcome, resumed: bool) -> None:
        if not marks:
            marks.extend([time.process_time()] * 2)
        marks[1] = time.process_time()

    started = time.process_time()
    Experiment(
        dataset, reader, strategies, retriever=BM25Retriever(), output=folder / "run", mlflow=False
    ).run(on_row=on_row, on_table=lambda results: marks.append(time.process_time()))  # fmt: skip
    marks.append(time.process_time())
    return [b - a for a, b in zip([started, *marks], marks, strict=False)]


def _chain(dataset: Dataset) -> None:
    """What one would write with LangChain; each document's index is built once, as lcrag's are."""
    from langchain_core.language_models import FakeListChatModel
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_core.runnables import RunnableLambda

    texts, indexes = {d.id: d.text for d in dataset.documents}, {}

    def retrieve(asked: dict[str, str]) -> dict[str, str]:
        document = asked["document"]
        if document not in indexes:
            indexes[document] = BM25Retriever().build({document: texts[document]})
        (passages,) = indexes[document].search([asked["question"]], 3)
        return {"passages": "\n\n".join(p.text for p in passages), "question": asked["question"]}

    model = FakeListChatModel(responses=["yes"])
    chain = RunnableLambda(retrieve) | ChatPromptTemplate.from_template(PROMPT) | model | StrOutputParser()
    asked = [{"question": q.text, "document": q.document_ids[0]} for q in dataset.questions]
    chain.batch(asked, config={"max_concurrency": 8})


def _warm(what: str, folder: Path) -> None:
    """Import everything that is used."""
    if what == "chain":
        _chain(dataset_of(2, 1, 200))
    else:
        _run(dataset_of(2, 1, 200), instant_reader(), [ClosedBook(), ChunkedRetrieval(k=3)], folder)


def _child(what: str, count: int, where: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(where or temporary)
        if what == "folder":
            texts = dataset_of(count, 1, CHARACTERS)
            (folder / "texts").mkdir()
            for document in texts.documents:
                (folder / "texts" / f"{document.id}.txt").write_text(document.text, "utf-8")
            asked = (
                {"question": q.text, "documents": f"{q.document_ids[0]}.txt", "answers": "yes"}
                for q in texts.questions
            )
            (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
        long_text = what == "long"
        dataset = dataset_of(
            count, count if long_text else PER_DOCUMENT, 10_000_000 if long_text else CHARACTERS
        )
        _warm(what, Path(temporary) / "warm")
        cpu, wall = time.process_time(), time.perf_counter()
        phases: list[float] = []
        if what == "rows":
            phases = _run(dataset, instant_reader(), [ClosedBook(), ChunkedRetrieval(k=3)], folder)
        elif what == "retrieval":
            phases = _run(dataset, instant_reader(), [ChunkedRetrieval(k=3)], folder)
        elif what == "chain":
            _chain(dataset)
        elif what == "folder":
            dataset = load_files(folder / "texts", folder / "questions.jsonl")
            phases = _run(dataset, instant_reader(), [ChunkedRetrieval(k=3)], folder)
        else:
            reader = ScriptedReader(lambda request: "yes", context_window=8192)
            phases = _run(dataset, reader, [ChunkedRetrieval(k=3), LongContext(truncate="middle")], folder)
        return {
            "phases": phases,
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


if __name__ == "__main__":
    what, count, where = sys.argv[1:]
    sys.stdout.write(json.dumps(_child(what, int(count), where)) + "\n")
