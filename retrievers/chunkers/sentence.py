"""Whole sentences, found by pysbd."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from retrievers.chunkers.base import Span, check

BLOCK = re.compile(r"\S.*?(?=\n[^\S\n]*\n|\Z)", re.DOTALL)  # up to a blank line
SIMPLE = re.compile(r"\S.*?(?:[.!?][\"')\]]*(?=\s)|\Z)", re.DOTALL)
WINDOW = 4000  # characters that pysbd reads at once; its time grows with their square
MAX_CHARS = 500  # a longer sentence is cut by the simple rule


def sentences(text: str) -> list[Span]:
    """The sentences of a text as (start, end) offsets, without surrounding white space.

    A blank line ends a sentence, a single line break does not. Every character that is not white space belongs to
    exactly one sentence.
    """
    return list(iter_sentences(text))


def iter_sentences(text: str) -> Iterator[Span]:
    """The same one by one, for callers that need only the first sentences of a long text."""
    import pysbd

    segmenter = pysbd.Segmenter(language="en", clean=False)
    for block in BLOCK.finditer(text):
        for start, end in _in_block(segmenter, block.group().rstrip()):
            yield block.start() + start, block.start() + end


def _in_block(segmenter: Any, block: str) -> Iterator[Span]:
    """The sentences of a text without blank lines, one window at a time.

    The last sentence of a window may go on behind it, so that the next window begins with that sentence.
    """
    at = 0
    while at < len(block):
        spans = _in_window(segmenter, block[at : at + WINDOW])
        if at + WINDOW < len(block):
            start, end = spans.pop()
            if not spans:  # longer than the window
                spans = [(start, _simple_end(block, at + end) - at)]
        yield from ((at + start, at + end) for start, end in spans)
        at += spans[-1][1]
        at += len(block[at:]) - len(block[at:].lstrip())


def _simple_end(text: str, position: int) -> int:
    """Where the sentence of the character before ``position`` ends, by the simple rule."""
    match = SIMPLE.match(text, position - 1)
    return match.end() if match else len(text)


def _in_window(segmenter: Any, text: str) -> list[Span]:
    """The sentences of a window by pysbd, located by counting characters that are not white space.

    pysbd's own offsets are wrong where a sentence occurs twice. Where pysbd changes the text, the simple rule
    applies: a sentence ends at ``.``, ``!`` or ``?`` before white space.
    """
    flat = re.sub(r"\s", " ", text)  # pysbd would end a sentence at each line break
    parts = ["".join(part.split()) for part in segmenter.processor(flat).process()]
    if "".join(parts) != "".join(flat.split()):
        return [(m.start(), m.end()) for m in SIMPLE.finditer(text)]
    spans = _located(text, [len(part) for part in parts if part])
    return [part for span in spans for part in _cut(text, span)]


def _cut(text: str, span: Span) -> list[Span]:
    """A span as it is, or by the simple rule where it is too long: pysbd never cuts inside quotation marks."""
    start, end = span
    if end - start <= MAX_CHARS:
        return [span]
    return [(start + m.start(), start + m.end()) for m in SIMPLE.finditer(text[start:end])]


def _located(text: str, lengths: Sequence[int]) -> list[Span]:
    """Spans of these lengths, white space not counted; spans without white space between them become one.

    pysbd also cuts inside file names and words such as ``data.json``.
    """
    places = [i for i, character in enumerate(text) if not character.isspace()]
    spans: list[Span] = []
    first = 0
    for length in lengths:
        start, end = places[first], places[first + length - 1] + 1
        if spans and spans[-1][1] == start:
            start, _ = spans.pop()
        spans.append((start, end))
        first += length
    return spans


@dataclass(frozen=True)
class SentenceChunker:
    """Packs whole sentences until the next would not fit; a longer sentence is a chunk of its own.

    Attributes:
        size: The maximum number of characters in a chunk; a longer sentence is a chunk of its own.
    """

    size: int = 1000

    def __post_init__(self) -> None:
        check(self.size)

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets, without surrounding white space."""
        spans: list[Span] = []
        for start, end in sentences(text):
            if spans and end - spans[-1][0] <= self.size:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans
