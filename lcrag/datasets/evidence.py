"""Finding a quoted sentence in a document."""

from __future__ import annotations

import re

from lcrag.schema import Document, Span


def locate(document: Document, quote: str) -> Span | None:
    """The first place where a quote stands, ``None`` if nowhere.

    White space in the quote matches any white space, and a hyphen may be followed by a line break: text
    that was only wrapped anew is found. The span holds the document's own wording.
    """
    words = quote.split()
    if not words:
        return None
    pattern = r"\s+".join(re.escape(word).replace(r"\-", r"\-\s*") for word in words)
    match = re.search(pattern, document.text)
    return Span(document.id, match.start(), match.end(), match.group()) if match else None
