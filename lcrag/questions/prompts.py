"""How a reader is asked for a question, and how its reply is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lcrag.datasets.evidence import locate
from lcrag.questions.excerpts import Excerpt
from lcrag.readers.base import Message, Request
from lcrag.schema import Document, Span
from lcrag.strategies.pieces.prompts import chat

MAX_TOKENS = 256  # of a reply
TEMPERATURE = 0.7  # for a further question on an excerpt that was used before
KINDS = ("location", "reasoning", "comparison", "aggregation", "hallucination")
_COPIED = "The answer is a name, a number, a date or a few words, copied from the text."
_TASKS = {
    "location": f"Write one question about one fact that the text states in one place. {_COPIED}",
    "reasoning": (
        "Write one question whose answer the text does not state in one sentence, but which follows from two of its "
        "facts: the second fact is about what the first one names. The answer is a name, a number, a date or a few "
        "words, or the sum or difference of two numbers of the text."
    ),
    "comparison": (
        "Write one question that compares two things of the text, one from each part, such as which of two is larger, "
        "earlier or more. The answer names one of them in the text's own words."
    ),
    "aggregation": (
        "Write one question that needs several facts of the text together: how many there are, their sum, or all of "
        "their names. The answer is a number or a list in the text's own words. Copy every one of the facts."
    ),
    "hallucination": (
        "Write one question that fits this text but that it does not answer, because what is asked about is not in the "
        "text at all: a person, product, place, event or figure of which the text does not say a word. Do not say in "
        "the question that it is missing."
    ),
}
_RULES = (
    "The question is understood without seeing the text: it names who or what it is about and does not speak of "
    "'the text' or 'the passage'. Use the language of the text."
)
_BRIDGES = (
    "The Kestrel Bridge opened to traffic in May 1931. Ida Voss was the bridge's architect. Ida Voss led the railway "
    "office from 1922 to 1931. The Kestrel Bridge is 210 metres long.",
    "The Mill Bridge spans 340 metres.",
)
DEMONSTRATION_NAMES = ("kestrel", "voss", "mill bridge")  # a weak model may copy them
_LENGTHS = "Evidence: The Kestrel Bridge is 210 metres long.\nEvidence: The Mill Bridge spans 340 metres."
_EXAMPLES = {  # replies on the text above, in an earlier turn: small models copy what stands beside the task
    "location": (
        "Question: When did the Kestrel Bridge open?\nAnswer: 1931\n"
        "Evidence: The Kestrel Bridge opened to traffic in May 1931."
    ),
    "reasoning": (
        "Question: For how many years did the architect of the Kestrel Bridge lead the railway office?\n"
        "Answer: 9 years\nEvidence: Ida Voss was the bridge's architect.\n"
        "Evidence: Ida Voss led the railway office from 1922 to 1931."
    ),
    "comparison": (
        "Question: Which is longer, the Kestrel Bridge or the Mill Bridge?\nAnswer: the Mill Bridge\n"
        + _LENGTHS
    ),
    "aggregation": (
        "Question: How long are the Kestrel Bridge and the Mill Bridge together?\nAnswer: 550 metres\n"
        + _LENGTHS
    ),
    "hallucination": "Question: How many lanterns hang on the Kestrel Bridge?\nEntity: lanterns",
}
_FORMS = {
    True: (
        "Reply with lines that begin with Question:, Answer: and Evidence:. An Evidence line is a sentence of the "
        "text, copied word for word; write one for each that the answer needs."
    ),
    False: (
        "Reply with lines that begin with Question: and Entity:. The Entity line repeats the words of the question "
        "that name what the text does not have."
    ),
}
_LABEL = re.compile(r"^[\s*#>-]*(question|answer|evidence|entity)\b[\s\d*]*:[\s*]*(.*)$", re.IGNORECASE)
_QUOTES = "\"'`\u201c\u201d\u2018\u2019 "


@dataclass(frozen=True)
class Candidate:
    """A question as a reader wrote it, before any check.

    Attributes:
        kind: One of ``KINDS``.
        document: What it is about.
        question: Its text.
        answer: The answer; empty for ``hallucination``.
        quotes: The evidence as the reader copied it.
        entity: For ``hallucination``, what is asked about that the document does not have.
    """

    kind: str
    document: Document
    question: str
    answer: str = ""
    quotes: tuple[str, ...] = ()
    entity: str = ""

    @property
    def answerable(self) -> bool:
        """Whether the document is to answer it."""
        return self.kind != "hallucination"

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The quotes that are in the document, in its wording, without duplicates."""
        places = (locate(self.document, quote) for quote in self.quotes)
        return tuple(dict.fromkeys(span for span in places if span))


def question_request(excerpt: Excerpt, kind: str, seed: int) -> Request:
    """The request for a question of a kind, after one demonstration on another text."""
    parts = _BRIDGES if len(excerpt.parts) > 1 else (" ".join(_BRIDGES),)
    return Request(
        (
            *chat(_task(parts, kind), "You write questions that test how well a text is read."),
            Message("assistant", _EXAMPLES[kind]),
            Message("user", _task(excerpt.parts, kind)),
        ),
        MAX_TOKENS,
        TEMPERATURE if excerpt.turn else 0.0,
        seed + excerpt.turn,
        prefix_chars=len(_task(parts, kind)),  # the demonstration, which all requests of a kind share
        cache_salt="questions",
        begin=("Question:",),
    )


def _task(parts: Sequence[str], kind: str) -> str:
    text = f"Text:\n{parts[0]}\n\n" if len(parts) == 1 else ""
    text = text or "".join(f"Part {i}:\n{part}\n\n" for i, part in enumerate(parts, start=1))
    return f"{text}{_TASKS[kind]}\n{_RULES}\n{_FORMS[kind != 'hallucination']}"


def candidate_of(reply: str, kind: str, document: Document) -> Candidate | None:
    """The question in a reply; ``None`` where the reply does not have the form."""
    lines: list[list[str]] = []
    for line in reply.splitlines():
        label = _LABEL.match(line)
        if label and label[1].lower() == "question" and lines:
            break
        if label:
            lines.append([label[1].lower(), label[2]])
        elif lines and line.strip():
            lines[-1][1] += " " + line.strip()
    values = [(label, text.strip().strip(_QUOTES)) for label, text in lines]
    of = {
        label: [t for name, t in values if name == label and t] for label in ("answer", "evidence", "entity")
    }
    question = next((t for name, t in values if name == "question"), "")
    needed = ("answer", "evidence") if kind != "hallucination" else ("entity",)
    if not question or not all(of[name] for name in needed):
        return None
    if kind == "hallucination":
        return Candidate(kind, document, question, entity=of["entity"][0])
    return Candidate(kind, document, question, of["answer"][0], tuple(of["evidence"]))
