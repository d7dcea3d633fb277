"""What a question must pass to be kept: checks against the document itself, which trust no model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

from rapidfuzz import fuzz, process

from lcrag.datasets.evidence import find_quote
from lcrag.metrics.quantities import Date, Number, Quantity, split_quantities
from lcrag.metrics.support import COMMON
from lcrag.metrics.text import contains, normalise
from lcrag.questions.prompts import DEMONSTRATION_NAMES, Candidate

MIN_QUOTE_WORDS, MAX_QUOTE_WORDS = 3, 100  # a longer quote would hold any answer
MAX_ANSWER_WORDS = 15  # a longer answer cannot be scored by its text
MIN_PLACES = {"comparison": 2, "aggregation": 2}
SPELLED_ALIKE = 85.0  # rapidfuzz ratio from which two words are forms of one: "kite", "kites"
ALIKE = 80.0  # token sort ratio from which two questions with the same answer are near-duplicates
NEARLY_EQUAL = 95.0  # the same where their answers differ but their numbers do not
_ASKS = (
    "many much long often far old there any can could should would will may about than more most first last"
)
_ASKING = frozenset(_ASKS.split())  # words of any question: they do not show what it is about
_GENITIVE = re.compile(r"(?<=\w)['\u2019]s\b")
_EXCERPT = re.compile(
    r"\b(?:the|this|that|these|above|given|following) (?:\w+ )?(?:text|excerpt|passage|snippet|part [12]|parts)\b"
    r"|\bin part [12]\b",
    re.IGNORECASE,
)

SPEAKS_OF_EXCERPT = "it speaks of an excerpt"
COPIES_DEMONSTRATION = "it copies the demonstration"
OFF_TOPIC = "it shares no word with the document"
LONG_ANSWER = f"its answer has more than {MAX_ANSWER_WORDS} words"
NO_EVIDENCE = "its evidence is not in the document"
QUOTE_LENGTH = f"its evidence is not {MIN_QUOTE_WORDS} to {MAX_QUOTE_WORDS} words long"
FEW_PLACES = "its evidence stands in one place only"
NO_ANSWER = "its evidence does not hold the answer"
TELLS_ANSWER = "the question tells the answer"
ENTITY_NOT_ASKED = "it does not ask about the entity that it names"
ENTITY_PRESENT = "what it asks about is in the document"
DUPLICATE = "near-duplicate of another"

Check = Callable[[Candidate], bool]


def reason_against(candidate: Candidate, checks: Sequence[tuple[str, Check]] = ()) -> str:
    """The first check that a candidate fails, as a reason; empty if it passes all, by default those for a model's."""
    checks = checks or (ANSWERABLE if candidate.answerable else UNANSWERABLE)
    return next((reason for reason, passes in checks if not passes(candidate)), "")


def stands_alone(candidate: Candidate) -> bool:
    """The question is understood without an excerpt beside it."""
    return not _EXCERPT.search(candidate.question)


def is_not_the_demonstration(candidate: Candidate) -> bool:
    """It names nothing of the demonstration in its prompt, unless the document does, too."""
    text = normalise(f"{candidate.question} {candidate.answer} {candidate.entity}")
    names = [name for name in DEMONSTRATION_NAMES if name in text]
    return not names or any(name in normalise(candidate.document.text) for name in names)


def on_topic(candidate: Candidate) -> bool:
    """A word of the question is in the document; numbers, and what an unanswerable one asks about, do not count."""
    others = _ASKING.union(_words(candidate.entity))
    document = set(_words(candidate.document.text))
    words = [w for w in _words(candidate.question) if w not in others and not w.isdigit()]
    return any(word in document for word in words)


def answer_is_short(candidate: Candidate) -> bool:
    """The answer can be compared with another's."""
    return len(candidate.answer.split()) <= MAX_ANSWER_WORDS


def quotes_are_in_document(candidate: Candidate) -> bool:
    """Every quote stands in the document."""
    return all(find_quote(candidate.document.text, quote) for quote in candidate.quotes)


def quotes_have_length(candidate: Candidate) -> bool:
    """No quote is so short that it stands anywhere, or so long that it holds anything."""
    return all(MIN_QUOTE_WORDS <= len(s.text.split()) <= MAX_QUOTE_WORDS for s in candidate.spans)


def places_are_enough(candidate: Candidate) -> bool:
    """A comparison and an aggregation have evidence in two places that do not overlap."""
    spans = sorted(candidate.spans, key=lambda s: s.start)
    overlap = any(a.end > b.start for a, b in pairwise(spans))
    needed = MIN_PLACES.get(candidate.kind, 1)
    return len(spans) >= needed and not (needed > 1 and overlap)


def evidence_holds_answer(candidate: Candidate) -> bool:
    """A located answer stands in one quote; the parts of another stand in the quotes or follow from their numbers."""
    texts = [span.text for span in candidate.spans]
    if candidate.kind == "location":
        return any(contains(text, [candidate.answer]) for text in texts)
    quantities, rest = _quantities(candidate.answer)
    words = [w for w in normalise(rest).split() if w not in COMMON]
    evidence = set(normalise(" ".join(texts)).split())
    allowed = evidence | set(normalise(candidate.question).split())
    given = [q for text in texts for q in _quantities(text)[0]]
    derived = [*given, *_derived(given, candidate.kind, len(texts))]
    if not (words or quantities) or not all(w in allowed for w in words):
        return False
    if not all(any(q.agrees(other) for other in derived) for q in quantities):
        return False
    return bool(quantities) or any(w in evidence for w in words)


def question_keeps_answer(candidate: Candidate) -> bool:
    """The question does not tell its answer; a comparison names both sides."""
    return candidate.kind == "comparison" or not contains(candidate.question, [candidate.answer])


def entity_is_asked_about(candidate: Candidate) -> bool:
    """The entity is named in the question."""
    question = set(_words(candidate.question))
    words = _words(candidate.entity)
    return bool(words) and all(word in question for word in words)


def entity_is_absent(candidate: Candidate) -> bool:
    """A word of the entity is nowhere in the document, in no form that is spelled alike."""
    vocabulary = list(dict.fromkeys(_words(candidate.document.text)))
    return any(
        process.extractOne(word, vocabulary, scorer=fuzz.ratio, score_cutoff=SPELLED_ALIKE) is None
        for word in _words(candidate.entity)
    )


ANSWERABLE: Sequence[tuple[str, Check]] = (
    (SPEAKS_OF_EXCERPT, stands_alone),
    (COPIES_DEMONSTRATION, is_not_the_demonstration),
    (OFF_TOPIC, on_topic),
    (LONG_ANSWER, answer_is_short),
    (NO_EVIDENCE, quotes_are_in_document),
    (QUOTE_LENGTH, quotes_have_length),
    (FEW_PLACES, places_are_enough),
    (NO_ANSWER, evidence_holds_answer),
    (TELLS_ANSWER, question_keeps_answer),
)
UNANSWERABLE: Sequence[tuple[str, Check]] = (
    (SPEAKS_OF_EXCERPT, stands_alone),
    (COPIES_DEMONSTRATION, is_not_the_demonstration),
    (OFF_TOPIC, on_topic),
    (ENTITY_NOT_ASKED, entity_is_asked_about),
    (ENTITY_PRESENT, entity_is_absent),
)


def is_duplicate(candidate: Candidate, kept: Sequence[Candidate]) -> bool:
    """Whether a question is nearly the same as one that is kept.

    It is where both are worded alike and have one answer, where both have one answer and overlapping evidence, and
    where they differ in hardly a letter and not in a number, on the same document.
    """
    return any(_alike(candidate, other) for other in kept)


def _alike(a: Candidate, b: Candidate) -> bool:
    if a.document.id != b.document.id:
        return False
    wording = fuzz.token_sort_ratio(normalise(a.question), normalise(b.question))
    if a.answerable and b.answerable and normalise(a.answer) == normalise(b.answer):
        overlap = any(s.start < t.end and t.start < s.end for s in a.spans for t in b.spans)
        return wording >= ALIKE or overlap
    if not a.answerable and not b.answerable and normalise(a.entity) == normalise(b.entity):
        return True
    digits = [re.findall(r"\d+", c.question) for c in (a, b)]
    return wording >= NEARLY_EQUAL and digits[0] == digits[1]


def _words(text: str) -> list[str]:
    """Words without the most common ones and without the 's of a genitive."""
    return [word for word in normalise(_GENITIVE.sub("", text)).split() if word not in COMMON]


def _quantities(text: str) -> tuple[list[Quantity], str]:
    spans, rest = split_quantities(text)
    return [quantity for _, quantity in spans], rest


def _derived(given: Sequence[Quantity], kind: str, places: int) -> list[Number]:
    """Sums and differences of two numbers, years of dates among them; for aggregations the sum and the count of all."""
    numbers = [q for q in given if isinstance(q, Number)]
    numbers += [
        Number(float(year), 0.0, False) for q in given if isinstance(q, Date) for year, _, _ in q.readings
    ]
    results = []
    for a, b in combinations(numbers, 2):
        if a.percent == b.percent:
            precision = a.precision + b.precision
            results += [Number(v, precision, a.percent) for v in (a.value + b.value, abs(a.value - b.value))]
    if kind == "aggregation":
        results.append(Number(float(places), 0.0, False))
        if numbers:
            total, precision = sum(n.value for n in numbers), sum(n.precision for n in numbers)
            results.append(Number(total, precision, numbers[0].percent))
    return results
