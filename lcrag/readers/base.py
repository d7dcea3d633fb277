"""The protocol of language models, and the requests and completions that go through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from lcrag.schema import Usage

if TYPE_CHECKING:
    from lcrag.cost.model import ModelSpec
    from lcrag.readers.kv.base import KVCache

OPERATIONAL = {"operational": True}  # metadata of a field that does not change what a reader answers
STANDS_FOR = {"stands_for": True}  # metadata of the field whose component answers just as its owner does


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One generation.

    Attributes:
        messages: The chat so far.
        max_tokens: Tokens of the completion at most.
        temperature: 0 for greedy decoding.
        seed: Seeds the sampling when ``temperature`` is above 0.
        stop: Strings that end the text; they are not part of it.
        prefix_chars: How many leading characters of the first user message other requests repeat (the document).
            A reader that keeps KV prefixes computes them once.
        cache_salt: Keeps the prefixes of different strategies apart, so that none profits from another's prefill.
        begin: The text must begin with one of these strings, which are part of it. A reader that cannot
            constrain its decoding ignores this; then only the prompt says so.
        watch: A word; readers with token probabilities report how likely it was to begin the answer.
        cache: How the prompt's KV cache is kept and read, for readers that are ``kv.ChoosesCache``; ``None`` for the
            reader's own way.
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
    cache: KVCache | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """The result of one request.

    Attributes:
        text: The answer, without white space around it.
        usage: Token counts and seconds; the toolbox adds FLOPs, KV bytes and dollars.
        finish_reason: ``stop``, or ``length`` when ``max_tokens`` ended the text.
        prefix_key: Names the KV prefix that this request had to compute; empty when it reused one or had none.
        prefix_tokens: Tokens of the prefix.
        watched: The probability, before any constraint, that the answer's first token begins ``Request.watch``;
            ``None`` where it is not known.
        response_key: Where the answer is kept in a response cache; empty without one.
        from_response_cache: Whether it was found there: ``usage`` is what it cost when it was made, nothing was spent.
    """

    text: str
    usage: Usage
    finish_reason: str = "stop"
    prefix_key: str = ""
    prefix_tokens: int = 0
    watched: float | None = None
    response_key: str = ""
    from_response_cache: bool = False


@dataclass(frozen=True, slots=True)
class PrefixCache:
    """How a server caches prefixes of prompts.

    Attributes:
        block: Tokens of a block; only whole blocks are reused (vLLM: 16 on a GPU, OpenAI: 128).
        minimum: Tokens of the shortest prefix that is reused (OpenAI: 1,024).
        apart: Whether the server keeps prompts with another ``Request.cache_salt`` apart.
        encode: Token ids of a chat prompt and how many of them lie within the first ``prefix_chars`` of the first user
            message; without it a prompt is compared by its characters.
    """

    block: int = 16
    minimum: int = 0
    apart: bool = False
    encode: Callable[[Sequence[Message], int], tuple[list[int], int]] | None = None

    def units(self, messages: Sequence[Message], prefix_chars: int) -> tuple[list[int], int]:
        """What a prompt is compared by, and how many units its declared prefix has."""
        if self.encode:
            return self.encode(messages, prefix_chars)
        text, declared = "", 0
        for message in messages:
            text += f"{message.role}\n"
            if message.role == "user" and prefix_chars and not declared:
                declared = len(text) + prefix_chars
            text += f"{message.content}\n"
        return [ord(c) for c in text], declared


@runtime_checkable
class Reader(Protocol):
    """A language model.

    A class that inherits from ``Reader`` gets the defaults of ``documents_in_flight``, ``shares_prefix_in_batch``,
    ``batch_invariant``, ``spec``, ``prefix_cache`` and ``check``; every other class defines them itself. A
    frozen dataclass that inherits needs a default for a field that is named like a property here.

    Attributes:
        documents_in_flight: How many documents' questions run at once.
        shares_prefix_in_batch: Whether requests that arrive together compute a new prefix only once.
            Otherwise the engine sends the first request of a document ahead.
    """

    documents_in_flight: ClassVar[int] = 4
    shares_prefix_in_batch: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The model's name, as in the results."""

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

    @property
    def prefix_cache(self) -> PrefixCache | None:
        """How a server caches the prompts of everybody.

        ``None`` where nothing but prompts of the same ``Request.cache_salt`` counts into ``cached_tokens``.
        """
        return None

    @property
    def batch_invariant(self) -> bool:
        """Whether a request's text does not depend on the requests beside and before it.

        Then a run that is resumed, or repeated with another concurrency, writes the same texts as an undisturbed one
        (with the same settings, versions and machine). Where it is ``False`` their texts may differ, also at
        temperature 0: products of another shape round differently.
        """
        return False

    def check(self) -> None:
        """Find out, before anything is spent, whether what the reader needs is there: its key, its packages.

        Raises:
            ReaderUnavailable: something is missing.
        """
        return

    async def generate(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            LcragError: the prompt does not fit, or the server cannot be reached.
        """

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered chat prompt, generation prompt included."""
