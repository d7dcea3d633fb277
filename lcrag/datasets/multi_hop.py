"""Questions of two hops over short made-up profiles: the first fact names who the second one is about."""

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
    """How a domain says its two facts, and how it asks: {s} leads to {p}, {p} to {v}; ``asks`` by number of hops."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    asks: tuple[str, str]


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
    """Collections of profiles, a paragraph each, and a question for each pair of them that hangs together.

    A question names a company (or a pupil); one paragraph says who leads it (who teaches), another one says where
    that person was born (what that person plays). No paragraph has both, and each answer belongs to one question of
    its document. The same arguments give the same data set.

    Args:
        domain: ``companies`` or ``music``.
        hops: 2, or 1 to ask for the person alone, on the same texts.
        documents: how many collections.
        questions_per_document: at most ``profiles``.
        profiles: pairs of paragraphs in each collection, at most 20.
        filler: sentences without a fact in each paragraph.
        seed: of everything.
        demonstrations: questions to be shown as examples, on one more collection for every ``profiles`` of them.

    Raises:
        LcragError: an unknown domain or a number out of range.
    """
    if domain not in WORDINGS:
        raise LcragError(f"Multi-hop questions: unknown domain {domain!r}; known are: {', '.join(WORDINGS)}.")
    for key, value, least, most in (
        ("hops", hops, 1, 2),
        ("documents", documents, 1, 10_000),
        ("profiles", profiles, 1, len(INSTRUMENTS)),
        ("questions_per_document", questions_per_document, 0, profiles),
        ("filler", filler, 0, 100),
        ("demonstrations", demonstrations, 0, 10_000),
    ):
        if not least <= value <= most:
            raise LcragError(f"Multi-hop questions: {key!r} is {value}, but must be from {least} to {most}.")
    texts: list[Document] = []
    asked: list[Question] = []
    for i in range(documents):
        rng = random.Random(f"{seed}/{domain}/{i}")
        text, questions = _collection(domain, hops, f"{domain}-{i + 1}", profiles, filler, rng)
        texts.append(text)
        asked += questions[:questions_per_document]
    shown: list[Question] = []
    for i in range(-(-demonstrations // profiles)):
        rng = random.Random(f"{seed}/{domain}/shown/{i}")
        text, questions = _collection(domain, hops, f"{domain}-shown-{i + 1}", profiles, filler, rng)
        texts.append(text)
        shown += questions
    return Dataset(f"{domain}_{hops}_hop", tuple(texts), tuple(asked), tuple(shown[:demonstrations]))


def _collection(
    domain: Domain, hops: int, id: str, profiles: int, filler: int, rng: random.Random
) -> tuple[Document, list[Question]]:
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
            text=wording.asks[hops - 1].format(s=subject),
            document_ids=(id,),
            answers=(value if hops == 2 else person,),
            kind=f"{domain}, {hops} hop{'s' * (hops > 1)}",
            evidence=tuple(spans[i, hop] for hop in range(hops)),
            metadata={"hops": hops, "bridge": person},
        )
        for i, (subject, person, value) in enumerate(zip(subjects, people, values, strict=True))
    ]
    return Document(id, "".join(pieces), {"domain": domain}), questions
