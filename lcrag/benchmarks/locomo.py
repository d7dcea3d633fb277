"""LoCoMo: questions on a conversation of two people over months."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task

CATEGORIES = {1: "multi_hop", 2: "temporal", 3: "open_domain", 4: "single_hop", 5: "adversarial"}
NOT_MENTIONED = "Not mentioned in the conversation"
ASK_FOR_DATE = " Use DATE of CONVERSATION to answer with an approximate date."
_PHRASE = (
    "write an answer in the form of a short phrase for the following question. Answer with exact words from the "
    "context whenever possible."
)
_TURN = re.compile(r"D:?(\d+):(\d+)")  # the data has ids such as D30:05 and D:11:26, too


def _task(name: str) -> Task:
    ask = "answer the following question." if name == "adversarial" else _PHRASE
    return Task(
        name,
        instruction="Answer in the form of a short phrase, with exact words from the context whenever possible.",
        max_tokens=32,
        template=f"{{context}}\n\n\nBased on the above context, {ask}\n\nQuestion: {{question}} Short answer:\n",
        metric="locomo",
    )


def items(row: Row) -> Iterator[Item]:
    """The questions on a conversation."""
    talk = row.row("conversation")
    text, turns = _text(talk)
    sample = row.text("sample_id")
    for number, qa in enumerate(row.rows("qa"), 1):
        category = qa.integer("category")
        if category not in CATEGORIES:
            raise qa.wrong("category", "1 to 5")
        question, choice = qa.text("question"), {}
        if category == 2:
            question += ASK_FOR_DATE
        elif category == 5:
            wrong = qa.text("adversarial_answer", qa.text("answer", ""))
            choice = _choice(wrong, f"{sample} {number}")
            question += f" Select the correct answer: (a) {choice['a']} (b) {choice['b']}. "
        found = [f"D{int(a)}:{int(b)}" for part in qa.texts("evidence") for a, b in _TURN.findall(part)]
        yield Item(
            question,
            {sample: text},
            CATEGORIES[category],
            () if category == 5 else (qa.text("answer"),),
            id=f"{sample}-{number}",
            spans=tuple(Span(sample, *turns[id], text[slice(*turns[id])]) for id in found if id in turns)
            if category != 5
            else (),
            answerable=category != 5,
            metadata={
                "category": CATEGORIES[category],
                "turns": found,
                **({"choice": choice} if choice else {}),
            },
        )


def _text(talk: Row) -> tuple[str, dict[str, tuple[int, int]]]:
    """The conversation with a dated heading for each session, and where each turn stands."""
    speakers = f"{talk.text('speaker_a')} and {talk.text('speaker_b')}"
    text = (
        f"Below is a conversation between two people: {speakers}. The conversation takes place over multiple days "
        "and the date of each conversation is wriiten at the beginning of the conversation.\n"
    )
    turns = {}
    sessions = sorted(int(k[8:]) for k in map(str, talk.values) if re.fullmatch(r"session_\d{1,6}", k))
    for session in sessions:
        text += f"\nDATE: {talk.text(f'session_{session}_date_time', '')}\nCONVERSATION:\n"
        for turn in talk.rows(f"session_{session}"):
            line = f'{turn.text("speaker")} said, "{turn.text("text")}"'
            if "blip_caption" in turn:
                line += f" and shared {turn.text('blip_caption')}."
            turns[turn.text("dia_id")] = (len(text), len(text) + len(line))
            text += f"{line}\n"
    return text, turns


def _choice(wrong: str, seed: str) -> dict[str, str]:
    """The two answers to a question that the conversation does not answer, in a random order."""
    pair = [NOT_MENTIONED, wrong]
    random.Random(seed).shuffle(pair)
    return dict(zip("ab", pair, strict=True))


BENCHMARK = Benchmark(
    name="locomo",
    title="LoCoMo",
    paper="Maharana et al. 2024, arXiv 2402.17753",
    licence="none stated; CC BY-NC 4.0 by later copies",
    source="github.com/snap-research/locomo (data/locomo10.json)",
    files=("data/locomo10.json", "locomo10.json"),
    tasks={name: _task(name) for name in CATEGORIES.values()},
    items=items,
    counts={"multi_hop": 282, "temporal": 321, "open_domain": 96, "single_hop": 841, "adversarial": 446},
    note="Ten conversations; the overall score is the mean over questions. Evidence is the turns that the authors "
    "name; some of their ids are damaged, and those that name no turn are left out. Adversarial questions offer "
    "`Not mentioned in the conversation` and a wrong answer in an order that is fixed here and random in the "
    "authors' script. How a shared image is written into the text is from memory of the authors' script.",
)


def load_locomo(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LoCoMo (Maharana et al. 2024, arXiv 2402.17753): questions on long conversations.

    Args:
        path: The folder of the authors' repository, or ``locomo10.json``.
        tasks: ``multi_hop``, ``temporal``, ``open_domain``, ``single_hop``, ``adversarial``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
