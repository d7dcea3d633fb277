"""What a strategy is, and the toolbox through which it does all its work."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from lcrag.memory.store import Memory
from lcrag.readers.base import Completion, Message
from lcrag.readers.kv.base import KVCache
from lcrag.schema import Answer, Document, Ledger, Passage, Question, Role, Usage
from retrievers.base import Retriever

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
Scope = Literal["question", "corpus"]  # retrieval in the question's own documents, or in all of the dataset


@dataclass(frozen=True)
class Card:
    """What to know about a strategy before choosing it; the table in docs/strategies.md is made from the cards.

    In the formulas D is the tokens of the document, c those of a passage or chunk, N the number of chunks in the
    document; the tokens of questions, instructions and answers are not counted.

    Attributes:
        paper: the source of the method; empty if it has none.
        calls: calls to the reader per question.
        tokens: prompt tokens per question.
        use: when to choose it, as the end of a sentence that begins with "when".
        build: tokens read once per document, whatever the number of questions on it; empty if there are none.
        core: whether the README shows it.
        case: a measurement that shows when to choose it: data set, model, figures and where they were published;
            or "not measured" and what was not.
    """

    paper: str
    calls: str
    tokens: str
    use: str
    build: str = ""
    core: bool = False
    case: str = ""


class Toolbox(Protocol):
    """Everything that a strategy may do; what it costs is recorded under the role of the call."""

    @property
    def reader_name(self) -> str:
        """The name of the language model."""

    @property
    def context_window(self) -> int:
        """The most tokens of prompt and completion together that the reader accepts."""

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
        cache: KVCache | None = None,
    ) -> Completion:
        """Ask the language model.

        Args:
            messages: the prompt.
            max_tokens: most tokens of the completion.
            stop: strings that end the text.
            prefix_chars: see ``Request``, as for ``begin`` and ``watch``.
            begin: strings of which one must begin the text.
            watch: the word whose probability is wanted.
            temperature: 0 for greedy decoding.
            sample: the number of the sample where one prompt is sampled several times; added to the run's seed.
            role: what the call is for. The text of the last call under ``read`` becomes the answer.
            cache: how the prompt's KV cache is kept and read; ``None`` for the reader's own way.
        """

    async def retrieve(
        self,
        query: str,
        question: Question,
        k: int,
        retriever: Retriever | None = None,
        scope: Scope = "question",
    ) -> list[Passage]:
        """The ``k`` best passages of the question's documents, best first.

        Args:
            query: what is searched for.
            question: the question on whose behalf.
            k: how many passages.
            retriever: replaces the experiment's retriever; ``None`` keeps it.
            scope: ``corpus`` searches one index over all documents of the dataset; its cost is divided among all
                questions. A strategy that passes it needs a field ``scope``, which tells the engine that its rows
                depend on every document.
        """

    async def embed(self, texts: Sequence[str], role: Role = "retrieve") -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension): embedded as documents if ``role`` is ``build``, else as queries."""

    def documents(self, question: Question, scope: Scope = "question") -> list[Document]:
        """The documents that the question is about; with ``corpus`` all of the dataset."""

    def demonstrations(self, question: Question, count: int) -> list[Question]:
        """``count`` questions with answers to show in a prompt; none of them is under test.

        Raises:
            LcragError: the dataset has fewer.
        """

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a rendered chat prompt."""

    @property
    def spent(self) -> Usage:
        """The cost of all calls so far, all roles together."""

    @property
    def input_tokens(self) -> float:
        """Prompt tokens of all calls to the reader so far (the effective context length of arXiv 2410.04343)."""

    async def metered(self, work: Callable[[Toolbox], Awaitable[T]]) -> tuple[T, Ledger]:
        """Do some work with a new toolbox; return its result and its cost, which is recorded here as well."""

    def book(self, cost: Ledger) -> None:
        """Record a cost that was paid earlier, such as that of a stored memory, under its own roles."""

    def memory(self, name: str) -> Memory:
        """The memory of that name for this reader and embedder, stored in the run's folder."""

    async def build(
        self,
        key: str,
        document_ids: Sequence[str],
        make: Callable[[Toolbox], Awaitable[T]],
        *,
        keep: bool = False,
    ) -> T:
        """Make something once for some documents and share it among the questions on them, such as a memory.

        Args:
            key: names the result and the settings that it depends on.
            document_ids: the documents; empty for what all questions share.
            make: makes the result with a new toolbox. Its cost is divided among the questions on the documents
                and recorded under ``build``.
            keep: store the result, which must be plain JSON, in the run's folder, so that it survives a restart.
        """


@runtime_checkable
class Strategy(Protocol):
    """Answers one question.

    Write one as a frozen dataclass that inherits from this class; its fields are its whole configuration::

        @dataclass(frozen=True)
        class FirstWords(Strategy):
            name: str = "first_words"
            words: int = 5

            async def answer(self, question, tools):
                text = tools.documents(question)[0].text
                return Answer(" ".join(text.split()[: self.words]))

    Attributes:
        document_first: whether its prompts start with the whole document, so that questions on a document share
            a prefix. The engine then asks one question first, to fill the reader's prefix cache.
        closed_book: whether it answers without any document. Routers and the baselines never choose it.
        card: what the table of strategies shows.
    """

    document_first: ClassVar[bool] = False
    closed_book: ClassVar[bool] = False
    card: ClassVar[Card | None] = None

    @property
    def name(self) -> str:
        """The strategy's name in results, unique in a run."""

    @abstractmethod
    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """Answer one question."""
