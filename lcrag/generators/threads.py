"""Threads of keys and values through a JSON object."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from lcrag.datasets.base import Dataset
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, chosen, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Different, Page
from lcrag.schema import Task

TITLE = "Needle Threading"
Direction = Literal["forward", "backward", "random"]
ONE = 'Extract the value corresponding to the specified key in the JSON object. Key: "{keys}"'
SEVERAL = "Extract the values corresponding to the specified keys in the JSON object. Keys: {keys}"
MARK = "*"
CONDITION = f'Extract the values of all keys in the JSON object that contain the character "{MARK}".'
THREAD = (
    "The specified key corresponds to a value in the JSON object. That value may be another key of the object, whose "
    "value may be a key again, and so on. Extract the final value, which is no key."
)
BRANCHES = (
    "The specified key corresponds to a list of values in the JSON object. One or more of them are other keys of the "
    "object, whose values are lists again. Only one thread leads further at each step; extract the final value of the "
    "longest thread."
)
INSTRUCTION = "Write the value or the values alone, separated by commas."


@dataclass(frozen=True)
class Threads:
    """What hides: pairs in their order, those that matter by their key; keys asked for and their final values."""

    pairs: tuple[tuple[str, str], ...]
    starts: tuple[str, ...]
    golds: tuple[str, ...]
    evidence: tuple[str, ...]
    text: str


TASKS = (
    "single_needle",
    "multi_needle",
    "conditional_needle",
    "single_thread",
    "multi_thread",
    "branched_thread",
)


def generate_threads(
    tasks: tuple[str, ...] = (),
    tokens: Tokens = 4096,
    count: int = 10,
    hops: int = 5,
    threads: int = 3,
    branches: int = 2,
    direction: Direction = "forward",
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Needle Threading (Roberts et al. 2024, arXiv 2411.05000): follow keys and values through a JSON object of UUIDs.

    Args:
        tasks: ``single_needle``, ``multi_needle``, ``conditional_needle``, ``single_thread``, ``multi_thread``,
            ``branched_thread``; empty for all.
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each task and length.
        hops: Pairs of a thread.
        threads: Needles of the tasks with several, and threads of ``multi_thread``.
        branches: Values of each step of ``branched_thread``, of which one leads further.
        direction: ``forward``: each pair stands after the one that leads to it; ``backward``; ``random``.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks with the object, a line break and the question.

    Raises:
        LcragError: there is no such task, a number is out of range, or a task does not fit.

    Differs from the paper: the words of the questions with threads and conditions are ours, their form is from memory
    of the paper; branches are lists of values.
    """
    names, counted = chosen(tasks, TASKS, TITLE), counter(tokenizer)
    chosen((direction,), ("forward", "backward", "random"), TITLE, "direction")
    check(TITLE, ("count", count, 1, 100_000), ("hops", hops, 2, 100), ("threads", threads, 2, 50),
          ("branches", branches, 2, 10))  # fmt: skip
    parts = list[Part]()
    for length in lengths_of(tokens, TITLE):
        for name in names:
            for i in range(count):
                rng = random.Random(f"{seed}/threads/{name}/{length}/{i}")
                uuids = Different(lambda rng=rng: words.uuid4(rng))  # type: ignore[misc]
                hidden = _hidden(name, uuids, hops, threads, branches)
                places = _places(rng, [key for key, _ in hidden.pairs], direction, hops, name)
                task = Task(
                    name,
                    instruction=INSTRUCTION,
                    max_tokens=50 * len(hidden.golds),
                    template="{context}\n{question}",
                    metric="string_match_all",
                    average=("task",),
                )
                values = branches if name == "branched_thread" else 1
                metadata: dict[str, float] = {"length": length}
                if name.endswith("thread"):
                    metadata["hops"] = hops
                if name == "single_needle":
                    metadata["depth"] = round(100 * places[hidden.starts[0]], 1)
                draft = Draft(hidden.text, task, hidden.golds, hidden.evidence, metadata=metadata)
                page = fit(
                    lambda n, h=hidden, p=places, u=uuids, t=values: _object(h, p, u.first((1 + t) * n), t),  # type: ignore[misc]
                    length - draft.overhead(counted),
                    counted,
                    f"{TITLE}, {name}",
                )
                parts.append(Part(f"{name}-{length}-{i + 1}", page, (draft,)))
    return gather("threads", prompt, parts)


def _hidden(name: str, uuids: Different[str], hops: int, threads: int, branches: int) -> Threads:
    """The pairs of a task, drawn before those of the haystack."""
    draw, several = uuids.draw, 1 if name.startswith("single") else threads
    if name.endswith("needle"):
        pairs = [(draw(), draw()) for _ in range(several)]
        if name == "conditional_needle":
            pairs = [(f"{key[:13]}{MARK}{key[14:]}", value) for key, value in pairs]
        keys, values = tuple(k for k, _ in pairs), tuple(v for _, v in pairs)
        text = ONE.format(keys=keys[0]) if several == 1 else SEVERAL.format(keys=_listed(keys))
        text = CONDITION if name == "conditional_needle" else text
        return Threads(tuple((k, f'"{v}"') for k, v in pairs), keys, values, keys, text)
    if name == "branched_thread":
        return _branched(draw(), uuids, hops, branches)
    chains = [[draw() for _ in range(hops + 1)] for _ in range(several)]
    pairs = [pair for chain in chains for pair in pairwise(chain)]
    starts = tuple(chain[0] for chain in chains)
    text = (
        f'{THREAD}\nKey: "{starts[0]}"'
        if several == 1
        else f"{THREAD} Do so for each key.\nKeys: {_listed(starts)}"
    )
    golds, evidence = tuple(chain[-1] for chain in chains), tuple(k for k, _ in pairs)
    return Threads(tuple((k, f'"{v}"') for k, v in pairs), starts, golds, evidence, text)


def _branched(start: str, uuids: Different[str], hops: int, branches: int) -> Threads:
    """One thread; every step has several values, and one of them is the next key."""
    pairs, key, evidence = [], start, []
    for step in range(hops):
        last = step == hops - 1
        values = [uuids.draw() for _ in range(1 if last else branches)]
        at = int(values[0][:4], 16) % len(values)
        pairs.append((key, _listed(values, "[]")))
        evidence.append(key)
        key = values[at]
    return Threads(tuple(pairs), (start,), (key,), tuple(evidence), f'{BRANCHES}\nKey: "{start}"')


def _listed(values: tuple[str, ...] | list[str], brackets: str = "") -> str:
    listed = ", ".join(f'"{value}"' for value in values)
    return f"{brackets[:1]}{listed}{brackets[1:]}"


def _places(rng: random.Random, keys: list[str], direction: str, hops: int, name: str) -> dict[str, float]:
    """The part of the object before each pair, by its key; the pairs of a thread in the direction that is asked for."""
    places = dict[str, float]()
    step = hops if name.endswith("thread") else 1
    for i in range(0, len(keys), step):
        at = sorted(rng.random() for _ in keys[i : i + step])
        if direction == "random":
            rng.shuffle(at)
        places |= zip(keys[i : i + step], at[::-1] if direction == "backward" else at, strict=True)
    return places


def _object(hidden: Threads, places: dict[str, float], uuids: list[str], branches: int) -> Page:
    """The JSON object, a pair in each line; other pairs are made of the UUIDs, with as many values as branches."""
    if branches > 1:  # lists of one value and of several in turn, as the thread has them
        size = 1 + branches
        groups = [uuids[i : i + size] for i in range(0, len(uuids), size)]
        others = [(k, _listed(v[: 1 if i % 2 else branches], "[]")) for i, (k, *v) in enumerate(groups)]
    else:
        others = [(k, f'"{v}"') for k, v in zip(uuids[::2], uuids[1::2], strict=True)]
    ranked = [((i + 0.5) / max(len(others), 1), pair) for i, pair in enumerate(others)]
    ranked = sorted([*ranked, *((places[pair[0]], pair) for pair in hidden.pairs)])
    page = Page()
    page.write("{")
    for i, (_, (key, value)) in enumerate(ranked, 1):
        page.write(
            f'"{key}": {value}', key if key in places else None, after=",\n" if i < len(ranked) else "}"
        )
    return page
