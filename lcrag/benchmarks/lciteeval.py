"""L-CiteEval: eleven tasks whose answers cite the numbered passages of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task

_CITE = (
    "Use an unbiased and journalistic tone. Every sentence must include a citation at the end, referencing at least "
    "one {0} and at most three. When citing several {0}s, use separate brackets for each index number, like "
    "[a][b][c], instead "
    "of combining them in one set of brackets, like [a, b, c]. Here, a, b and c represent different index numbers. If "
    "multiple {0}s support the sentence, only cite a minimum sufficient subset of the {0}s."
)
_ANSWER = (
    "Write an accurate, engaging, and concise answer to the given question using only the provided {0}s (some of which "
    f"might be irrelevant). {_CITE}"
)
_PASSAGES, _TALKS = _ANSWER.format("passage"), _ANSWER.format("conversation")
_SUMMARY = (
    "Write a concise and engaging summary of the provided passages. Use a neutral and informative tone. Every "
    "sentence in "
    "the summary must include a citation at the end, referencing at least one passage and at most three. When citing "
    "several passages in a single sentence, use separate brackets for each index number, like [a][b][c], instead of "
    "combining them in one set of brackets, like [a, b, c]. Here, a, b and c represent different index numbers. If "
    "multiple passages support a sentence, only cite the minimum sufficient subset of the passages necessary to "
    "substantiate the information."
)
_STARS = (
    "On this moonlit and misty night, the little penguin is looking up at the sky and concentrating on counting "
    "\u2605. Please help the little penguin collect the correct number of \u2605 and cite the corresponding passage ID "
    'where the counting is mentioned, for example: {"little_penguin": [x, x, x,...], "passage_id": [y, y, y,...]}. '
    "The summation is not required. The numbers in [x, x, x,...] represent the correctly counted number of \u2605 by "
    "the little penguin and the number in [y, y, y,...] represent the passage IDs where these counts are recorded. "
    "Only output the results in JSON format without any explanation."
)
_COUNT = re.compile("The little penguin counted (\\d+) \u2605")
_TAIL = "\n\nQuestion: {question}\nAnswer:"
_FORMS = {  # category, maximum tokens, instruction, what follows the instruction
    "narrativeqa": ("single-document QA", 800, _PASSAGES, _TAIL),
    "natural_questions": ("single-document QA", 200, _PASSAGES, _TAIL),
    "hotpotqa": ("multi-document QA", 200, _PASSAGES, _TAIL),
    "2wikimultihopqa": ("multi-document QA", 200, _PASSAGES, _TAIL),
    "gov_report": ("summarization", 800, _SUMMARY, "\nSummary:"),
    "multi_news": ("summarization", 800, _SUMMARY, "\nSummary:"),
    "qmsum": ("summarization", 800, _SUMMARY, "\n\nQuery: {question}\nSummary:"),
    "locomo": ("dialogue", 200, _TALKS, _TAIL),
    "dialsim": ("dialogue", 200, _TALKS, _TAIL),
    "niah": ("synthetic", 128, _PASSAGES, _TAIL),
    "counting_stars": ("synthetic", 128, _STARS, "\nAnswer:"),
}
TASKS = [
    Task(
        name,
        instruction,
        max_tokens,
        template=f"{{context}}{' ' if name == 'dialsim' else chr(10) * 2}{instruction}{tail}",
        passage_template="Passage [{number}]: {text}\n",
        stop=("\n",),
        metric="lciteeval",
        average=("category", "task"),
    )
    for name, (category, max_tokens, instruction, tail) in _FORMS.items()
]


def items(row: Row) -> Iterator[Item]:
    """A question, a summary, or stars to count, with the passages that it is asked about."""
    if row.file not in _FORMS:
        raise row.wrong("id", f"in a file that is named after a task: {', '.join(_FORMS)}")
    category, _, instruction, _ = _FORMS[row.file]
    passages = [_passage(row, value) for value in row["docs"]]
    word = "Conversation" if category == "dialogue" else "Passage"
    blocks = [f"{word} [{i}]: {text}\n" for i, text in enumerate(passages, 1)]
    text = "".join(blocks)
    answers = row.texts("answer")
    gold: list[int] = []
    if row.file == "counting_stars":
        counts = {i: match[1] for i, p in enumerate(passages, 1) if (match := _COUNT.search(p))}
        gold, answers = [*counts], tuple(counts.values())
    elif row.file == "niah":
        gold = [i for i, p in enumerate(passages, 1) if answers and answers[0] in p][:1]
    starts = {i: sum(map(len, blocks[: i - 1])) for i in gold}
    spans = tuple(Span("", s, s + len(blocks[i - 1]), blocks[i - 1]) for i, s in starts.items())
    if row.file == "dialsim":
        role = row.text("role")
        text += (
            f"\n\nYou are {role}, a long-term conversation agent capable of interacting with multiple users."
        )
    yield Item(
        row.text("question", "") or instruction,
        text,
        row.file,
        answers,
        row.text("id", ""),
        spans=spans,
        metadata={
            "category": category,
            "length": row.integer("length", 0),
            "hardness": row.text("hardness", ""),
            "passages": passages,
            "gold_passages": gold,
        },
    )


def _passage(row: Row, value: Any) -> str:
    """A passage's text without the title that it may begin with."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise row.wrong("docs", "a list of texts, or of objects with a text")
    text: str = value["text"].strip("\n")
    return text.removeprefix(f"{value['title']}\n") if value.get("title") else text


BENCHMARK = Benchmark(
    name="lciteeval",
    title="L-CiteEval",
    paper="Tang et al. 2024, arXiv 2410.02115",
    licence="none stated; the sources have their own",
    source="Jonaszky123/L-CiteEval on the Hugging Face hub, github.com/ZetangForward/L-CITEEVAL (dataset)",
    files=("**/*.json",),
    tasks={task.name: task for task in TASKS},
    items=items,
    note="The task's metric is correctness; list the metric lciteeval_citations beside for citations, with an NLI "
    "model as "
    "its entailment. The authors put one worked example before the passages; here is none. Give the folder of one of "
    "the three sets (main, length, hardness). NarrativeQA has room for 800 tokens because its name is misspelt in the "
    "authors' script; their scripts for correctness end in an error as published.",
)


def load_lciteeval(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """L-CiteEval (Tang et al. 2024, arXiv 2410.02115), 11 tasks.

    Args:
        path: The folder with the authors' files; a file's name is its task.
        tasks: Such as ``hotpotqa``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter, without their worked example.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
