"""Rules that disturb a question or a text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from lcrag.generators import words
from lcrag.generators.edits import Edit
from lcrag.schema import Question, Span

MISSPELLINGS = {
    "split": 31.7,
    "segment": 25.5,
    "real_word": 23.2,
    "typo": 19.6,
}  # shares in FailSafeQA, in per cent
WORDS_PER_MISSPELLING = 6
REAL_WORDS = dict(
    pair
    for a, b in (
        ("form", "from"), ("than", "then"), ("there", "their"), ("which", "witch"), ("whose", "who's"), ("was", "saw"),
        ("year", "years"), ("quarter", "quart"), ("how", "who"), ("where", "were"), ("what", "want"), ("much", "must"),
        ("many", "may"), ("the", "they"), ("for", "four"), ("by", "buy"), ("its", "it's"), ("of", "off"), ("in", "inn"),
        ("to", "too"), ("is", "his"), ("are", "art"), ("when", "went"), ("did", "dig"), ("has", "had"),
    )
    for pair in ((a, b), (b, a))
)  # fmt: skip
STOP_WORDS = frozenset(
    """a an the is are was were be been being do does did has have had of in on at to for from by with and or that this
    these those it its as what which who whom whose when where why how there can could would should will may might
    please according given text document following""".split()  # noqa: SIM905
)
LOOKALIKES = {
    "0": "O", "O": "0", "1": "l", "l": "1", "I": "l", "5": "S", "S": "5", "8": "B", "B": "8", "e": "c", "c": "e",
    "a": "o", "o": "a", "u": "v", "v": "u", "n": "h", "h": "n", "m": "rn", "i": "j", "t": "f", "g": "q",
}  # fmt: skip


def misspelled(text: str, rng: random.Random) -> str:
    """The question with a misspelling in every sixth word: split, joined to the next, another word, or a typo.

    Names, numbers and words in quotes stay.
    """
    tokens = text.split(" ")
    plain = [i for i, token in enumerate(tokens) if re.fullmatch(r"[a-z]{3,}[?.,]?", token)]
    wanted = min(len(plain), -(-len(tokens) // WORDS_PER_MISSPELLING))
    for i in sorted(rng.sample(plain, wanted), reverse=True):
        (kind,) = rng.choices([*MISSPELLINGS], [*MISSPELLINGS.values()])
        if kind == "segment" and i + 1 in plain:
            tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
        elif kind == "split" and len(tokens[i]) > 4:
            at = rng.randrange(2, len(tokens[i]) - 1)
            tokens[i] = f"{tokens[i][:at]} {tokens[i][at:]}"
        elif kind == "real_word" and tokens[i] in REAL_WORDS:
            tokens[i] = REAL_WORDS[tokens[i]]
        else:
            at = rng.randrange(len(tokens[i]) - 2) if len(tokens[i]) > 3 else 0
            tokens[i] = tokens[i][:at] + tokens[i][at + 1] + tokens[i][at] + tokens[i][at + 2 :]
    return " ".join(tokens)


def incomplete(text: str) -> str:
    """The words that one would type into a search box; the question itself where nothing would be left."""
    kept = [w for w in text.split() if w.lower().strip("?.,!;:\"'") not in STOP_WORDS]
    return " ".join(kept).rstrip("?.! ") or text


def ocr_edits(text: str, rate: float, rng: random.Random) -> list[Edit]:
    """Characters dropped, doubled or taken for others, as a bad scan has them; white space stays."""
    edits = []
    for match in re.finditer(r"\S", text):
        if rng.random() < rate:
            i, letter = match.start(), match[0]
            wrong = LOOKALIKES.get(letter) or rng.choice("abcdefghijklmnopqrstuvwxyz")
            edits.append(Edit(i, i + 1, rng.choice(("", letter + letter, wrong))))
    return edits


def confusing_fact(question: Question, span: Span, rng: random.Random) -> str:
    """The evidence about somebody else and with another answer; empty where it does not say whom it is about."""
    names = _names(question.text) & _names(span.text)
    if not names:
        return ""
    swap = {name: words.word(rng).capitalize() for name in sorted(names)}
    for answer in question.answers:
        for part in _names(answer) & _names(span.text):
            swap[part] = words.word(rng).capitalize()
    text = re.sub(r"\d+", lambda m: _other_number(m[0], rng), span.text)
    return replaced(text, swap)


def keywords(questions: Iterable[Question], text: str, rng: random.Random) -> dict[str, str]:
    """New words for the names in questions and answers that the text has within its sentences."""
    names = {n for q in questions for part in (q.text, *q.answers) for n in _names(part)}
    inside = set(re.findall(r"(?<=[a-z,;] )[A-Z]\w{3,}", text))
    fresh: dict[str, str] = {}
    for name in sorted(names & inside):
        word = words.word(rng).capitalize()
        while word in fresh.values() or word in text:
            word = words.word(rng).capitalize()
        fresh[name] = word
    return fresh


def keyword_edits(text: str, swap: dict[str, str]) -> list[Edit]:
    """Each keyword as a whole word."""
    return [Edit(*m.span(), swap[m[0]]) for m in _pattern(swap).finditer(text)] if swap else []


def replaced(text: str, swap: dict[str, str]) -> str:
    """The text with new words for its keywords."""
    return _pattern(swap).sub(lambda m: swap[m[0]], text) if swap else text


def gaps(text: str, spans: Iterable[Span]) -> list[int]:
    """Where a sentence can be inserted: after a sentence or a line, not within the evidence."""
    places = [m.end() for m in re.finditer(r"(?<=[a-z0-9)]\.) |\n+", text)]
    inside = sorted((span.start, span.end) for span in spans)
    return [p for p in places if not any(a < p < b for a, b in inside)] or [len(text)]


def _names(text: str) -> set[str]:
    """Capitalised words of four letters and more that do not begin the text."""
    return set(re.findall(r"(?<=\W)[A-Z]\w{3,}", text)) | set(re.findall(r"^[A-Z]\w{3,}(?= [A-Z]|$)", text))


def _other_number(number: str, rng: random.Random) -> str:
    """Another number of as many digits; years stay in their century."""
    keep = 2 if len(number) == 4 and number[:2] in ("19", "20") else 0
    while True:
        digits = "".join(rng.choices("123456789", k=len(number) - keep))
        if number[:keep] + digits != number:
            return number[:keep] + digits


def _pattern(swap: dict[str, str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(swap, key=len, reverse=True)))})\b")
