"""The LaRA rule: the kind of question decides between retrieval and the whole document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.routers.base import Decision, check_candidate
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import ReplayableRouter

_COMPARES = re.compile(
    r"\b(compar\w+|differ\w*|versus|vs\.?|both|either|which (?:of|is|has|was)\b.*\bor\b|(?:more|less|fewer|larger|"
    r"smaller|higher|lower|longer|earlier|later)\b.*\bthan)\b",
    re.IGNORECASE,
)
_REASONS = re.compile(
    r"\b(why|how (?:many|much|does|do|would|can)|explain|what (?:happens|would|will)|result of|total|sum)\b",
    re.IGNORECASE,
)


def guess_kind(text: str) -> str:
    """LaRA's kind, guessed from cue words for questions without a label; the cue words are ours.

    ``hallucination`` is never guessed: no cue word says that the text has no answer. It can be learned from labelled
    questions (``StackedRouter``).
    """
    if _COMPARES.search(text):
        return "comparison"
    return "reasoning" if _REASONS.search(text) else "location"


KINDS = ("location", "reasoning", "comparison", "hallucination")


def kind_of(query: Query) -> tuple[str, bool]:
    """The question's kind in LaRA's terms, and whether that is its label; without a label it is guessed."""
    labelled = query.kind in KINDS
    return (query.kind if labelled else guess_kind(query.text)), labelled


@dataclass(frozen=True)
class LaRARule(ReplayableRouter):
    """Location and hallucination to retrieval, reasoning and comparison to long context.

    The pattern of LaRA's main table (Li et al. 2025, arXiv 2502.09977). The kind of a question without one of LaRA's
    labels is guessed from cue words.

    Attributes:
        retrieval: the strategy for location and hallucination.
        long_context: the strategy for reasoning and comparison.
    """

    retrieval: str = "chunked_retrieval"
    long_context: str = "long_context"
    name: str = "lara_rule"

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """By ``query.kind``."""
        return [self._decision(query, candidates) for query in queries]

    def _decision(self, query: Query, candidates: Sequence[str]) -> Decision:
        kind, labelled = kind_of(query)
        chosen = self.retrieval if kind in {"location", "hallucination"} else self.long_context
        return Decision(
            check_candidate(chosen, candidates, self.name), kind if labelled else f"{kind} (guessed)"
        )
