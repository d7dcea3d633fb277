"""Finding a quoted text in a document."""

from __future__ import annotations

import re
from itertools import pairwise

from lcrag.schema import Document, Span

BREAK = r"(?:[-\u00ad\u2010]\s*\n\s*)?"  # a word of the document may be broken over two lines
JOINED = re.compile(r"(\w)[-\u00ad\u2010]\s+(?=\w)")  # the same in the quote
_CHARACTERS = {"\0": r"(?:[-\u00ad\u2010]\s*)?", "-": r"\-\s*"}


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Start and end of the first place where a quote stands in a text, ``None`` if it stands nowhere.

    White space matches any white space, and a word that a hyphen breaks over two lines, in the text or in the
    quote, matches the whole word: a text that was only wrapped anew is found. The quote's own case is tried
    first, then any case.
    """
    words = JOINED.sub("\\1\0", quote).split()  # \0 marks a hyphen that may only be there for the line break
    if not words:
        return None
    pattern = re.compile(r"\s+".join(map(_pattern, words)))
    match = pattern.search(text) or re.compile(pattern.pattern, re.IGNORECASE).search(text)
    return match.span() if match else None


def locate(document: Document, quote: str) -> Span | None:
    """The first place of a quote in a document, in the document's own wording; see ``find_quote``."""
    place = find_quote(document.text, quote)
    return Span(document.id, *place, document.text[slice(*place)]) if place else None


def _pattern(word: str) -> str:
    """A regular expression for one word of the quote."""
    pieces = [_CHARACTERS.get(c, re.escape(c)) for c in word]
    between = [BREAK if a.isalpha() and b.isalpha() else "" for a, b in pairwise(word)]
    return "".join(p + b for p, b in zip(pieces, [*between, ""], strict=True))
