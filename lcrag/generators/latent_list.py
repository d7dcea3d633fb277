"""A list that a long program changes again and again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lcrag.datasets.base import Dataset
from lcrag.generators.budget import Tokens, check, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Page, Supply
from lcrag.schema import Task

TITLE = "Latent list"
MAX_ITEMS = 12
VIEWS = {
    "slice": "print(values[{a}:{b}])",
    "sum": "print(sum(values))",
    "minimum": "print(min(values))",
    "maximum": "print(max(values))",
    "length": "print(len(values))",
}
QUESTION = "What does `{view}` print after the last line of this Python program?"
INSTRUCTION = "Write what it prints and nothing else."
TEMPLATE = "Here is a Python program that changes a list.\n\n{context}\n\n{question} " + INSTRUCTION


@dataclass(frozen=True)
class Step:
    """A line that changes the list, and the list after it."""

    line: str
    values: tuple[int, ...]


def generate_latent_list(
    tokens: Tokens = 4096,
    count: int = 10,
    relevant: int = 10,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Latent list (Michelangelo, Vodrahalli et al. 2024, arXiv 2409.12640): what a program leaves of a list.

    The lines that change the list are few and equally many at every length; between them stand lines that change
    nothing and pairs of lines that undo each other. The view of the list is a slice, the sum, the minimum, the maximum
    or the length in turn. The lines that change the list are the evidence.

    Args:
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each length.
        relevant: Lines that change the list, from 1 to 200.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks with the program first, in our words: the authors' are not published.

    Raises:
        LcragError: a number is out of range, or the program does not fit.

    Differs from the paper: written anew from its description; an answer is right or wrong.
    """
    check(TITLE, ("count", count, 1, 100_000), ("relevant", relevant, 1, 200))
    counted, parts = counter(tokenizer), list[Part]()
    for length in lengths_of(tokens, TITLE):
        for i in range(count):
            rng = random.Random(f"{seed}/latent_list/{relevant}/{length}/{i}")
            steps = _program(rng, relevant)
            view = [*VIEWS][i % len(VIEWS)]
            line, answer = _view(view, steps[-1].values, rng)
            task = Task(
                "latent_list",
                instruction=INSTRUCTION,
                max_tokens=64,
                template=TEMPLATE,
                cleaning=("last_line",),
                metric="exact_match",
                average=("task",),
            )
            metadata = {"length": length, "relevant": relevant, "view": view}
            draft = Draft(
                QUESTION.format(view=line), task, (answer,), tuple(range(relevant + 1)), metadata=metadata
            )
            places = [0.0, *sorted(rng.random() for _ in range(relevant))]
            noise = Supply(lambda rng=rng: rng.getrandbits(32))  # type: ignore[misc]
            page = fit(
                lambda n, s=steps, p=places, z=noise: _page(s, p, z.first(n)),  # type: ignore[misc]
                length - draft.overhead(counted),
                counted,
                TITLE,
            )
            parts.append(Part(f"latent_list-{length}-{i + 1}", page, (draft,)))
    return gather("latent_list", prompt, parts)


def _program(rng: random.Random, relevant: int) -> list[Step]:
    """The first list, and so many lines that change it; none of them leaves it as it was."""
    values = [rng.randrange(100) for _ in range(6)]
    steps = [Step(f"values = {values}", tuple(values))]
    while len(steps) <= relevant:
        number, at = rng.randrange(100), rng.randrange(len(values))
        line = rng.choice(
            [
                f"values.append({number})",
                f"values.insert({at}, {number})",
                f"values.pop({at})",
                f"values.remove({values[at]})",
                f"values[{at}] = {number}",
                "values.sort()",
                "values.reverse()",
            ]
        )
        changed = _after(line, values, number, at)
        if 4 <= len(changed) <= MAX_ITEMS and changed != values:
            values = changed
            steps.append(Step(line, tuple(values)))
    return steps


def _after(line: str, values: list[int], number: int, at: int) -> list[int]:
    """The list after one line."""
    changed = list(values)
    if "append" in line:
        changed.append(number)
    elif "insert" in line:
        changed.insert(at, number)
    elif "pop" in line:
        changed.pop(at)
    elif "remove" in line:
        changed.remove(values[at])
    elif "sort" in line:
        changed.sort()
    elif "reverse" in line:
        changed.reverse()
    else:
        changed[at] = number
    return changed


def _view(name: str, values: tuple[int, ...], rng: random.Random) -> tuple[str, str]:
    """The line that looks at the list, without its end, and what it prints."""
    a = rng.randrange(len(values) - 2)
    b = rng.randrange(a + 2, len(values) + 1)
    answer = {
        "slice": str(list(values[a:b])),
        "sum": str(sum(values)),
        "minimum": str(min(values)),
        "maximum": str(max(values)),
        "length": str(len(values)),
    }[name]
    return VIEWS[name].format(a=a, b=b), answer


def _page(steps: list[Step], places: list[float], noise: list[int]) -> Page:
    """The program: its relevant lines at their places, and so many lines or pairs that change nothing."""
    page, following = Page(), 0
    for i in range(len(noise) + 1):
        while following < len(steps) and int(places[following] * len(noise)) <= i:
            page.write(steps[following].line, following, after="\n")
            following += 1
        if i < len(noise):
            page.write(_idle(noise[i], steps[following - 1].values), after="\n")
    return page


def _idle(drawn: int, values: tuple[int, ...]) -> str:
    """A line that changes nothing, or two that undo each other."""
    number, at = drawn // 8 % 100, drawn // 2048 % len(values)
    return [
        f'print("The list has {len(values)} items.")' if drawn % 3 == 0 else 'print("Do nothing.")',
        f"values.append({number})\nvalues.pop()",
        f"values.insert({at}, {number})\nvalues.pop({at})",
        "values.reverse()\nvalues.reverse()",
        f"values[{at}] = {values[at]}",
        f"print(values[{at}])",
        f"spare = values + [{number}]",
        "values = list(values)",
    ][drawn % 8]
