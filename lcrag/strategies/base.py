"""How one question is answered: the protocol, and the toolbox through which a strategy touches the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from lcrag.readers.base import Completion, Message
from lcrag.schema import Answer, Document, Passage, Question, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


class Toolbox(Protocol):
    """Everything that a strategy may do. Each call is metered and booked under its role."""

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
        role: Role = "read",
    ) -> Completion:
        """Ask the language model. ``prefix_chars``: see ``Request``."""

    async def retrieve(self, query: str, question: Question, k: int) -> list[Passage]:
        """The ``k`` best passages of the question's documents, best first."""

    async def embed(self, texts: Sequence[str], role: Role = "retrieve") -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), of documents if ``role`` is ``build``, else of queries."""

    def documents(self, question: Question) -> list[Document]:
        """The documents that the question is about."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a rendered chat prompt."""

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


def settings(component: Any, *, identity: bool = False) -> dict[str, Any]:
    """A component's public fields as plain values: for hashes, MLflow parameters and reports.

    With ``identity`` without the fields that are marked ``OPERATIONAL``: they say how fast or how
    patiently it works, not what comes out.
    """
    from dataclasses import fields, is_dataclass

    if is_dataclass(component) and not isinstance(component, type):
        shown = {
            f.name: settings(getattr(component, f.name), identity=identity)
            for f in fields(component)
            if f.name[0] != "_" and not (identity and f.metadata.get("operational"))
        }
        return {"type": type(component).__name__, **shown}
    if isinstance(component, dict):
        return {str(k): settings(v, identity=identity) for k, v in component.items()}
    if isinstance(component, list | tuple):
        return [settings(item, identity=identity) for item in component]  # type: ignore[return-value]
    if component is None or isinstance(component, str | int | float | bool):
        return component  # type: ignore[return-value]
    return f"{type(component).__module__}.{type(component).__qualname__}"  # type: ignore[return-value]
