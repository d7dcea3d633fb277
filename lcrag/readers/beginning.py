"""Constrained decoding of an answer's beginning: one of some strings, then anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lcrag.readers.watch import begins


def pattern(begin: Sequence[str]) -> str:
    """The constraint as a regular expression, for servers that decode with one."""
    return f"({'|'.join(re.escape(b).replace(chr(92) + ' ', ' ') for b in begin)})[\\s\\S]*"


class Beginning:
    """Which tokens of a vocabulary may follow a text that must begin with one of some strings.

    An automaton over the strings, as in Koo et al. 2024 (arXiv 2407.08103), which 'Inference Scaling for
    Long-Context RAG' (arXiv 2410.04343, appendix H) uses for Self-Ask's prefixes.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._pieces: list[str] = tokenizer.batch_decode([[i] for i in range(len(tokenizer))])
        self._allowed: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        self._words: dict[str, list[int]] = {}

    def starting(self, word: str) -> list[int]:
        """Token ids that begin a word."""
        if word not in self._words:
            self._words[word] = [i for i, piece in enumerate(self._pieces) if begins(piece, word)]
        return self._words[word]

    def allowed(self, text: str, begin: tuple[str, ...]) -> list[int] | None:
        """Token ids that may come after ``text``, ``None`` when every token may."""
        if not begin or text.startswith(begin):
            return None
        if (text, begin) not in self._allowed:
            rests = [b[len(text) :] for b in begin if b.startswith(text)]
            self._allowed[text, begin] = [
                i
                for i, piece in enumerate(self._pieces)
                if piece and any(rest.startswith(piece) or piece.startswith(rest) for rest in rests)
            ]
        return self._allowed[text, begin] or None
