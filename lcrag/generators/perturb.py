"""Any dataset, disturbed: questions, scans, documents, confusing facts and names."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.generators import perturbations as rules
from lcrag.generators.budget import check
from lcrag.generators.edits import Edit, Edited, apply
from lcrag.schema import Document, Question
from lcrag.tables import many

TITLE = "Perturbed questions"
Form = Literal[
    "baseline",
    "misspelled",
    "incomplete",
    "ocr",
    "missing",
    "irrelevant",
    "confusing_facts",
    "keyword_replacement",
]
UNANSWERABLE = ("missing", "irrelevant")
EMPTY = "(There is no document.)"


def perturb(
    dataset: Dataset,
    forms: tuple[Form, ...] = ("baseline", "misspelled", "incomplete", "ocr", "missing", "irrelevant"),
    ocr_rate: float = 0.05,
    confusing: int = 2,
    seed: int = 0,
) -> Dataset:
    """A dataset in several forms: FailSafeQA's (Kamble et al. 2025, arXiv 2502.06329) and LV-Eval's (arXiv 2402.05136).

    A question's id begins with its form, which is also its kind, so that robustness and grounding can be computed over
    the forms. Documents are disturbed before any index is built. Evidence is where it stands in the disturbed text.

    Args:
        dataset: What is disturbed.
        forms: ``baseline`` as it is; ``misspelled`` and ``incomplete`` (search words) questions; ``ocr`` disturbs
            characters of the documents; ``missing`` has no document and ``irrelevant`` another one, and should be
            declined; ``confusing_facts`` adds the evidence told of somebody else with another answer;
            ``keyword_replacement`` gives new names in questions, answers and documents, which no reader can know.
        ocr_rate: The share of characters that a scan disturbs, at most 0.1 in FailSafeQA.
        confusing: Confusing facts for each sentence of evidence.
        seed: Seeds the whole dataset.

    Raises:
        LcragError: a number is out of range, or there is no other document for ``irrelevant``.

    Differs from the paper: everything by rules. FailSafeQA's questions out of the domain and LV-Eval's facts were
    written by models and people; the first are left out, the second are told by swapping names and numbers.
    """
    check(TITLE, ("ocr_rate", ocr_rate, 0, 0.5), ("confusing", confusing, 1, 100))
    work = _Work(dataset, ocr_rate, confusing, seed)
    for form in forms:
        for question in dataset.questions:
            work.add(form, question)
    return work.result()


@dataclass
class _Work:
    """Collects disturbed questions; a document is disturbed once in each form."""

    dataset: Dataset
    ocr_rate: float
    confusing: int
    seed: int
    documents: dict[str, Document] = field(default_factory=dict)
    edited: dict[tuple[str, str], Edited] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    unconfused: int = 0

    def __post_init__(self) -> None:
        text = "\n".join(d.text for d in self.dataset.documents)
        self.swap = rules.keywords(self.dataset.questions, text, self.rng("keywords"))

    def rng(self, *what: str) -> random.Random:
        return random.Random("/".join([str(self.seed), "perturb", *what]))

    def add(self, form: Form, question: Question) -> None:
        """The question in this form, if it can have it."""
        if form in UNANSWERABLE and not question.answerable:
            return  # it is so already
        changed = replace(question, id=f"{form}-{question.id}", kind=form)
        changed = replace(changed, metadata={**question.metadata, "form": form, "record": question.id})
        if form == "misspelled":
            changed = replace(changed, text=rules.misspelled(question.text, self.rng(question.id)))
        elif form == "incomplete":
            changed = replace(changed, text=rules.incomplete(question.text))
        elif form == "keyword_replacement":
            changed = replace(
                changed,
                text=rules.replaced(question.text, self.swap),
                answers=tuple(rules.replaced(a, self.swap) for a in question.answers),
                choices=tuple(rules.replaced(c, self.swap) for c in question.choices),
            )
        elif form in UNANSWERABLE:
            task = question.task and replace(question.task, metric="refusal")
            changed = replace(changed, answers=(), evidence=(), choices=(), answerable=False, task=task)
        edits = self._edits(form)
        if form == "missing":
            ids = tuple(f"missing-{id}" for id in question.document_ids[:1])
            self.documents |= {id: Document(id, EMPTY) for id in ids}
            changed = replace(changed, document_ids=ids)
        elif form == "irrelevant":
            changed = replace(changed, document_ids=(self._other(question),))
        elif edits:
            documents = {id: self._edited(form, id, edits) for id in question.document_ids}
            self.documents |= {e.document.id: e.document for e in documents.values()}
            spans = tuple(documents[s.document_id].span(s) for s in question.evidence)
            changed = replace(
                changed, document_ids=tuple(e.document.id for e in documents.values()), evidence=spans
            )
        self.questions.append(changed)

    def _edits(self, form: Form) -> Callable[[Document], list[Edit]] | None:
        """What the form changes in documents."""
        if form == "ocr":
            return lambda d: rules.ocr_edits(d.text, self.ocr_rate, self.rng("ocr", d.id))
        if form == "keyword_replacement":
            return lambda d: rules.keyword_edits(d.text, self.swap)
        return self._confusing if form == "confusing_facts" else None

    def _edited(self, form: Form, id: str, edits: Callable[[Document], list[Edit]]) -> Edited:
        if (form, id) not in self.edited:
            document = self.dataset.document(id)
            self.edited[form, id] = apply(document, edits(document), f"{form}-{id}")
        return self.edited[form, id]

    def _confusing(self, document: Document) -> list[Edit]:
        """Facts on others at random places, for all questions on the document."""
        rng = self.rng("confusing", document.id)
        evidence = [
            (q, s) for q in self.dataset.questions for s in q.evidence if s.document_id == document.id
        ]
        facts = [rules.confusing_fact(q, s, rng) for q, s in evidence for _ in range(self.confusing)]
        self.unconfused += facts.count("") // self.confusing
        places = rules.gaps(document.text, [s for _, s in evidence])
        by_place: dict[int, str] = {}
        for fact in filter(None, facts):
            place = rng.choice(places)
            by_place[place] = by_place.get(place, "") + fact.strip() + " "
        return [Edit(place, place, text) for place, text in by_place.items()]

    def _other(self, question: Question) -> str:
        """A document that the question is not about."""
        others = [d.id for d in self.dataset.documents if d.id not in question.document_ids]
        if not others:
            raise LcragError(
                f"{TITLE}: {self.dataset.name} has no other document for {question.id!r}: leave 'irrelevant' out."
            )
        return self.rng("irrelevant", question.id).choice(others)

    def result(self) -> Dataset:
        """The disturbed dataset with the documents that it needs."""
        asked = {i for q in (*self.questions, *self.dataset.demonstrations) for i in q.document_ids}
        kept = [d for d in self.dataset.documents if d.id in asked]
        notices = list(self.dataset.notices)
        if self.unconfused:
            notices.append(
                f"{many(self.unconfused, 'piece')} of evidence in {self.dataset.name} name nobody of whom the question "
                "speaks: no confusing fact was made of them."
            )
        result = replace(
            self.dataset,
            name=f"{self.dataset.name}, perturbed",
            documents=(*kept, *self.documents.values()),
            questions=tuple(self.questions),
            notices=tuple(notices),
            benchmark="",
        )
        result.validate()
        return result
