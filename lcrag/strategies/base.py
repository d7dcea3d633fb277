"""How one question is answered: the protocol, and the toolbox through which a strategy touches the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from lcrag.memory.store import Memory
from lcrag.readers.base import Completion, Message
from lcrag.schema import Answer, Document, Passage, Question, Role, Usage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


@dataclass(frozen=True)
class Card:
    """What one should know of a strategy before choosing it; the table in docs/strategies.md is made of these.

    ``tokens`` is the prompt tokens of one question as a formula: D is the document, c a passage or chunk, N the
    number of chunks in the document; questions, instructions and answers are left out. ``build`` is what is read
    once for a document, whatever the number of questions on it. ``core``: one of the few that the README shows.
    """

    paper: str
    calls: str
    tokens: str
    use: str
    build: str = ""
    core: bool = False


class Toolbox(Protocol):
    """Everything that a strategy may do. Each call is metered and booked under its role."""

    @property
    def reader_name(self) -> str:
        """The reader's."""

    @property
    def context_window(self) -> int:
        """Tokens of prompt and completion that the reader takes."""

    async def read(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 64,
        stop: tuple[str, ...] = (),
        prefix_chars: int = 0,
        begin: tuple[str, ...] = (),
        watch: str = "",
        temperature: float = 0.0,
        sample: int = 0,
        role: Role = "read",
    ) -> Completion:
        """Ask the language model; ``prefix_chars``, ``begin`` and ``watch`` are explained in ``Request``.

        ``sample`` tells several draws from one prompt apart: it is added to the run's seed.
        """

    async def retrieve(
        self, query: str, question: Question, k: int, retriever: Any = None, role: Role = "retrieve"
    ) -> list[Passage]:
        """The ``k`` best passages of the question's documents, best first.

        ``retriever`` takes the place of the experiment's (see ``retrievers``).
        """

    async def embed(self, texts: Sequence[str], role: Role = "retrieve") -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), of documents if ``role`` is ``build``, else of queries."""

    def documents(self, question: Question) -> list[Document]:
        """The documents that the question is about."""

    def demonstrations(self, question: Question, count: int) -> list[Question]:
        """That many questions with their answers, none of them under test.

        Raises:
            LcragError: the dataset has fewer.
        """

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a rendered chat prompt."""

    @property
    def spent(self) -> Usage:
        """Everything booked so far, all roles together."""

    @property
    def input_tokens(self) -> float:
        """Prompt tokens of all calls to the reader so far: the effective context length."""

    async def metered(self, work: Callable[[Toolbox], Awaitable[T]]) -> tuple[T, Usage]:
        """Do some work with a toolbox of its own and say what it cost; it is booked here as well."""

    def book(self, role: Role, usage: Usage) -> None:
        """Book what was paid earlier for something that was kept."""

    def memory(self, name: str) -> Memory:
        """A memory on disk that belongs to this reader and embedder; a run keeps it in its folder."""

    async def build(
        self,
        key: str,
        document_ids: Sequence[str],
        make: Callable[[Toolbox], Awaitable[T]],
        *,
        keep: bool = False,
    ) -> T:
        """Something made once for some documents and shared by the questions on them (a memory).

        ``make`` gets a toolbox of its own; what it spends is booked under ``build``, divided over the
        questions on those documents. ``key`` says what is made and with which settings. With ``keep``
        the result, which must be plain JSON, is stored with the run and survives a restart.
        """


@runtime_checkable
class Strategy(Protocol):
    """How one question is answered.

    A frozen dataclass; its fields are its whole configuration. ``document_first`` says that its
    prompts start with the whole document, so that one leader should warm the prefix cache.
    """

    document_first: ClassVar[bool]

    @property
    def name(self) -> str:
        """What it is called in results; two strategies of one run need different names."""

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """Answer one question."""
