"""RULER's two tasks of question answering, on invented companies."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lcrag.datasets.report_prose import CITIES, filler
from lcrag.generators import words
from lcrag.generators.budget import Count, fit
from lcrag.generators.drafts import Draft, Part
from lcrag.generators.page import Different, Page, Supply
from lcrag.schema import Task

TEMPLATE = (
    "Answer the question based on the given documents. Only give me the answer and do not output any other words.\n\n"
    "The following are given documents.\n\n{context}\n\nAnswer the question based on the given documents. Only give me "
    "the answer and do not output any other words.\n\nQuestion: {question} Answer:"
)
SIBLINGS = 4  # other documents on the same company, as RULER has the other paragraphs of the same article
TOPICS = ("supplier", "auditor", "landlord", "main rival", "bank", "insurer")
GOLD = 0  # the number of the document that answers; the second hop has the next number


@dataclass(frozen=True)
class Passage:
    """Sentences, of which the first is the fact."""

    fact: str
    filler: tuple[str, ...]


def make(name: str, id: str, length: int, rng: random.Random, count: Count) -> Part:
    """Documents of which one (``qa_1``) or two (``qa_2``) answer the question."""
    names = Different(lambda: f"{words.word(rng).capitalize()} {words.word(rng).capitalize()}")
    company, head, person = names.first(3)
    city = rng.choice(CITIES)
    facts = [f"{company} is led by its chief executive {head}."]
    if name == "qa_2":
        facts.append(f"{head} was born in {city}.")
    gold = len(facts)
    facts += [f"The {topic} of {company} is {names.draw()}." for topic in TOPICS[:SIBLINGS]]
    facts.append(f"{person} was born in {rng.choice([c for c in CITIES if c != city])}.")

    def other() -> str:
        if rng.random() < 0.5:
            return f"{names.draw()} is led by its chief executive {names.draw()}."
        return f"{names.draw()} was born in {rng.choice(CITIES)}."

    def passage(fact: str) -> Passage:
        return Passage(fact, tuple(filler(rng) for _ in range(3)))

    fixed = [passage(fact) for fact in facts]
    others = Supply(lambda: passage(other()))
    order = rng.getrandbits(64)
    if name == "qa_1":
        text, answer = f"Who is the chief executive of {company}?", head
    else:
        text, answer = f"In which city was the chief executive of {company} born?", city
    task = Task(
        name,
        instruction="Only give me the answer and do not output any other words.",
        max_tokens=32,
        template=TEMPLATE,
        cleaning=("control_characters",),
        metric="string_match_any",
        average=("task",),
    )
    draft = Draft(text, task, (answer,), tuple(range(gold)), metadata={"length": length, "hops": gold})
    page = fit(
        lambda n: documents(fixed, others.first(n // 4 + 1), n % 4, order),
        length - draft.overhead(count),
        count,
        f"RULER, {name}",
    )
    return Part(id, page, (draft,))


def documents(fixed: list[Passage], others: list[Passage], sentences: int, order: int) -> Page:
    """All documents in random order, numbered; the newest of the others has so many of its sentences."""
    *whole, newest = others
    cut = Passage(newest.fact, newest.filler[: max(sentences - 1, 0)])
    passages = [*enumerate(fixed), *((None, p) for p in (*whole, *([cut] if sentences else [])))]
    keys = random.Random(order)
    weighted = sorted(((keys.random(), i) for i in range(len(passages))), key=lambda pair: pair[0])
    page = Page()
    for number, (_, i) in enumerate(weighted, 1):
        name, passage = passages[i]
        page.write(f"Document {number}:\n")
        page.write(passage.fact, name, after="".join(f" {s}" for s in passage.filler))
        page.write("\n\n" if number < len(passages) else "")
    return page
