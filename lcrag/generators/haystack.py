"""Needles in haystacks: what hides, and what it hides in."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from lcrag.datasets.report_prose import filler
from lcrag.generators import words
from lcrag.generators.page import Different, Page, Supply

HaystackKind = Literal["noise", "prose", "needles"]
NOISE = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
NEEDLE = "One of the special magic {kind} for {key} is: {value}."


@dataclass(frozen=True)
class Needle:
    """A sentence that hides.

    Attributes:
        text: The sentence.
        depth: How many hundredths of the haystack stand before it.
        name: The name under which its place is remembered.
    """

    text: str
    depth: float
    name: Hashable


def haystack(kind: HaystackKind, rng: random.Random, keys: words.ValueKind = "words",
             values: words.ValueKind = "numbers", reserved: Sequence[str] = ()) -> Supply[str]:  # fmt: skip
    """The sentences of a haystack.

    Args:
        kind: ``noise`` repeats RULER's line; ``prose`` is the filler of the synthetic reports, which states no fact;
            ``needles`` are needles with other keys and values, all different.
        rng: Where sentences come from.
        keys: The kind of the needles' keys.
        values: The kind of the needles' values.
        reserved: Keys and values that the haystack must not have.
    """
    if kind == "noise":
        return Supply(lambda: NOISE)
    if kind == "prose":
        return Supply(lambda: filler(rng))
    numbers = Different(lambda: words.value(rng, values))
    others = Different(lambda: words.value(rng, keys))
    numbers.existing.update(reserved)
    others.existing.update(reserved)
    return Supply(lambda: NEEDLE.format(kind=values, key=others.draw(), value=numbers.draw()))


def hide(sentences: Sequence[str], needles: Sequence[Needle], between: str = " ") -> Page:
    """The haystack with its needles, each before the sentence at its depth.

    Args:
        sentences: The haystack.
        needles: What hides; needles at the same place keep their order.
        between: What separates two sentences.
    """
    page = Page()
    ordered = sorted(needles, key=lambda needle: needle.depth)
    at = [round(needle.depth / 100 * len(sentences)) for needle in ordered]
    following = 0
    for i in range(len(sentences) + 1):
        while following < len(ordered) and at[following] == i:
            page.write(ordered[following].text, ordered[following].name, after=between)
            following += 1
        if i < len(sentences):
            page.write(sentences[i], after=between)
    page.pieces[-1] = ""  # nothing follows the last one
    page.length -= len(between)
    return page


def depths(rng: random.Random, count: int) -> list[float]:
    """Different depths in order, drawn from the 40 that RULER has, or from as many as there are needles."""
    steps = max(40, 2 * count)
    return sorted(100 * i / (steps - 1) for i in rng.sample(range(steps), count))
