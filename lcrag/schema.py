"""What flows through lcrag: documents, questions, answers, and one flat row for each.

Nothing here imports the rest of the toolkit but its error, the ledger and the task, which are re-exported like
``Passage`` of ``retrievers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from lcrag.errors import LcragError
from lcrag.ledger import MODEL_ROLES, READER_ROLES, ROLES, Ledger, Role, Usage
from lcrag.task import Task
from retrievers.passage import Passage

__all__ = [
    "MODEL_ROLES",
    "READER_ROLES",
    "ROLES",
    "Answer",
    "Document",
    "Ledger",
    "Outcome",
    "Passage",
    "Question",
    "Role",
    "Span",
    "Step",
    "Task",
    "Usage",
]


@dataclass(frozen=True, slots=True)
class Document:
    """One text that questions are asked about."""

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """Where the gold evidence stands: ``document.text[start:end] == text``."""

    document_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one or several documents.

    ``kind`` is the task, in LaRA's terms (arXiv 2502.09977): location, reasoning, comparison,
    hallucination (not answerable from the text), or any label of the user's own.
    ``answers`` are alternatives: an answer is right when it matches any of them. One text is one answer, and one
    document's id may stand for a tuple of one.
    ``metadata`` may hold ``date`` (ISO 8601) for time-aware memory.
    ``task`` is how its benchmark asks and scores it.

    Raises:
        LcragError: the choices are one text.
    """

    id: str
    text: str
    document_ids: tuple[str, ...]
    answers: tuple[str, ...] = ()
    kind: str = ""
    choices: tuple[str, ...] = ()
    evidence: tuple[Span, ...] = ()
    answerable: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    task: Task | None = None

    def __post_init__(self) -> None:
        if isinstance(self.choices, str):
            raise LcragError(
                f"Question {self.id!r}: choices must be a list of texts, not the one text {self.choices!r}."
            )
        for name in ("document_ids", "answers", "choices", "evidence"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str | Span) else tuple(value))

    def asked(self) -> dict[str, Any]:
        """Everything that an answer to the question depends on, as plain values."""
        content = asdict(self)
        content.pop("task")
        return content | ({"task": self.task.asked()} if self.task else {})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a strategy did, kept for reading later: ``read`` or ``retrieve``, what went in, what came out."""

    name: str
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a strategy returns for one question.

    ``declined``: the strategy says that the text does not answer the question.
    ``truncation``: how a too long context was cut (``"middle"``, ``"end"``), that of an answer that was compared or
    rejected included; empty if none was. Such a row is made again when the reader's window has changed.
    ``notes``: figures of the strategy's own, such as ``facts`` and ``hallucinated_facts``.
    ``quotes``: sentences that the model says it copied from the text.
    ``usage`` and ``steps`` are filled in by the toolbox that metered the calls.
    """

    text: str
    evidence: tuple[Passage, ...] = ()
    declined: bool = False
    truncation: str = ""
    notes: Mapping[str, float] = field(default_factory=dict)
    quotes: tuple[str, ...] = ()
    usage: Ledger = field(default_factory=Ledger)
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One (question, strategy, model, seed): the row that everything else is made from.

    ``scores`` holds only the metrics that apply; a missing metric is missing, not zero.
    ``score`` is the experiment's primary metric, ``None`` where it could not be scored.
    ``closed_book``: the strategy answers without the document, so no router chooses it.
    ``finish_reason``: how the reader ended the last text it wrote to ``read``: ``stop``, or ``length`` where it was
    cut at ``max_tokens``.
    ``batch_invariant``: the answer does not depend on the requests beside it (``Reader.batch_invariant``), so that a
    resumed run writes it as an undisturbed one does.
    ``error`` is one sentence when the question failed (then ``score`` is ``None`` too).
    ``evidence`` and ``quotes`` are the answer's, kept so that it can be scored later.
    """

    question_id: str
    document_id: str
    kind: str
    strategy: str
    model: str
    seed: int
    answer: str = ""
    declined: bool = False
    truncation: str = ""
    closed_book: bool = False
    finish_reason: str = ""
    batch_invariant: bool = False
    score: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, float] = field(default_factory=dict)
    usage: Ledger = field(default_factory=Ledger)
    prompt_hash: str = ""
    error: str = ""
    steps: tuple[Step, ...] = ()
    evidence: tuple[Passage, ...] = ()
    quotes: tuple[str, ...] = ()

    def flat(self) -> dict[str, Any]:
        """The row as flat columns: identity, answer, ``score``, ``score_*``, ``note_*`` and every usage column."""
        row: dict[str, Any] = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in {"scores", "notes", "usage", "steps", "evidence", "quotes"}
        }
        row |= {f"score_{k}": v for k, v in self.scores.items()}
        row |= {f"note_{k}": v for k, v in self.notes.items()}
        return row | self.usage.flat()
