"""A preference that is told once, long before it matters."""

from __future__ import annotations

import random
from typing import Literal

from lcrag.datasets.base import Dataset
from lcrag.datasets.report_prose import filler
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Page, Supply
from lcrag.generators.preference_rows import ROWS, Row
from lcrag.schema import Task

TITLE = "Preferences"
Form = Literal["explicit", "implicit"]
INSTRUCTION = "Choose what suits the user best, from all that you know of them. Answer with the letter alone."
TEMPLATE = "{context}\n\nUser: {question}\n{choices}\n\n" + INSTRUCTION + "\nAnswer:"


def generate_preferences(
    forms: tuple[Form, ...] = ("explicit", "implicit"),
    tokens: Tokens = 4096,
    count: int = 10,
    depth: float = 0,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Preferences like PrefEval's (Zhao et al. 2025, arXiv 2502.09597): is what the user likes still known much later?

    A chat tells a preference, talks of other things, and asks for a recommendation with four choices, one of which
    respects the preference. Chance is 25.

    Args:
        forms: ``explicit`` says it; ``implicit`` shows it by what the user chose, and why.
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each form and length; from the twenty-first on preferences come again.
        depth: How many hundredths of the chat stand before the preference.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks with the chat first, in our words.

    Raises:
        LcragError: a number is out of range, or a chat does not fit.

    Differs from the paper: preferences and choices of our own, generated small talk, multiple choice only; the paper's
    texts have a licence that forbids commercial use.
    """
    check(TITLE, ("count", count, 1, 100_000), ("depth", depth, 0, 100))
    counted, parts = counter(tokenizer), list[Part]()
    for length in lengths_of(tokens, TITLE):
        for form in forms:
            rows = random.Random(f"{seed}/preferences/{form}/{length}").sample(ROWS, len(ROWS))
            for i in range(count):
                row, rng = rows[i % len(rows)], random.Random(f"{seed}/preferences/{form}/{length}/{i}")
                choices = rng.sample((row.suitable, *row.others), 4)
                task = Task(
                    form,
                    instruction=INSTRUCTION,
                    max_tokens=16,
                    template=TEMPLATE,
                    metric="choice",
                    average=("task",),
                )
                metadata = {"length": length, "depth": depth}
                draft = Draft(
                    row.question, task, (row.suitable,), ("told",), tuple(choices), metadata=metadata
                )
                talk = Supply(lambda rng=rng: filler(rng))  # type: ignore[misc]
                things = Supply(lambda rng=rng: words.noun(rng))  # type: ignore[misc]
                page = fit(
                    lambda n, r=row, f=form, t=talk, w=things: _chat(
                        r, f, depth, t.first(n), w.first(n // 2 + 1)
                    ),  # type: ignore[misc]
                    length - draft.overhead(counted),
                    counted,
                    TITLE,
                )
                parts.append(Part(f"preference-{form}-{length}-{i + 1}", page, (draft,)))
    return gather("preferences", prompt, parts)


def _chat(row: Row, form: Form, depth: float, sentences: list[str], things: list[str]) -> Page:
    """The preference among small talk; a reply has two sentences."""
    replies = [" ".join(sentences[i : i + 2]) for i in range(0, len(sentences), 2)]
    at, page = round(depth / 100 * len(replies)), Page()
    for i in range(len(replies) + 1):
        if i == at:
            page.write("User: ")
            page.write(row.explicit if form == "explicit" else row.implicit, "told", after="\n")
            page.write("Assistant: I see.\n")
        if i < len(replies):
            page.write(f"User: Please continue my text about the {things[i]}.\nAssistant: {replies[i]}\n")
    return page
