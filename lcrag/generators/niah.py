"""Needle in a haystack: one sentence at every depth of texts of every length."""

from __future__ import annotations

import random

from lcrag.datasets.base import Dataset
from lcrag.generators import words
from lcrag.generators.budget import Tokens, check, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.haystack import NEEDLE, HaystackKind, Needle, haystack, hide
from lcrag.generators.niah_words import niah_question

TITLE = "Needle in a haystack"


def generate_niah(
    tokens: Tokens = (4096, 8192, 16384),
    depths: int = 11,
    count: int = 1,
    haystack_kind: HaystackKind = "prose",
    values: words.ValueKind = "numbers",
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Needle in a haystack on a grid of depths and lengths (Kamradt 2023), in RULER's words (arXiv 2404.06654).

    ``lcrag.analysis.needle_heat_map`` draws its scores. A question that has the same number in two cells has the
    same needle in both, so that cells differ in depth and length alone.

    Args:
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        depths: How many depths from 0 to 100, evenly spaced.
        count: Questions in each cell of the grid.
        haystack_kind: ``prose``, ``noise`` or ``needles``.
        values: What is asked for: ``numbers``, ``words`` or ``uuids``.
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks in RULER's words to the letter.

    Raises:
        LcragError: a number is out of range, or the needle does not fit.

    Differs from the paper: the haystack is generated prose, the answer is found by its string and not by a judge.
    """
    lengths, counted = lengths_of(tokens, TITLE), counter(tokenizer)
    check(TITLE, ("depths", depths, 1, 1000), ("count", count, 1, 10_000))
    parts = list[Part]()
    for length in lengths:
        for number in range(count):
            rng = random.Random(f"{seed}/niah/{haystack_kind}/{values}/{number}")
            key, value = words.key(rng), words.value(rng, values)
            sentences = haystack(haystack_kind, rng, values=values, reserved=(key, value))
            text, task = niah_question("niah", values, (key,), 1)
            for step in range(depths):
                depth = 100 * step / (depths - 1) if depths > 1 else 50.0
                metadata = {"length": length, "depth": depth}
                draft = Draft(text, task, (value,), ("needle",), metadata=metadata)
                needle = Needle(NEEDLE.format(kind=values, key=key, value=value), depth, "needle")
                page = fit(
                    lambda n, s=sentences, needle=needle: hide(s.first(n), [needle]),  # type: ignore[misc]
                    length - draft.overhead(counted),
                    counted,
                    TITLE,
                )
                parts.append(Part(f"niah-{length}-{depth:g}-{number + 1}", page, (draft,)))
    return gather("niah", prompt, parts)
