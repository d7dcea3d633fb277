"""Sentences of a document that state a fact, and the words of the fact that a gap may take the place of."""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from lcrag.metrics.quantities import split_quantities
from lcrag.metrics.support import COMMON
from lcrag.schema import Document
from retrievers.chunkers.sentence import iter_sentences

MIN_WORDS, MAX_WORDS = 8, 40  # shorter ones are headings, longer ones mostly two sentences or a list
MIN_LETTERS = 0.75  # share of letters among the characters that are not white space
MIN_LINE = 0.6  # of the longest line: wrapped prose fills its lines, headings and lists do not
MAX_NAME_WORDS = 4
LICENCE_WORDS, LICENCE_CHARS = 3, 1000  # so many words of a licence within so many characters on either side

LENGTH = f"the sentence is not {MIN_WORDS} to {MAX_WORDS} words long"
NOT_PROSE = "it is not a sentence of prose"
LAYOUT = "a heading, a list or a page break is in it"
BOILERPLATE = "it is of a licence, a reference or a pointer to another place"
NO_FACT = "no number, date or name is inside the sentence"

_BULLET = re.compile(r"^(?:[\u2022*>#+\u2013-]+\s+|\d+[.)]\s+)+")
_BROKEN = re.compile(r"(?<=[a-z])[-\u00ad\u2010]\s*\n\s*(?=[a-z])")  # a word broken over two lines
_MARKUP = re.compile(r"[|{}<>=\\\u2022]|```|\]\(|\]\[|https?:|\. \.|\.\.\.|\*\*|__|->|\bwww\.|\(\)|\[\w+\]")
_BOILERPLATE = re.compile(
    r"copyright|\u00a9|licen[sc]|warrant|all rights reserved|permission is|\bet al\b|\bpp\. |\bdoi\b|\bisbn\b"
    r"|^(?:see|for example|e\.g\.)\b|\b(?:see also|described (?:below|above)|listed (?:below|above))\b",
    re.IGNORECASE,
)
_LICENCE = re.compile(r"copyright|licen[sc]e|warrant|verbatim|invariant section|cover text", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:chapter|section|sections|step|figure|table|page|appendix|item)\s$", re.IGNORECASE)
_NAME = re.compile(r"(?<=[\w,)]\s)[A-Z][\w.+#/&-]*\w(?: (?:[A-Z][\w.+#/&-]*\w|[A-Z]\b))*")
_CALENDAR = (
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
)
_ARTICLES = "one zero i a an the we you if e.g i.e"
_WEAK = COMMON.union(_CALENDAR.split(), _ARTICLES.split())
_CONJUNCTIONS = "when while although since because unless until after before though once"
_OPENING = _WEAK.union(_CONJUNCTIONS.split())  # a name may begin behind them


@dataclass(frozen=True)
class Fact:
    """A number, a date or a name in a sentence, as offsets in ``Sentence.text``."""

    start: int
    end: int
    text: str
    is_name: bool


@dataclass(frozen=True)
class Sentence:
    """A sentence that states a fact.

    Attributes:
        document: Its document.
        start: Its offset there.
        quote: The document's own wording, line breaks included.
        text: The same on one line, without a bullet.
        facts: What may be asked for, the rarest in the folder first.
    """

    document: Document
    start: int
    quote: str
    text: str
    facts: tuple[Fact, ...]


class Vocabulary:
    """How often each word stands in a folder, by its spelling and in any case."""

    def __init__(self, documents: Iterable[Document]) -> None:
        words = [word for d in documents for word in re.findall(r"\w+", d.text)]
        self.spelled = Counter(words)
        self.folded = Counter(word.lower() for word in words)

    def is_name(self, word: str) -> bool:
        """Whether a capitalised word stands in lower case less often: "Windows", but not "SHOULD"."""
        parts = re.findall(r"\w+", word)
        lower = sum(self.spelled[p.lower()] for p in parts if p != p.lower())
        return lower * 2 < sum(self.folded[p.lower()] for p in parts if p != p.lower())

    def rarity(self, text: str) -> int:
        """How often the rarest word of a text stands in the folder."""
        return min((self.folded[w.lower()] for w in re.findall(r"\w+", text)), default=0)


def fact_sentences(document: Document, vocabulary: Vocabulary) -> Iterator[Sentence | str]:
    """Every sentence of a document, or the reason why it is not asked about, in order."""
    licence = [match.start() for match in _LICENCE.finditer(document.text)]
    for start, end in iter_sentences(document.text):
        quote = document.text[start:end]
        bullet = _BULLET.match(quote)
        if bullet:
            start, quote = start + bullet.end(), quote[bullet.end() :]
        text = " ".join(_BROKEN.sub("", quote).split())
        why = _reason_against(document.text, start, end, text)
        if (
            not why
            and bisect(licence, end + LICENCE_CHARS) - bisect(licence, start - LICENCE_CHARS) >= LICENCE_WORDS
        ):
            why = BOILERPLATE
        if why:
            yield why
            continue
        facts = sorted(_facts(text, vocabulary), key=lambda f: _weakness(f, vocabulary))
        yield Sentence(document, start, quote, text, tuple(facts)) if facts else NO_FACT


def _weakness(fact: Fact, vocabulary: Vocabulary) -> tuple[bool, int, int]:
    """Orders facts: words such as "two" last, else the rarest first and of those the longest."""
    return fact.text.islower(), vocabulary.rarity(fact.text), -len(fact.text)


def _reason_against(document: str, start: int, end: int, text: str) -> str:
    if not MIN_WORDS <= len(text.split()) <= MAX_WORDS:
        return LENGTH
    characters = text.replace(" ", "")
    letters = sum(c.isalpha() for c in characters) / len(characters)
    if _MARKUP.search(text) or letters < MIN_LETTERS or not text[0].isupper() or text[-1] not in ".!":
        return NOT_PROSE
    lines = _lines(document, start, end)
    longest = max(map(len, lines))
    if any(len(line) < MIN_LINE * longest for line in lines[:-1]):
        return LAYOUT
    return BOILERPLATE if _BOILERPLATE.search(text) else ""


def _lines(document: str, start: int, end: int) -> list[str]:
    """The whole lines that a sentence stands on."""
    first = document.rfind("\n", 0, start) + 1
    last = document.find("\n", end)
    return [line.strip() for line in document[first : last if last >= 0 else len(document)].split("\n")]


def _facts(text: str, vocabulary: Vocabulary) -> Iterator[Fact]:
    quantities = [f for f in _quantities(text) if not _PLACE.search(text[: f.start])]
    names = [f for f in _names(text, vocabulary) if not _overlaps(f, quantities)]
    for fact in (*quantities, *names):
        if _stands_alone(text, fact) and fact.text.lower() not in _WEAK:
            yield fact


def _quantities(text: str) -> Iterator[Fact]:
    """Numbers and dates; ``split_quantities`` gives their beginnings and blanks in their places."""
    places, rest = split_quantities(text)
    starts = [start for start, _ in places]
    for start, following in pairwise([*starts, len(text)]):
        end = next((i for i in range(start, following) if rest[i] != " "), following)
        words = text[start:end].strip()
        first = text.index(words, start)
        yield Fact(first, first + len(words), words, is_name=False)


def _names(text: str, vocabulary: Vocabulary) -> Iterator[Fact]:
    """Runs of capitalised words inside the sentence that have a name among them."""
    first = text.split(" ", 1)[0]
    for match in _NAME.finditer(text):
        start, words = match.start(), match[0].split()
        if start == len(first) + 1 and first.lower() not in _OPENING:
            continue  # the first word may be a part of the name
        while words and _is_emphasis(words[0], vocabulary):
            start += len(words.pop(0)) + 1
        while words and _is_emphasis(words[-1], vocabulary):
            words.pop()
        name = " ".join(words)
        if 0 < len(words) <= MAX_NAME_WORDS and len(name) > 1 and any(map(vocabulary.is_name, words)):
            yield Fact(start, start + len(name), name, is_name=True)


def _is_emphasis(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a word at the end of a run is none of a name: "SHOULD", "The"."""
    return word.lower() in _WEAK or (word.isupper() and not vocabulary.is_name(word))


def _overlaps(fact: Fact, others: Iterable[Fact]) -> bool:
    return any(fact.start < other.end and other.start < fact.end for other in others)


def _stands_alone(text: str, fact: Fact) -> bool:
    """Whether a fact is not a part of a word, a path, a version or a quotation, nor at the beginning."""
    before, after = text[: fact.start], text[fact.end :]
    if fact.is_name and re.search(r"\d $", before):
        return False  # a unit
    if fact.text.islower() and re.search(r"\b(?:the|these|those) $", before, re.IGNORECASE):
        return False  # "the two" are told before
    return bool(re.search(r"[\w,):] \(?$", before)) and bool(re.match(r"[,;:)]*[.!]?(?:\s|$)", after))
