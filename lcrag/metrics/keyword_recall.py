"""How many of the keywords of a gold answer stand in the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lcrag.errors import LcragError
from lcrag.metrics.base import wants_choice, wants_free_text
from lcrag.metrics.choice import gold, picks
from lcrag.metrics.text import contains
from lcrag.schema import Answer, Question

_BETWEEN = re.compile(r"[;\n]\s*|(?<!\d),\s+|(?<=\d{3}),\s+|,\s+(?!\d{4}\b)")  # but not in "June 5, 1987"


@dataclass(frozen=True)
class KeywordRecall:
    """The share of a gold answer's keywords that stand in the answer (RULER, Hsieh et al. 2024, arXiv 2404.06654).

    Keywords are ``metadata["keywords"]`` of the question, else the parts of a gold answer between commas, semicolons
    or lines; of several gold answers the best counts. In multiple choice they are the right choices.

    Attributes:
        match: ``words`` finds a keyword as the metric ``contains`` does: whole words, numbers within their precision,
            not where the answer rejects it. ``substring`` finds it anywhere, in any case of letters, as RULER does.

    Differs from the paper: with ``words``, the default, "3" does not stand in "1832".
    """

    name: str = "keyword_recall"
    match: Literal["words", "substring"] = "words"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions with a gold answer or keywords.

        Raises:
            LcragError: ``metadata["keywords"]`` is not a list of texts.
        """
        if wants_choice(question):
            picked = picks(answer.text, question.choices)
            golds = [gold(a, question.choices) for a in question.answers]
            return max((len(picked & g) / len(g) for g in golds if g), default=0.0)
        keywords = _keywords(question)
        if question.answerable and keywords:
            return self._share(answer.text, keywords)
        if not wants_free_text(question):
            return None
        return max(self._share(answer.text, _parts(a)) for a in question.answers)

    def _share(self, text: str, keywords: Sequence[str]) -> float:
        count = sum(self._stands_in(text, keyword) for keyword in keywords)
        return count / len(keywords) if keywords else 0.0

    def _stands_in(self, text: str, keyword: str) -> bool:
        if self.match == "substring":
            return keyword.casefold() in text.casefold()
        return bool(contains(text, [keyword]))


def _keywords(question: Question) -> list[str]:
    keywords = question.metadata.get("keywords", [])
    if not isinstance(keywords, list | tuple) or not all(isinstance(k, str) and k.strip() for k in keywords):
        raise LcragError(f"Question {question.id!r}: metadata.keywords must be a list of texts, none empty.")
    return list(keywords)


def _parts(answer: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(answer) if part.strip()]
