"""Two-hop questions over short invented profiles: the first fact names the person whom the second is about."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from lcrag.datasets import report_prose as prose
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Document, Question, Span

Domain = Literal["companies", "music"]
INSTRUMENTS = (
    "cello", "oboe", "harp", "trumpet", "viola", "flute", "bassoon", "organ", "clarinet", "trombone", "guitar", "lute",
    "tuba", "piano", "violin", "horn", "saxophone", "mandolin", "harpsichord", "accordion",
)  # fmt: skip


@dataclass(frozen=True)
class _Wording:
    """How a domain states its two facts and asks for them.

    {s} is the subject of the question, {p} the person whom the first fact names, {v} the value of the second fact.
    ``questions`` has one template for one hop and one for two.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    questions: tuple[str, str]


WORDINGS: dict[str, _Wording] = {
    "companies": _Wording(
        ("The chief executive of {s} is {p}.", "{s} is led by its chief executive {p}."),
        ("{p} was born in {v}.", "The city where {p} was born is {v}."),
        ("Who is the chief executive of {s}?", "In which city was the chief executive of {s} born?"),
    ),
    "music": _Wording(
        ("The teacher of {s} is {p}.", "{s} took lessons with a teacher named {p}."),
        ("{p} plays the {v}.", "The instrument that {p} plays is the {v}."),
        ("Who is the teacher of {s}?", "Which instrument does the teacher of {s} play?"),
    ),
}


def generate_multi_hop(
    domain: Domain = "companies",
    hops: Literal[1, 2] = 2,
    documents: int = 4,
    questions_per_document: int = 4,
    profiles: int = 6,
    filler: int = 1,
    seed: int = 0,
    demonstrations: int = 0,
) -> Dataset:
    """Documents of short paragraphs, with questions that need the facts of two paragraphs.

    A question names a company (or a pupil). One paragraph says who leads the company (who teaches the pupil), another
    says where that person was born (which instrument that person plays). No paragraph has both facts, and no two
    questions of a document have the same answer. The same arguments give the same dataset.

    Args:
        domain: ``companies`` or ``music``.
        hops: 2, or 1 to ask only for the person, on the same texts.
        documents: How many documents.
        questions_per_document: How many questions per document, at most ``profiles``.
        profiles: Pairs of paragraphs in each document, at most 20.
        filler: Sentences without a fact in each paragraph.
        seed: Seeds the whole dataset.
        demonstrations: How many questions are demonstrations, on documents of their own.

    Raises:
        LcragError: an unknown domain or a number out of range.
    """
    if domain not in WORDINGS:
        raise LcragError(f"Multi-hop questions: unknown domain {domain!r}; known are: {', '.join(WORDINGS)}.")
    for key, value, minimum, maximum in (
        ("hops", hops, 1, 2),
        ("documents", documents, 1, 10_000),
        ("profiles", profiles, 1, len(INSTRUMENTS)),
        ("questions_per_document", questions_per_document, 0, profiles),
        ("filler", filler, 0, 100),
        ("demonstrations", demonstrations, 0, 10_000),
    ):
        if not minimum <= value <= maximum:
            raise LcragError(
                f"Multi-hop questions: {key!r} is {value}, but must be from {minimum} to {maximum}."
            )
    texts: list[Document] = []
    tested: list[Question] = []
    for i in range(documents):
        rng = random.Random(f"{seed}/{domain}/{i}")
        text, questions = _collection(domain, hops, f"{domain}-{i + 1}", profiles, filler, rng)
        texts.append(text)
        tested += questions[:questions_per_document]
    demonstrated: list[Question] = []
    for i in range(-(-demonstrations // profiles)):
        rng = random.Random(f"{seed}/{domain}/shown/{i}")
        text, questions = _collection(domain, hops, f"{domain}-shown-{i + 1}", profiles, filler, rng)
        texts.append(text)
        demonstrated += questions
    return Dataset(f"{domain}_{hops}_hop", tuple(texts), tuple(tested), tuple(demonstrated[:demonstrations]))


def _collection(
    domain: Domain, hops: int, id: str, profiles: int, filler: int, rng: random.Random
) -> tuple[Document, list[Question]]:
    """One document of ``2 * profiles`` paragraphs, and a question for each profile."""
    wording = WORDINGS[domain]
    names = prose.people(rng, 2 * profiles)
    people = names[:profiles]
    subjects = prose.companies(rng, profiles) if domain == "companies" else names[profiles:]
    values = rng.sample(prose.CITIES if domain == "companies" else INSTRUMENTS, profiles)
    facts: list[tuple[int, int, str]] = []  # (question, hop, sentence)
    for i, (subject, person, value) in enumerate(zip(subjects, people, values, strict=True)):
        facts.append((i, 0, rng.choice(wording.first).format(s=subject, p=person)))
        facts.append((i, 1, rng.choice(wording.second).format(p=person, v=value)))
    rng.shuffle(facts)
    pieces, length, spans = list[str](), 0, dict[tuple[int, int], Span]()
    for i, hop, sentence in facts:
        paragraph = " ".join([sentence, *(prose.filler(rng) for _ in range(filler))]) + "\n\n"
        spans[i, hop] = Span(id, length, length + len(sentence), sentence)
        pieces.append(paragraph)
        length += len(paragraph)
    questions = [
        Question(
            id=f"{id}-h{hops}-q{i + 1}",
            text=wording.questions[hops - 1].format(s=subject),
            document_ids=(id,),
            answers=(value if hops == 2 else person,),
            kind=f"{domain}, {hops} hop{'s' * (hops > 1)}",
            evidence=tuple(spans[i, hop] for hop in range(hops)),
            metadata={"hops": hops, "bridge": person},
        )
        for i, (subject, person, value) in enumerate(zip(subjects, people, values, strict=True))
    ]
    return Document(id, "".join(pieces), {"domain": domain}), questions
