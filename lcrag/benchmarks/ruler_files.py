"""RULER: needles, chains of variables, frequent words and questions in made texts of any length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task


@dataclass(frozen=True)
class Form:
    """How a prompt of RULER is put together.

    Attributes:
        head: What stands before the text.
        between: What stands between the text and the question.
        begins: How a question begins.
        ends: How a question ends; empty for the end of the prompt.
        prefix: How the beginning of the answer begins, which is part of the prompt.
    """

    head: str
    between: str
    begins: str = ""
    ends: str = ""
    prefix: str = " Answer:"


def _needles(noun: str, several: bool) -> Form:
    some, are = (f"Some special magic {noun}s", "are") if several else (f"A special magic {noun}", "is")
    they = f"{noun}s" if several else noun
    return Form(
        f"{some} {are} hidden within the following text. Make sure to memorize it. I will quiz you about the {they} "
        "afterwards.\n",
        "\n",
        f"What {'are all' if several else 'is'} the special magic ",
        "mentioned in the provided text?",
        " The special magic",
    )


_TERSE = "Only give me the answer and do not output any other words."
_QA = Form(
    f"Answer the question based on the given documents. {_TERSE}\n\nThe following are given documents.\n\n",
    f"\n\nAnswer the question based on the given documents. {_TERSE}\n\nQuestion: ",
)
FORMS = {
    "niah_single_1": _needles("number", False),
    "niah_single_2": _needles("number", False),
    "niah_single_3": _needles("uuid", False),
    "niah_multikey_1": _needles("number", False),
    "niah_multikey_2": _needles("number", False),
    "niah_multikey_3": _needles("uuid", False),
    "niah_multivalue": _needles("number", True),
    "niah_multiquery": _needles("number", True),
    "vt": Form(
        "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n",
        "\nQuestion: ",
        "Find all variables that are assigned the value ",
        "in the text above.",
    ),
    "cwe": Form(
        "Below is a numbered list of words. In these words, some appear more often than others. Memorize the ones that "
        "appear most often.\n",
        "\nQuestion: ",
        "What are the 10 most common words ",
        "in the above list?",
    ),
    "fwe": Form(
        "Read the following coded text and track the frequency of each coded word. Find the three most frequently "
        "appeared coded words. ",
        "\nQuestion: ",
        "Do not provide any explanation. Please ignore the dots '....'. ",
        "in the above coded text?",
    ),
    "qa_1": _QA,
    "qa_2": _QA,
}
_MAX_TOKENS = {"niah": 128, "vt": 30, "cwe": 120, "fwe": 50, "qa": 32}


def _task(name: str, form: Form) -> Task:
    qa = form is _QA
    return Task(
        name,
        instruction=_TERSE if qa else "Go on where the question ends; give the answer alone.",
        max_tokens=_MAX_TOKENS[name.partition("_")[0]],
        template=f"{form.head}{{context}}{form.between}{{question}}{' Answer:' if qa else ''}",
        cleaning=("control_characters",),
        metric="string_match_any" if qa else "string_match_all",
        average=("task",),
    )


def items(row: Row) -> Iterator[Item]:
    """The prompt of a record, taken apart into text and question."""
    task = next((part for part in (row.file, *reversed(row.path.parts[:-1])) if part in FORMS), "")
    if not task:
        raise row.wrong("input", f"in a folder or a file named after its task ({', '.join(FORMS)})")
    form = FORMS[task]
    _, head, rest = row.text("input").partition(form.head)
    context, between, question = rest.rpartition(form.between + form.begins)
    if not head or not between:
        raise row.wrong("input", f"a prompt of RULER for {task}, whose text stands after {form.head[:40]!r}")
    answers = row.texts("outputs")
    yield Item(
        _whole_question(form, question, row.text("answer_prefix", "")),
        context,
        task,
        answers,
        spans=tuple(_needle_spans(context, answers)) if task.startswith("niah") else (),
        metadata={"length": row.integer("length", 0)},
    )


def _whole_question(form: Form, rest: str, prefix: str) -> str:
    """The question with the beginning of its answer, without what a chat template put around them."""
    if not form.ends:
        return rest.removesuffix(form.prefix)
    asked, end, tail = rest.partition(form.ends)
    start = tail.find(form.prefix)
    return form.begins + asked + end + (tail[start:] if start >= 0 else prefix)


def _needle_spans(context: str, values: tuple[str, ...]) -> Iterator[Span]:
    for value in values:
        match = re.search(rf"One of the special magic \S+ for [^.]*? is: {re.escape(value)}\.", context)
        if match:
            yield Span("", *match.span(), match[0])


BENCHMARK = Benchmark(
    name="ruler_files",
    title="RULER",
    paper="Hsieh et al. 2024, arXiv 2404.06654",
    licence="Apache-2.0; the texts' own licences",
    source="github.com/NVIDIA/RULER (scripts/data/prepare.py makes the files)",
    files=("**/*.jsonl",),
    tasks={name: _task(name, form) for name, form in FORMS.items()},
    items=items,
    note="Files as the authors' script makes them, a folder or a file for each of the 13 tasks. The score is the mean "
    "of the tasks' means. The beginning of the answer is part of the question, as it is part of the authors' prompt. "
    "Demonstrations (vt, cwe) stand at the beginning of the document. Gold strings such as `3,677 seated` fail by "
    "the authors' substring match.",
)


def load_ruler_files(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """RULER (Hsieh et al. 2024, arXiv 2404.06654): files of its 13 tasks.

    Args:
        path: The folder with the files that the authors' script has made; each length is a folder of its own.
        tasks: Such as ``niah_single_1``, ``vt``, ``qa_1``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
