"""Documents and the questions on them."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from functools import cached_property

from lcrag.errors import LcragError
from lcrag.schema import Document, Question

MOST_CHOICES = 10  # A to J


@dataclass(frozen=True)
class Dataset:
    """Documents and questions under a name.

    ``demonstrations`` are questions with their answers that are not under test; strategies may show them.
    """

    name: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    demonstrations: tuple[Question, ...] = ()

    @cached_property
    def _by_id(self) -> dict[str, Document]:
        return {d.id: d for d in self.documents}

    def document(self, id: str) -> Document:
        """The document of that id.

        Raises:
            LcragError: there is none; names the nearest.
        """
        if id not in self._by_id:
            near = get_close_matches(id, list(self._by_id), n=1, cutoff=0)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise LcragError(f"There is no document {id!r} in {self.name}{hint}")
        return self._by_id[id]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all content, hexadecimal."""
        content = [[asdict(d) for d in self.documents], [asdict(q) for q in self.questions]]
        if self.demonstrations:
            content.append([asdict(q) for q in self.demonstrations])
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    def take(self, questions: int | None = None, seed: int = 0, demonstrations: int = 0) -> Dataset:
        """That many questions, balanced over kinds and spread over documents, with the documents they need.

        Args:
            questions: how many; ``None`` for all but the demonstrations.
            seed: of the choice; a larger number of questions contains a smaller one's.
            demonstrations: questions set aside first; the same for every number of questions.

        Raises:
            LcragError: more demonstrations than questions that have an answer.
        """
        rng = random.Random(seed)
        pool = list(self.questions)
        rng.shuffle(pool)
        able = [q for q in reversed(pool) if q.answers or not q.answerable]
        if demonstrations > len(able):
            raise LcragError(f"{self.name} has no {demonstrations} questions with answers to demonstrate.")
        shown = _balanced(able, demonstrations)
        pool = [q for q in pool if q not in shown]
        chosen = _balanced(pool, len(pool) if questions is None else questions)
        ids = {q.id for q in chosen}
        kept = tuple(q for q in self.questions if q.id in ids)
        needed = {i for q in (*kept, *shown) for i in q.document_ids}
        return replace(
            self,
            documents=tuple(d for d in self.documents if d.id in needed),
            questions=kept,
            demonstrations=(*self.demonstrations, *shown),
        )

    def validate(self) -> None:
        """Find what would go wrong later.

        Raises:
            LcragError: a duplicate id, an empty document, an unknown document, too many choices, a misplaced
                evidence span.
        """
        for what, ids in (
            ("documents", [d.id for d in self.documents]),
            ("questions", [q.id for q in (*self.questions, *self.demonstrations)]),
        ):
            twice = [i for i, n in Counter(ids).items() if n > 1]
            if twice:
                raise LcragError(f"Two {what} of {self.name} have the id {twice[0]!r}: ids must differ.")
        for document in self.documents:
            if not document.text.strip():
                raise LcragError(f"The document {document.id!r} of {self.name} is empty: fill or remove it.")
        for question in (*self.questions, *self.demonstrations):
            for id in question.document_ids:
                try:
                    self.document(id)
                except LcragError as error:
                    raise LcragError(f"Question {question.id!r}: {error}") from error
            if len(question.choices) > MOST_CHOICES:
                given = len(question.choices)
                raise LcragError(
                    f"Question {question.id!r} has {given} choices, at most {MOST_CHOICES} are possible."
                )
            for span in question.evidence:
                if self.document(span.document_id).text[span.start : span.end] != span.text:
                    raise LcragError(
                        f"Question {question.id!r}: its evidence does not stand at {span.start}-{span.end} "
                        f"of {span.document_id!r}."
                    )


def _balanced(pool: Sequence[Question], count: int) -> list[Question]:
    """That many of the pool: next is always one of the rarest kind so far, then of the rarest document."""
    left, chosen = list(pool), list[Question]()
    kinds: Counter[str] = Counter()
    documents: Counter[tuple[str, ...]] = Counter()
    while left and len(chosen) < count:
        best = min(left, key=lambda q: (kinds[q.kind], documents[q.document_ids]))
        left.remove(best)
        chosen.append(best)
        kinds[best.kind] += 1
        documents[best.document_ids] += 1
    return chosen
