"""Features: numbers that are known of a question before it is answered; and signals: numbers of an answer.

The axes are scope (how much of the text is needed) and dispersion (how hard that is to find), after Goldman et al.
2024 (arXiv 2407.00402), who do not measure them: every proxy here is ours. The same functions serve a router in
an application and a replay of outcomes, so that both see the same numbers. Names of features are columns of the table
of outcomes (``feature_*``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from lcrag.metrics.text import normalise
from lcrag.schema import Passage

SIGNAL_NOTES = ("p_unanswerable", "confidence", "support", "support_new", "support_numbers")
REGIONS = 10  # equal parts of a document, to see where in it the passages are
ASKS = ("who", "when", "where", "what", "which", "how", "why")
CUES = {
    "compares": r"compar\w+|differ\w*|versus|vs|both|between|contrast\w*|(?:more|less|fewer|larger|smaller|higher|lower"
    r"|longer|earlier|later|better|worse)\b.*\bthan",
    "aggregates": r"how many|how much|total|sum|average|mean|number of|count|altogether|combined|all|every|each|list"
    r"|percentage|ratio",
    "superlative": r"most|least|first|last|largest|smallest|highest|lowest|\w{3,}est",
    "whole": r"overall|main|theme|throughout|summar\w+|generally|story|whole|entire|purpose",
    "reasons": r"why|explain|because|reason|cause[sd]?|effect|impl\w+|infer\w*|conclude\w*|suggest\w*|result",
    "hops": r"who|whose|which|that|whom",
    "time": r"when|before|after|during|until|since|year|month|quarter|date|\d{4}",
    "at_length": r"describe|explain|discuss|detail\w*|outline|elaborate",
    "place_named": r"section|chapter|paper \d+|table|figure|part|paragraph",
}  # fmt: skip
_CUES = {name: re.compile(rf"\b(?:{cue})\b", re.IGNORECASE) for name, cue in CUES.items()}
_ENTITY = re.compile(r"(?<=\s)(?:[A-Z][\w&'-]*)(?:\s+(?:of|and|the|&)?\s*[A-Z][\w&'-]*)*")


def text_features(text: str) -> dict[str, float]:
    """Features of the question's words: question word, entities, and cues of scope and of several steps."""
    words = text.split()
    first = next((w for w in re.findall(r"[a-z]+", text.lower()) if w in ASKS), "")
    features = {f"asks_{ask}": float(first == ask) for ask in ASKS}
    features |= {name: float(len(pattern.findall(text))) for name, pattern in _CUES.items()}
    return features | {
        "words": float(len(words)),
        "letters_a_word": len(text) / max(1, len(words)),
        "numbers": float(len(re.findall(r"\d[\d,.]*", text))),
        "entities": float(len(_ENTITY.findall(text))),
        "quotes": float(len(re.findall(r"[\"“]", text))),
        "clauses": float(len(re.findall(r"[,;:]|\band\b", text))),
    }


def context_features(tokens: float, window: float | None, documents: int = 1) -> dict[str, float]:
    """Features of the question's documents: their tokens, the share of the reader's window, their number."""
    ratio = tokens / window if window else math.nan
    return {"log_tokens": math.log(max(1.0, tokens)), "window_ratio": ratio, "documents": float(documents)}


def retrieval_features(
    text: str, passages: Sequence[Passage], characters: Mapping[str, int]
) -> dict[str, float]:
    """Features of a first retrieval, a proxy of dispersion. Without passages every feature is NaN.

    - ``top``: the best score.
    - ``gap``: how far the second score is below the first, relative to the first; ``gap_k``: how far the last is.
    - ``entropy``: entropy of the scores as shares, divided by its maximum: 1 where all scores are equal.
    - ``regions``: number of distinct tenths of documents that hold the passages, per passage.
    - ``spread``: standard deviation of the passages' positions in their documents, from 0 to 1.
    - ``overlap``: share of the question's words that the best passage has; ``overlap_k``: that any passage has.
    - ``redundancy``: mean Jaccard similarity of the best passage to the others.

    Args:
        text: the question.
        passages: the passages, best first.
        characters: length of each document, by id.
    """
    names = ("top", "gap", "gap_k", "entropy", "regions", "spread", "overlap", "overlap_k", "redundancy")
    if not passages:
        return dict.fromkeys((f"retrieval_{n}" for n in names), math.nan)
    scores = [max(0.0, p.score) for p in passages]
    top, total = scores[0], sum(scores)
    shares = [s / total for s in scores if s > 0] if total else []
    entropy = -sum(s * math.log(s) for s in shares) / math.log(len(scores)) if len(scores) > 1 else 0.0
    places = [p.start / max(1, characters[p.document_id]) for p in passages]
    centre = sum(places) / len(places)
    question_words = set(normalise(text).split())
    bags = [set(normalise(p.text).split()) for p in passages]
    rest = [len(bags[0] & b) / max(1, len(bags[0] | b)) for b in bags[1:]]
    values = (
        top,
        (top - scores[1]) / top if len(scores) > 1 and top else 0.0,
        (top - scores[-1]) / top if top else 0.0,
        entropy,
        len({(p.document_id, int(x * REGIONS)) for p, x in zip(passages, places, strict=True)})
        / len(passages),
        math.sqrt(sum((x - centre) ** 2 for x in places) / len(places)),
        len(question_words & bags[0]) / max(1, len(question_words)),
        len(question_words & set().union(*bags)) / max(1, len(question_words)),
        sum(rest) / len(rest) if rest else 0.0,
    )
    return {f"retrieval_{n}": v for n, v in zip(names, values, strict=True)}


def signals(text: str, answer: str, declined: bool, notes: Mapping[str, float]) -> dict[str, float]:
    """Signals of an answer, for routers that probe: whether it declines, how long it is, how much of it is new.

    Args:
        text: the question.
        answer: the answer's text.
        declined: whether the answer declines.
        notes: the answer's notes; those in ``SIGNAL_NOTES`` are signals, too.
    """
    question_words, answer_words = set(normalise(text).split()), normalise(answer).split()
    noted = {k: float(v) for k, v in notes.items() if k in SIGNAL_NOTES}
    return {
        "declined": float(declined),
        "words": float(len(answer_words)),
        "new_words": float(len(set(answer_words) - question_words)),
        "overlap": len(question_words & set(answer_words)) / max(1, len(set(answer_words))),
        "numbers": float(len(re.findall(r"\d[\d,.]*", answer))),
        "hedges": float(
            len(re.findall(r"\b(?:may|might|could|likely|appears?|seems?|however|not)\b", answer.lower()))
        ),
        **noted,
    }
