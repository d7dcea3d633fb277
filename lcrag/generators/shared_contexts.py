"""Several questions on one long text that is encoded once."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import replace

from lcrag.datasets.base import Dataset
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, chosen, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.haystack import NOISE, Needle, hide
from lcrag.generators.page import Different, Page, Supply
from lcrag.schema import Task

TITLE = "Shared contexts"
Made = tuple[list[Draft], Callable[[int], Page]]
ORDINALS = ("", "second ", "third ", "fourth ")
MAX_TURNS = 8


def generate_shared_contexts(
    tasks: tuple[str, ...] = (),
    tokens: Tokens = 4096,
    count: int = 4,
    turns: int = 5,
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Shared contexts like SCBench's (Li et al. 2024, arXiv 2412.10319): several questions on each text.

    ``metadata["turn"]`` counts the questions on a text from 1, so that the first, which a compressed cache may have
    been made for, and the later ones can be told apart.

    Args:
        tasks: ``kv``: the value of a key; ``prefix_suffix``: the string with a beginning and an end, among strings that
            have one of them; ``vt``: the variables of a chain; ``math_find``: the largest or smallest numbers. Empty
            for all.
        tokens: One or several lengths of the prompt with the longest question and room for its answer.
        count: Texts of each task and length.
        turns: Questions on each text, from 1 to 8.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks with the text first and nothing but the question after it.

    Raises:
        LcragError: there is no such task, a number is out of range, or a text does not fit.

    Differs from the paper: four of its twelve tasks, written anew; their words are ours. Every question is a request of
    its own, none is a turn after the answers before it.
    """
    names, counted = chosen(tasks, tuple(MAKERS), TITLE), counter(tokenizer)
    check(TITLE, ("count", count, 1, 10_000), ("turns", turns, 1, MAX_TURNS))
    parts = list[Part]()
    for length in lengths_of(tokens, TITLE):
        for name in names:
            for i in range(count):
                rng = random.Random(f"{seed}/shared_contexts/{name}/{length}/{i}")
                drafts, build = MAKERS[name](rng, turns)
                drafts = [
                    replace(draft, metadata={"length": length, "turn": turn}) for turn, draft in enumerate(drafts, 1)
                ]  # fmt: skip
                beside = max(draft.overhead(counted) for draft in drafts)
                page = fit(build, length - beside, counted, f"{TITLE}, {name}")
                parts.append(Part(f"{name}-{length}-{i + 1}", page, tuple(drafts)))
    return gather("shared_contexts", prompt, parts)


def kv(rng: random.Random, turns: int) -> Made:
    """Keys and values."""
    uuids = Different(lambda: words.uuid4(rng))
    pairs = [(uuids.draw(), uuids.draw()) for _ in range(turns)]
    places = [100 * rng.random() for _ in pairs]
    task = _task("kv", 60, "string_match_any", "Write the value and nothing else.")
    drafts = [Draft(f'What is the value of the key "{k}"?', task, (v,), (k,)) for k, v in pairs]
    needles = [Needle(f'"{k}": "{v}"', place, k) for (k, v), place in zip(pairs, places, strict=True)]

    def build(n: int) -> Page:
        others = uuids.first(2 * n)
        return hide([f'"{k}": "{v}"' for k, v in zip(others[::2], others[1::2], strict=True)], needles, "\n")

    return drafts, build


def prefix_suffix(rng: random.Random, turns: int) -> Made:
    """Strings; for each that is asked for there is one with the same beginning and one with the same end."""
    texts = Different(lambda: "".join(rng.choices(string.ascii_lowercase, k=48)))
    golds = [texts.draw() for _ in range(turns)]
    near = [s for g in golds for s in (g[:16] + texts.draw()[16:], texts.draw()[:32] + g[32:])]
    needles = [Needle(s, 100 * rng.random(), s) for s in (*golds, *near)]
    task = _task("prefix_suffix", 60, "string_match_any", "Write the whole string and nothing else.")
    question = "Which string begins with {a} and ends with {b}?"
    drafts = [Draft(question.format(a=g[:16], b=g[32:]), task, (g,), (g,)) for g in golds]
    return drafts, lambda n: hide(texts.first(n), needles, "\n")


def vt(rng: random.Random, turns: int) -> Made:
    """Chains of variables, one for each question, in RULER's noise."""
    names = Different(lambda: "".join(rng.choices(string.ascii_uppercase, k=5)))
    values = Different(lambda: words.number(rng, 5)).first(turns)
    task = _task("vt", 60, "string_match_all", "Write the names of the variables and nothing else.")
    drafts, needles = list[Draft](), list[Needle]()
    for value in values:
        chain = [names.draw() for _ in range(4)]
        at = sorted(100 * rng.random() for _ in chain)
        for i, (name, depth) in enumerate(zip(chain, at, strict=True)):
            source = f"VAR {chain[i - 1]}" if i else value
            needles.append(Needle(f"VAR {name} = {source}", depth, name))
        text = f"Find all variables that are assigned the value {value} in the text above."
        drafts.append(Draft(text, task, tuple(chain), tuple(chain)))
    return drafts, lambda n: hide([NOISE] * n, needles, "\n")


def math_find(rng: random.Random, turns: int) -> Made:
    """A list of different numbers, of which the largest and the smallest are asked for."""
    largest = sorted(Different(lambda: str(rng.randrange(900_000, 1_000_000))).first(4), reverse=True)
    smallest = sorted(Different(lambda: str(rng.randrange(100_000, 200_000))).first(4))
    order = rng.sample(
        [(f"{o}{kind}", n) for kind, ns in (("largest", largest), ("smallest", smallest))
         for o, n in zip(ORDINALS, ns, strict=True)], turns,
    )  # fmt: skip
    task = _task("math_find", 20, "contains", "Write the number and nothing else.")
    drafts = [Draft(f"What is the {kind} number in the list?", task, (n,), (n,)) for kind, n in order]
    needles = [Needle(n, 100 * rng.random(), n) for n in (*largest, *smallest)]
    others = Supply(lambda: str(rng.randrange(200_000, 900_000)))
    return drafts, lambda n: hide(others.first(n), needles, ", ")


def _task(name: str, max_tokens: int, metric: str, instruction: str) -> Task:
    return Task(
        name,
        instruction=instruction,
        max_tokens=max_tokens,
        template="{context}\n\n{question} " + instruction,
        metric=metric,
        average=("task", "turn"),
    )


MAKERS: dict[str, Callable[[random.Random, int], Made]] = {
    maker.__name__: maker for maker in (kv, prefix_suffix, vt, math_find)
}
