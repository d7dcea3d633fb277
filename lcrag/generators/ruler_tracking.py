"""RULER's variable tracking."""

from __future__ import annotations

import random
import string

from lcrag.generators.budget import Count, fit
from lcrag.generators.drafts import Draft, Part
from lcrag.generators.haystack import NOISE
from lcrag.generators.page import Different, Page
from lcrag.schema import Task

HOPS = 4
EXAMPLE_LINES = 12  # of noise in the worked example; RULER's has about 500 tokens
TEMPLATE = (
    "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n{context}\n{question} "
    "Answer: According to the chain(s) of variable assignment in the text above, %d variables are assigned the value "
    "%s, they are: "
)
QUESTION = "Question: Find all variables that are assigned the value {value} in the text above."


def make(name: str, id: str, length: int, rng: random.Random, count: Count) -> Part:
    """One text and its question; the official prompt has one worked example before it."""
    variables, value = chain(rng, 5)
    shown_variables, shown_value = chain(rng, 3)
    places = sorted(rng.sample(range(1000), HOPS + 1))
    example = page_of(EXAMPLE_LINES, shown_variables, shown_value, sorted(rng.sample(range(1000), HOPS + 1)))
    shown = (TEMPLATE % (HOPS + 1, shown_value)).replace("{context}", example.text)
    shown = shown.replace("{question}", QUESTION.format(value=shown_value))
    task = Task(
        name,
        instruction="Write the names of the variables and nothing else.",
        max_tokens=30,
        template=f"{shown} {' '.join(shown_variables)}\n\n\n\n" + TEMPLATE % (HOPS + 1, value),
        cleaning=("control_characters",),
        metric="string_match_all",
        average=("task",),
    )
    text = QUESTION.format(value=value)
    draft = Draft(text, task, tuple(variables), tuple(variables), metadata={"length": length, "hops": HOPS})
    page = fit(
        lambda n: page_of(n, variables, value, places),
        length - draft.overhead(count),
        count,
        f"RULER, {name}",
    )
    return Part(id, page, (draft,))


def chain(rng: random.Random, letters: int) -> tuple[list[str], str]:
    """The variables of a chain in order, and the value that all of them have."""
    names = Different(lambda: "".join(rng.choices(string.ascii_uppercase, k=letters)))
    names.existing.add("VAR")
    return names.first(HOPS + 1), str(rng.randrange(10_000, 99_999))


def page_of(lines: int, variables: list[str], value: str, places: list[int]) -> Page:
    """The chain in order among so many lines of noise; places are in thousandths of the text."""
    page, following = Page(), 0
    at = [place * lines // 1000 for place in places]
    for i in range(lines + 1):
        while following < len(at) and at[following] == i:
            source = f"VAR {variables[following - 1]}" if following else value
            page.write(f"VAR {variables[following]} = {source}", variables[following], after=" ")
            following += 1
        if i < lines:
            page.write(NOISE, after="\n " if i < lines - 1 or following < len(at) else "\n")
    return page
