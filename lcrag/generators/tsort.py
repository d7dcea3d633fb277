"""Parts of a story in the wrong order."""

from __future__ import annotations

import random

from lcrag.datasets.base import Dataset
from lcrag.datasets.report_prose import CITIES, filler, people
from lcrag.generators.budget import Tokens, check, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Page, Supply
from lcrag.schema import Task

TITLE = "TSort"
QUESTION = "In which order do the {n} parts stand in the book?"
INSTRUCTION = "Answer with the numbers of the parts in their right order as a list, such as {example}."
TEMPLATE = (
    "You are an AI assistant. Your job is to sort multiple book sections into the correct order.\nEach time, you will "
    "be provided with {n} pieces of text.\nThese texts form a continuous part of a book, but are provided in random "
    "order.\nYou need to find the correct order and return the answer in a string.\nYou will also be provided with the "
    "neighboring paragraphs before and after the {n} pieces of texts.\n\n{{context}}\n\n{{question}} Answer with the "
    "numbers of the parts as a list, such as {example}."
)


def generate_tsort(
    tokens: Tokens = 4096,
    count: int = 10,
    parts: int = 4,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """TSort (Ada-LEval, Wang et al. 2024, arXiv 2404.06480): put the shuffled parts of a story in order.

    Somebody travels from city to city. Each part begins with an arrival and ends with a departure for the city in which
    the next part begins; those two sentences are its evidence. Chance is one in ``parts`` factorial.

    Args:
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each length.
        parts: Parts of the story, from 2 to 20.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks in Ada-LEval's frame.

    Raises:
        LcragError: a number is out of range, or the story does not fit.

    Differs from the paper: a generated journey instead of a book; the frame is from memory of the authors' prompt.
    """
    check(TITLE, ("count", count, 1, 100_000), ("parts", parts, 2, 20))
    counted, made = counter(tokenizer), list[Part]()
    for length in lengths_of(tokens, TITLE):
        for i in range(count):
            rng = random.Random(f"{seed}/tsort/{parts}/{length}/{i}")
            (name,), cities = people(rng, 1), rng.sample(CITIES, parts + 2)
            order = list(range(parts))
            while order == sorted(order):
                rng.shuffle(order)
            sentences = Supply(lambda rng=rng: filler(rng))  # type: ignore[misc]
            draft = _draft(order, length)
            page = fit(
                lambda n, a=name, c=cities, o=order, s=sentences: _story(a, c, o, s.first(n)),  # type: ignore[misc]
                length - draft.overhead(counted),
                counted,
                TITLE,
            )
            made.append(Part(f"tsort-{length}-{i + 1}", page, (draft,)))
    return gather("tsort", prompt, made)


def _draft(order: list[int], length: int) -> Draft:
    """The question; the answer is where each part of the story stands, in the story's order."""
    count = len(order)
    example = str([*range(count, 1, -2), *range(count - 1, 0, -2)])
    task = Task(
        "tsort",
        instruction=INSTRUCTION.format(example=example),
        max_tokens=16 + 4 * count,
        template=TEMPLATE.format(n=count, example=example),
        metric="exact_order",
        average=("task",),
    )
    answer = str([order.index(part) + 1 for part in range(count)])
    evidence = tuple((part, end) for part in range(count) for end in ("first", "last"))
    return Draft(
        QUESTION.format(n=count), task, (answer,), evidence, metadata={"length": length, "parts": count}
    )


def _story(name: str, cities: list[str], order: list[int], sentences: list[str]) -> Page:
    """What comes before, the parts in the order of the page, and what comes after."""
    first_name, count = name.split()[0], len(order)
    page = Page()
    page.write(
        f"Before:\n{name} began the journey in {cities[0]}. From there the way led to {cities[1]}.\n\n"
    )
    for number, part in enumerate(order, 1):
        page.write(f"Part {number}:\n")
        page.write(f"{first_name} arrived in {cities[part + 1]}.", (part, "first"), after=" ")
        for sentence in sentences[number - 1 :: count]:
            page.write(sentence, after=" ")
        leaving = f"From there the way led to {cities[part + 2]}." if part < count - 1 else (
            f"Here the story of {cities[0]} was told for the last time, and the journey was over."
        )  # fmt: skip
        page.write(leaving, (part, "last"), after="\n\n")
    page.write(f"After:\n{first_name} stayed in {cities[count]} and wrote everything down.")
    return page
