"""Gap questions: a sentence of the text without one of its facts; no model writes them."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, zip_longest
from string import ascii_uppercase

from lcrag.judging.tools import Judging
from lcrag.questions.checks import (
    ANSWERABLE,
    COPIES_DEMONSTRATION,
    DUPLICATE,
    ENTITY_PRESENT,
    SPEAKS_OF_EXCERPT,
    UNANSWERABLE,
    entity_is_absent,
    is_duplicate,
    reason_against,
)
from lcrag.questions.gaps import Fact, Sentence, Vocabulary, fact_sentences
from lcrag.questions.prompts import Candidate
from lcrag.questions.writing import Writer, WrittenQuestions
from lcrag.schema import Document

KINDS = ("location", "hallucination")
UNANSWERABLE_SHARE = 0.15
GAP = "____"
NOT_UNIQUE = "its sentence with the gap stands in the folder twice"
ONE_FACT = "the sentence has no second fact to change"
NO_REPLACEMENT = "no other number was found that is nowhere in the folder"
NOT_NEEDED = "good sentence, but not needed"
_SKIPPED = {SPEAKS_OF_EXCERPT, COPIES_DEMONSTRATION}  # a gap question names the text, and there is no prompt
_CHECKS = tuple(check for check in ANSWERABLE if check[0] not in _SKIPPED)
_UNANSWERABLE_CHECKS = tuple(check for check in UNANSWERABLE if check[0] not in _SKIPPED)
_NAMES = (
    "Tolvane Marwick Quenby Dursley Holmgard Peltrow Sandrix Varlund Ostrane Kelmaro Brindova Yarmuth Fenwold Cazimir "
    "Lorvane Thexby Gundaro Welkin Zandora Pryslo Ulvaine Dravick Morcant Jesmond"
)
_INVENTED = _NAMES.split()
_GOLDEN = 0.6180339887498949  # steps of this share, modulo 1, cover a line evenly after any number of steps
_TRIES = 50  # replacements of a number that are tried


async def write_gap_questions(
    documents: Sequence[Document],
    count: int,
    kinds: Sequence[str] = (),
    judging: Judging | None = None,
    on_kept: Callable[[int], None] = lambda kept: None,
    seed: int = 0,
) -> WrittenQuestions:
    """Gap questions, evenly over the documents and over each document's length.

    Args:
        documents: The whole folder.
        count: How many questions are wanted.
        kinds: Of ``KINDS``, as many of each; by default 15 per cent are unanswerable.
        judging: With a reader, questions that it answers rightly without the text are thrown out.
        on_kept: Called with the number of questions so far.
        seed: Seeds the choice of sentences and the replaced words.
    """
    judging = judging or Judging()
    writer = Writer(judging, set(judging.replies.known))
    folder = _Folder(documents, random.Random(seed), writer.result)
    for kind in sorted(kinds or KINDS, key=KINDS.index, reverse=True):  # few sentences have two facts
        wanted = _wanted(kind, count, kinds)
        source = folder.candidates(kind)
        while wanted and not writer.result.stopped and (batch := list(islice(source, wanted))):
            wanted -= await writer.keep(batch, on_kept)
        folder.close(kind)
    return writer.result


def _wanted(kind: str, count: int, kinds: Sequence[str]) -> int:
    if kinds:
        return count // len(kinds) + (kinds.index(kind) < count % len(kinds))
    unanswerable = round(count * UNANSWERABLE_SHARE)
    return unanswerable if kind == "hallucination" else count - unanswerable


@dataclass
class _Folder:
    """The sentences of a folder that state facts, those not used yet, in the order in which they are tried."""

    documents: Sequence[Document]
    rng: random.Random
    result: WrittenQuestions
    unused: list[Sentence] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    _left: int = 0

    def __post_init__(self) -> None:
        self.vocabulary = Vocabulary(self.documents)
        self.texts = [" ".join(d.text.split()) for d in self.documents]
        queues = list[list[Sentence]]()
        for document in self.rng.sample(list(self.documents), len(self.documents)):
            sentences = list[Sentence]()
            for sentence in fact_sentences(document, self.vocabulary):
                if isinstance(sentence, str):
                    self.rejected[sentence] += 1
                else:
                    sentences.append(sentence)
            queues.append(_spread(sentences, len(document.text), self.rng.random()))
        self.unused = [s for turn in zip_longest(*queues) for s in turn if s]

    def candidates(self, kind: str) -> Iterator[Candidate]:
        """Questions of a kind that pass the checks; a sentence with a question is not used again."""
        kept = list[Candidate]()
        counts = self.result.asked
        counts[kind] += self.rejected.total() + len(self.unused)
        for why, number in self.rejected.items():
            self.result.rejected[kind, why] += number
        self._left = len(self.unused)
        for sentence in list(self.unused):
            self._left -= 1
            candidate = self._gap(sentence) if kind == "location" else self._changed(sentence)
            if isinstance(candidate, Candidate) and is_duplicate(candidate, [*self.result.candidates, *kept]):
                candidate = DUPLICATE
            if isinstance(candidate, str):
                self.result.rejected[kind, candidate] += 1
                continue
            self.unused.remove(sentence)
            kept.append(candidate)
            yield candidate

    def close(self, kind: str) -> None:
        """Count the sentences that were not needed."""
        if self._left:
            self.result.rejected[kind, NOT_NEEDED] += self._left

    def _gap(self, sentence: Sentence) -> Candidate | str:
        """A question for the rarest fact that passes, or why there is none."""
        first = ""
        for fact in sentence.facts:
            question = _question(sentence.text, fact)
            candidate = Candidate("location", sentence.document, question, fact.text, (sentence.quote,))
            why = reason_against(candidate, _CHECKS) or (
                "" if self._is_unique(sentence.text, fact) else NOT_UNIQUE
            )
            if not why:
                return candidate
            first = first or why
        return first

    def _changed(self, sentence: Sentence) -> Candidate | str:
        """The same with the rarest fact replaced by one that the folder does not have, and a gap for the next."""
        if len(sentence.facts) < 2:
            return ONE_FACT
        telling, gap = sentence.facts[:2]
        new = self._replacement(telling)
        if not new:
            return NO_REPLACEMENT
        shift = len(new) - len(telling.text) if telling.start < gap.start else 0
        text = sentence.text[: telling.start] + new + sentence.text[telling.end :]
        question = _question(text, replace(gap, start=gap.start + shift, end=gap.end + shift))
        candidate = Candidate("hallucination", sentence.document, question, entity=new)
        if not all(entity_is_absent(replace(candidate, document=d)) for d in self.documents):
            return ENTITY_PRESENT
        return reason_against(candidate, _UNANSWERABLE_CHECKS) or candidate

    def _is_unique(self, text: str, fact: Fact) -> bool:
        pattern = re.compile(f"{re.escape(text[: fact.start])}.{{1,80}}?{re.escape(text[fact.end :])}")
        return sum(len(pattern.findall(t)) for t in self.texts) <= 1

    def _replacement(self, fact: Fact) -> str:
        """Another name or number of the same form; empty where none was found."""
        if fact.is_name:
            return " ".join(self._name(word) for word in fact.text.split())
        digits = max(re.findall(r"\d+", fact.text), key=len, default="")
        for attempt in range(2 * _TRIES if digits else 0):
            length = len(digits) + attempt // _TRIES  # one digit more where all of this length are there
            other = str(self.rng.randrange(10 ** (length - 1), 10**length))
            new = fact.text.replace(digits, other, 1)
            if not any(part in self.vocabulary.folded for part in (other, new)):
                return new
        return ""

    def _name(self, word: str) -> str:
        if word.isupper():
            return "".join(self.rng.choice(ascii_uppercase) for _ in word if _.isalpha())
        return self.rng.choice(_INVENTED)


def _question(text: str, fact: Fact) -> str:
    gapped = f"{text[: fact.start]}{GAP}{text[fact.end :]}"
    return f'Which words are missing in this sentence of the text: "{gapped}"?'


def _spread(sentences: list[Sentence], length: int, offset: float) -> list[Sentence]:
    """Sentences in an order of which any beginning is spread evenly over a document of this length."""
    left, order = list(sentences), list[Sentence]()
    while left:
        place = (offset + len(order) * _GOLDEN) % 1 * length
        nearest = min(left, key=lambda s: abs(s.start - place))
        left.remove(nearest)
        order.append(nearest)
    return order
