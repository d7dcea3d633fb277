"""NeedleBench's needles and its ancestral trace."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from lcrag.datasets.base import Dataset
from lcrag.datasets.report_prose import CITIES
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, chosen, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.haystack import Needle, haystack, hide
from lcrag.generators.page import Different
from lcrag.schema import Task

TITLE = "NeedleBench"
TASKS = ("single_retrieval", "multi_retrieval", "multi_reasoning", "ancestral_trace")
RELATIONS = (
    "father", "mother", "dad", "mom", "grandfather", "grandmother", "maternal grandmother", "maternal grandfather",
    "paternal grandfather", "paternal grandmother",
)  # fmt: skip
KINSHIP = (
    "{a} is {b}'s {r}.", "{b}'s {r} is {a}.", "{a}, as {b}'s {r}, has a significant impact on {b}'s upbringing.",
    "{a} is not only {b}'s {r} but also {b}'s role model.", "For {b}, {a} is not just a {r}, but also a friend.",
)  # fmt: skip
FACT = "The {thing} of {name} is kept in {city}."
DOCUMENT = (
    "This is a test of long-text capability. You need to first read the long document below, and then answer the final "
    "question based on the information in the document.\nThe content of the long document is as follows\n\n<Document>\n"
    "{context}\n</Document>\n\nBased on the information in the document, now please answer: {question}\n\n"
)
BOXED = (
    "You do not need to worry about gender or surnames, only about who is older. At the end of your response, put your "
    "final answer within \\boxed{}."
)


def generate_multi_needle(
    tasks: tuple[str, ...] = (),
    tokens: Tokens = 4096,
    count: int = 10,
    needles: int = 5,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """NeedleBench (Li et al. 2024, arXiv 2407.11963): one needle, several, a chain of relatives.

    ``single_retrieval`` asks for one fact, ``multi_retrieval`` for several at once. ``multi_reasoning`` hides a chain
    of relatives and asks for the eldest; ``ancestral_trace`` hides it among other relatives, with no other text.

    Args:
        tasks: Names of tasks; empty for all four.
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each task and length.
        needles: Needles of ``multi_retrieval`` and links of ``multi_reasoning``.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` puts the document into NeedleBench's frame.

    Raises:
        LcragError: there is no such task, a number is out of range, or a task does not fit.

    Differs from the paper: English only; invented facts and names in generated prose; the three worked examples of
    kinship are left out of the prompt; in ``ancestral_trace`` pairs of unrelated relatives fill the text, where the
    authors make the chain itself longer.
    """
    names, counted = chosen(tasks, TASKS, TITLE), counter(tokenizer)
    check(TITLE, ("count", count, 1, 100_000), ("needles", needles, 2, 30))
    parts = list[Part]()
    for length in lengths_of(tokens, TITLE):
        for name in names:
            for i in range(count):
                rng = random.Random(f"{seed}/{name}/{length}/{i}")
                made = _family if name in ("multi_reasoning", "ancestral_trace") else _facts
                draft, hidden = made(name, length, 1 if name == "single_retrieval" else needles, rng)
                sentences = haystack("prose", rng).first
                if name == "ancestral_trace":
                    sentences = _strangers(rng, hidden).first
                page = fit(
                    lambda n, s=sentences, hidden=hidden: hide(s(n), hidden, "\n"),  # type: ignore[misc]
                    length - draft.overhead(counted),
                    counted,
                    f"{TITLE}, {name}",
                )
                parts.append(Part(f"{name}-{length}-{i + 1}", page, (draft,)))
    return gather("multi_needle", prompt, parts)


def _facts(name: str, length: int, needles: int, rng: random.Random) -> tuple[Draft, list[Needle]]:
    """One fact or several, at random depths, and the question for all of them."""
    people = _people(rng).first(needles)
    cities = rng.sample(CITIES, needles)
    thing = words.noun(rng)
    at = sorted(rng.uniform(0, 100) for _ in people)
    hidden = [
        Needle(FACT.format(thing=thing, name=person, city=city), depth, city)
        for person, city, depth in zip(people, cities, at, strict=True)
    ]
    owners = people[0] if needles == 1 else f"{', '.join(people[:-1])} and {people[-1]}"
    task = Task(
        name,
        instruction="Name the cities, separated by commas." if needles > 1 else "Name the city.",
        max_tokens=128,
        template=DOCUMENT,
        metric="string_match_all",
        average=("task",),
    )
    metadata = {"length": length, "needles": needles} | ({"depth": round(at[0], 1)} if needles == 1 else {})
    text = f"In which city is the {thing} of {owners} kept?" if needles == 1 else (
        f"In which cities is the {thing} of each of these people kept: {owners}?"
    )  # fmt: skip
    return Draft(text, task, tuple(cities), tuple(cities), metadata=metadata), hidden


def _family(name: str, length: int, links: int, rng: random.Random) -> tuple[Draft, list[Needle]]:
    """A chain of relatives in random order, and the question for the eldest."""
    people = _people(rng).first(links + 1)
    sentences = [_kinship(rng, a, b) for a, b in pairwise(people)]
    at = [rng.uniform(0, 100) for _ in sentences]
    hidden = [Needle(s, depth, i) for i, (s, depth) in enumerate(zip(sentences, at, strict=True))]
    task = Task(
        name,
        instruction=BOXED,
        max_tokens=512,
        template=DOCUMENT + BOXED,
        cleaning=("boxed",),
        metric="string_match_any",
        average=("task",),
    )
    text = f"who is the eldest relative that '{people[-1]}' can trace back to in the context?"
    draft = Draft(
        f"Given the context described above, {text}",
        task,
        (people[0],),
        tuple(range(links)),
        metadata={"length": length, "needles": links},
    )
    return draft, hidden


def _strangers(rng: random.Random, hidden: Sequence[Needle]) -> Different[str]:
    """Relatives of unrelated families, two names in each sentence, none of them twice."""
    people, chain = _people(rng), " ".join(needle.text for needle in hidden)
    people.accepts = lambda name: name not in chain
    return Different(lambda: _kinship(rng, people.draw(), people.draw()))


def _kinship(rng: random.Random, elder: str, younger: str) -> str:
    return rng.choice(KINSHIP).format(a=elder, b=younger, r=rng.choice(RELATIONS))


def _people(rng: random.Random) -> Different[str]:
    """Names of two invented words."""
    return Different(lambda: f"{words.word(rng).capitalize()} {words.word(rng).capitalize()}")
