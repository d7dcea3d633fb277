"""The parts of documents that questions are written about."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from embedders.tokens import CHARS_PER_TOKEN
from lcrag.readers.base import Reader
from lcrag.schema import Document

EXCERPT_TOKENS = 1500  # enough for several facts; small models lose the thread in more
WINDOW_SHARE = (
    0.5  # of the reader's window: the rest is for the instructions, the reply, and languages with more tokens
)


@dataclass(frozen=True)
class Excerpt:
    """What one question is to be about.

    Attributes:
        document: The document.
        parts: Texts of the document; two for a comparison.
        turn: How often the document's parts were used before; above 0 the reader samples, so that it writes
            another question.
    """

    document: Document
    parts: tuple[str, ...]
    turn: int


def excerpt_chars(reader: Reader, tokens: int = EXCERPT_TOKENS) -> int:
    """Characters of an excerpt of at most so many tokens that fits into the reader's window."""
    return int(min(tokens, WINDOW_SHARE * reader.context_window) * CHARS_PER_TOKEN)


def excerpts(documents: Sequence[Document], chars: int, parts: int, seed: int) -> Iterator[Excerpt]:
    """Excerpts without end, one document after the other, so that all documents are asked about alike.

    As for LaRA (arXiv 2502.09977, section 3.3), a document is cut into equal slices; a comparison is about two.

    Args:
        documents: What is asked about.
        chars: Characters of an excerpt at most, all its parts together.
        parts: Slices in an excerpt, 1 or 2.
        seed: Seeds the order.
    """
    rng = random.Random(seed)
    order = rng.sample(list(documents), len(documents))
    pending: dict[str, list[tuple[str, ...]]] = {d.id: [] for d in order}
    turns = dict.fromkeys(pending, -1)
    while order:
        for document in order:
            if not pending[document.id]:
                turns[document.id] += 1
                pending[document.id] = _shuffled(_slices(document.text, chars // parts, parts), parts, rng)
            yield Excerpt(document, pending[document.id].pop(), turns[document.id])


def _slices(text: str, chars: int, minimum: int) -> list[str]:
    """Equal slices of at most so many characters, cut at white space, and at least ``minimum`` of them."""
    count = max(minimum, -(-len(text) // chars))
    ends = [_space_after(text, len(text) * i // count) for i in range(count)] + [len(text)]
    slices = [text[start:end].strip() for start, end in zip([0, *ends[1:]], ends[1:], strict=False)]
    return [s for s in slices if s] or [text]


def _space_after(text: str, place: int) -> int:
    """The next place with white space, if one is near."""
    near = text[place : place + 200]
    return place + next((i for i, c in enumerate(near) if c.isspace()), 0)


def _shuffled(slices: list[str], parts: int, rng: random.Random) -> list[tuple[str, ...]]:
    if parts == 1 or len(slices) == 1:
        return [(s,) for s in rng.sample(slices, len(slices))]
    pairs = list[tuple[str, ...]]()
    order = rng.sample(range(len(slices)), len(slices))
    for first, second in zip(order, [*order[1:], order[0]], strict=True):
        pairs.append((slices[min(first, second)], slices[max(first, second)]))
    return pairs
