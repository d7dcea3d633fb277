"""What a language model looks like to lcrag, behind any backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from lcrag.schema import Usage

if TYPE_CHECKING:
    from lcrag.cost.model import ModelSpec

OPERATIONAL = {"operational": True}  # metadata of a field that does not change what a reader answers


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One generation.

    ``prefix_chars`` says how many leading characters of the first user message other requests will
    repeat (the document): a reader that holds KV prefixes computes them once. ``cache_salt`` keeps
    prefixes of different strategies apart, so that none profits from another's prefill.
    Greedy when ``temperature`` is 0. ``stop`` strings end the text and are not part of it. ``begin``:
    the text must begin with one of these strings, which are part of it; a reader that cannot constrain
    its decoding leaves it at what the prompt says. ``watch``: a word of which the reader, where it knows token
    probabilities, says how likely it was to begin the answer.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    prefix_chars: int = 0
    cache_salt: str = ""
    begin: tuple[str, ...] = ()
    watch: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back. ``usage`` has token counts and seconds; the toolbox adds FLOPs, KV bytes and dollars.

    ``prefix_key`` names the KV prefix that this very request had to compute (of ``prefix_tokens``
    tokens), empty when it reused one or none was asked for. ``watched`` is the probability, before any constraint,
    that the answer's first token begins the word of ``Request.watch``; ``None`` where it is not known.
    """

    text: str
    usage: Usage
    finish_reason: str = "stop"
    prefix_key: str = ""
    prefix_tokens: int = 0
    watched: float | None = None


@runtime_checkable
class Reader(Protocol):
    """A language model.

    A class that inherits from ``Reader`` gets the defaults of ``documents_in_flight``,
    ``shares_prefix_in_batch`` and ``spec``; every other class defines them itself. A frozen dataclass that
    inherits needs a default for a field that is named like a property here.

    Attributes:
        documents_in_flight: how many documents' questions run at once.
        shares_prefix_in_batch: whether requests that arrive together compute a new prefix only once.
            Otherwise the engine sends the first request of a document ahead.
    """

    documents_in_flight: ClassVar[int] = 4
    shares_prefix_in_batch: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The model's name, as it stands in the results."""

    @property
    def context_window(self) -> int:
        """Tokens of prompt and completion together."""

    @property
    def max_concurrency(self) -> int:
        """How many requests may be in flight at once."""

    @property
    def spec(self) -> ModelSpec | None:
        """The model's shape, from which FLOPs and KV bytes follow; ``None`` where it is not known."""
        return None

    async def generate(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            LcragError: the prompt does not fit, or the server cannot be reached.
        """

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered chat prompt, generation prompt included."""
