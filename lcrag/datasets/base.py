"""Documents and the questions on them."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from lcrag.datasets.frames import documents_of, questions_of_table
from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, did_you_mean
from lcrag.schema import Document, Question
from lcrag.tables import many

MAX_CHOICES = 10  # A to J


@dataclass(frozen=True)
class Dataset:
    """Documents and questions under a name.

    Half of a surrogate pair, which no file in UTF-8 can hold, becomes U+FFFD.

    Attributes:
        name: The name in results and messages.
        documents: All documents that the questions are about.
        questions: The questions under test.
        demonstrations: Questions with answers that are not under test; strategies may show them in a prompt.
        notices: What was changed when the data was read, in sentences.
        benchmark: The name of the benchmark that it is, whose averages and published figures a run then shows.
    """

    name: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    demonstrations: tuple[Question, ...] = ()
    notices: tuple[str, ...] = ()
    benchmark: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", whole(self.name))
        for name in ("documents", "questions", "demonstrations"):
            given = getattr(self, name)
            cleaned = type(given)(map(whole, given))
            changed = [new.id for new, old in zip(cleaned, given, strict=True) if new is not old]
            if changed:
                object.__setattr__(self, name, cleaned)
                kind = many(len(changed), name.removesuffix("s"))
                notice = f"Half a surrogate pair is read as U+FFFD in {kind} of {self.name}, first in {changed[0]!r}."
                object.__setattr__(self, "notices", (*self.notices, notice))

    @classmethod
    def from_pandas(
        cls, questions: Any, documents: Any, *, name: str = "dataset", demonstrations: Any = None
    ) -> Dataset:
        """Questions of a DataFrame, with the columns of ``load_files``.

        Args:
            questions: The questions; anything with ``to_pandas`` is as good as a DataFrame.
            documents: A folder, texts by id, a table with the columns ``id`` and ``text``, or documents.
            name: The name in results and messages.
            demonstrations: A table of questions that are not under test.

        Raises:
            LcragError: something is wrong; the message names the table and the row, counted from 0.
        """
        texts, notices = documents_of(documents)
        by_id, made = {d.id: d for d in texts}, Counter[str]()
        tables = {"questions": questions, "demonstrations": demonstrations}
        asked, demonstrated = (
            () if table is None else questions_of_table(table, by_id, made, key)
            for key, table in tables.items()
        )
        dataset = cls(name, texts, asked, demonstrated, notices)
        dataset.validate()
        return dataset

    @classmethod
    def from_hf(cls, dataset: Any, documents: Any, *, name: str = "", demonstrations: Any = None) -> Dataset:
        """Questions of one split of a Hugging Face ``datasets.Dataset``; see ``from_pandas``.

        Args:
            dataset: The questions.
            documents: As in ``from_pandas``; another ``datasets.Dataset`` is a table, too.
            name: The name in results and messages; by default that of the data set's builder.
            demonstrations: Another split, whose questions are not under test.
        """
        builder = getattr(getattr(dataset, "info", None), "builder_name", None)
        return cls.from_pandas(
            dataset, documents, name=name or builder or "dataset", demonstrations=demonstrations
        )

    @cached_property
    def _by_id(self) -> dict[str, Document]:
        return {d.id: d for d in self.documents}

    def document(self, id: str) -> Document:
        """The document with this id.

        Raises:
            LcragError: there is none; the message names the most similar id.
        """
        if id not in self._by_id:
            hint = did_you_mean(id, self._by_id, cutoff=0)
            raise LcragError(f"There is no document {id!r} in {self.name}; {hint}")
        return self._by_id[id]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all content, hexadecimal."""
        content = [[asdict(d) for d in self.documents], [q.asked() for q in self.questions]]
        if self.demonstrations:
            content.append([q.asked() for q in self.demonstrations])
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    def take(self, questions: int | None = None, seed: int = 0, demonstrations: int = 0) -> Dataset:
        """A sample of the questions, balanced over kinds and spread over documents, with the documents they need.

        Args:
            questions: How many; ``None`` for all but the demonstrations.
            seed: Seeds the choice; with the same seed a larger sample contains a smaller one.
            demonstrations: How many questions are set aside first, the same for every size of the sample.

        Raises:
            LcragError: more demonstrations than questions that have an answer.
        """
        rng = random.Random(seed)
        pool = list(self.questions)
        rng.shuffle(pool)
        with_answers = [q for q in reversed(pool) if q.answers or not q.answerable]
        if demonstrations > len(with_answers):
            raise LcragError(
                f"{demonstrations} demonstrations are wanted, but {self.name} has only {len(with_answers)} "
                "questions with answers: lower 'demonstrations'."
            )
        demonstrated = _balanced(with_answers, demonstrations)
        pool = [q for q in pool if q not in demonstrated]
        sampled_ids = {q.id for q in _balanced(pool, len(pool) if questions is None else questions)}
        sample = tuple(q for q in self.questions if q.id in sampled_ids)
        needed = {i for q in (*sample, *self.demonstrations, *demonstrated) for i in q.document_ids}
        return replace(
            self,
            documents=tuple(d for d in self.documents if d.id in needed),
            questions=sample,
            demonstrations=(*self.demonstrations, *demonstrated),
        )

    def validate(self) -> None:
        """Check documents and questions before a run starts.

        Raises:
            LcragError: a duplicate id, an empty document, an unknown document id, too many choices, or evidence
                whose text is not in its document at the given place.
        """
        for plural, ids in (
            ("documents", [d.id for d in self.documents]),
            ("questions", [q.id for q in (*self.questions, *self.demonstrations)]),
        ):
            duplicates = [i for i, n in Counter(ids).items() if n > 1]
            if duplicates:
                raise LcragError(
                    f"Two {plural} of {self.name} have the id {duplicates[0]!r}: ids must differ."
                )
        for document in self.documents:
            if not document.text.strip():
                raise LcragError(f"The document {document.id!r} of {self.name} is empty: fill or remove it.")
        for question in (*self.questions, *self.demonstrations):
            for id in question.document_ids:
                try:
                    self.document(id)
                except LcragError as error:
                    raise LcragError(f"Question {question.id!r}: {error}") from error
            if len(question.choices) > MAX_CHOICES:
                raise LcragError(
                    f"Question {question.id!r} has {len(question.choices)} choices, at most {MAX_CHOICES} are possible."
                )
            for span in question.evidence:
                if self.document(span.document_id).text[span.start : span.end] != span.text:
                    raise LcragError(
                        f"Question {question.id!r}: its evidence is not the text at {span.start}-{span.end} "
                        f"of {span.document_id!r}."
                    )


def _balanced(pool: Sequence[Question], count: int) -> list[Question]:
    """``count`` questions; each next one is of the rarest kind so far, then about the rarest document."""
    remaining, sample = list(pool), list[Question]()
    kinds: Counter[str] = Counter()
    documents: Counter[tuple[str, ...]] = Counter()
    while remaining and len(sample) < count:
        best = min(remaining, key=lambda q: (kinds[q.kind], documents[q.document_ids]))
        remaining.remove(best)
        sample.append(best)
        kinds[best.kind] += 1
        documents[best.document_ids] += 1
    return sample
