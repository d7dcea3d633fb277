"""What flows through lcrag: documents, questions, answers, what they cost, and one flat row for each.

Nothing here imports the rest of the toolkit but its error. ``Passage`` belongs to ``retrievers`` and is re-exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from lcrag.errors import LcragError
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
    "Usage",
]

Role = Literal["read", "retrieve", "route", "build", "judge", "embed", "index", "rerank"]
ROLES: tuple[Role, ...] = get_args(Role)
READER_ROLES: tuple[Role, ...] = (
    "read",
    "retrieve",
    "route",
    "build",
)  # calls of the language model that answers
MODEL_ROLES: tuple[Role, ...] = ("embed", "index", "rerank")  # calls of embedders and rerankers


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

    def __post_init__(self) -> None:
        if isinstance(self.choices, str):
            raise LcragError(
                f"Question {self.id!r}: choices must be a list of texts, not the one text {self.choices!r}."
            )
        for name in ("document_ids", "answers", "choices", "evidence"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str | Span) else tuple(value))


def _known_sum(a: float | None, b: float | None) -> float | None:
    """Add two amounts; an unknown amount makes the sum unknown."""
    return None if a is None or b is None else a + b


@dataclass(frozen=True, slots=True)
class Usage:
    """What some calls to models cost. Usages add with ``+``; ``Usage()`` is zero.

    ``prompt_tokens`` counts every prompt token, ``cached_tokens`` those of them whose KV was reused,
    so ``prompt_tokens - cached_tokens`` were computed. ``seconds`` is the model's time: a local
    batch's time divided evenly over its requests, a server's time for the request.
    ``flops`` and ``dollars`` are ``None`` where no cost model or price is known.
    A build cost divided over questions makes fractions of tokens.
    ``kv_bytes`` is the largest KV cache held at once (it adds by maximum), ``None`` if unknown.
    """

    prompt_tokens: float = 0
    cached_tokens: float = 0
    completion_tokens: float = 0
    calls: float = 0
    seconds: float = 0.0
    flops: float | None = 0.0
    kv_bytes: int | None = 0
    dollars: float | None = 0.0

    @property
    def computed_tokens(self) -> float:
        """Prompt tokens that had to be prefilled."""
        return self.prompt_tokens - self.cached_tokens

    def __add__(self, other: Usage) -> Usage:
        kv = None if self.kv_bytes is None or other.kv_bytes is None else max(self.kv_bytes, other.kv_bytes)
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.calls + other.calls,
            self.seconds + other.seconds,
            _known_sum(self.flops, other.flops),
            kv,
            _known_sum(self.dollars, other.dollars),
        )

    def __truediv__(self, parts: float) -> Usage:
        """One of ``parts`` equal shares; ``kv_bytes`` is not divided."""

        def share(amount: float | None) -> Any:
            return None if amount is None else amount / parts

        whole = asdict(self)
        return Usage(**{k: v if k == "kv_bytes" else share(v) for k, v in whole.items()})


@dataclass(frozen=True, slots=True)
class Ledger(Mapping[Role, Usage]):
    """Usage kept apart by role; a role that spent nothing reads as ``Usage()``. Ledgers add with ``+``.

    ``read``, ``route``, ``build`` (the share of what was built once) and ``judge`` are calls of language models.
    ``retrieve`` has the seconds of searches. ``embed`` has the embedder's calls for a question, ``index`` its share of
    the embedder's calls and of the other seconds that building took, ``rerank`` the cross-encoder's calls.
    """

    entries: Mapping[Role, Usage] = field(default_factory=dict)

    def __getitem__(self, role: Role) -> Usage:
        return self.entries.get(role, Usage())

    def __iter__(self) -> Iterator[Role]:
        return iter(ROLES)

    def __len__(self) -> int:
        return len(ROLES)

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(
            {
                role: self[role] + other[role]
                for role in ROLES
                if role in self.entries or role in other.entries
            }
        )

    def add(self, role: Role, usage: Usage) -> Ledger:
        """Return this ledger with ``usage`` booked under ``role``."""
        return self + Ledger({role: usage})

    @property
    def total(self) -> Usage:
        """All roles together."""
        return self.sum(ROLES)

    def sum(self, roles: Iterable[Role]) -> Usage:
        """Some roles together."""
        return sum((self[role] for role in roles), Usage())

    def as_build(self, parts: float) -> Ledger:
        """One of ``parts`` equal shares of this ledger as the cost of a build, for the ledger of a question."""
        shares: tuple[tuple[Role, tuple[Role, ...]], ...] = (
            ("build", ("read", "route", "build", "judge")),
            ("index", ("retrieve", "embed", "index")),
            ("rerank", ("rerank",)),
        )
        return Ledger({role: self.sum(of) / parts for role, of in shares if set(of) & set(self.entries)})

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Ledger:
        """The ledger that ``dataclasses.asdict`` made plain values of."""
        return cls({role: Usage(**usage) for role, usage in plain["entries"].items()})

    def flat(self) -> dict[str, float | None]:
        """Every amount as ``{role}_{amount}`` (``read_prompt_tokens``, ``build_flops``, ...), zeros included."""
        names = [f.name for f in fields(Usage)]
        booked = [(role, self[role]) for role in ROLES]
        return {f"{role}_{name}": getattr(usage, name) for role, usage in booked for name in names}


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
    ``truncation``: how a too long context was cut (``"middle"``, ``"end"``), empty if it was not.
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
    ``error`` is one sentence when the question failed (then ``score`` is ``None`` too).
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
    score: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, float] = field(default_factory=dict)
    usage: Ledger = field(default_factory=Ledger)
    prompt_hash: str = ""
    error: str = ""
    steps: tuple[Step, ...] = ()

    def flat(self) -> dict[str, Any]:
        """The row as flat columns: identity, answer, ``score``, ``score_*``, ``note_*`` and every usage column."""
        row: dict[str, Any] = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in {"scores", "notes", "usage", "steps"}
        }
        row |= {f"score_{k}": v for k, v in self.scores.items()}
        row |= {f"note_{k}": v for k, v in self.notes.items()}
        return row | self.usage.flat()
