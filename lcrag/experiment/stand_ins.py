"""Stand-ins of a dry run, which cost nothing: a reader that writes as much as it may, retrievers without a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.readers.limits import check_fits
from lcrag.schema import Usage
from retrievers.base import Index, Retriever
from retrievers.bm25 import BM25Retriever
from retrievers.passage import Passage

WORDS_A_LINE = 8
Script = Callable[[Request], str]


def _prose(request: Request) -> str:
    begin = request.begin[0] if request.begin else ""
    return begin + "the " * request.max_tokens


def _list(request: Request) -> str:
    lines = range(1 + request.max_tokens // WORDS_A_LINE)
    return "\n".join(f"- {line} " + "the " * WORDS_A_LINE for line in lines)


def _decline(request: Request) -> str:
    return "unanswerable"


# What a reader may write: how a strategy goes on depends on it.
SCRIPTS: dict[str, Script] = {"prose": _prose, "list": _list, "decline": _decline}


@dataclass(frozen=True)
class UnaskedReader(Reader):
    """Counts tokens like a reader without asking it; each answer is as long as the request allows.

    Attributes:
        reader: The reader that counts.
        script: Writes the answers.
    """

    reader: Reader
    script: Script
    counts: dict[tuple[Message, ...], int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The reader's, for its price."""
        return self.reader.name

    @property
    def context_window(self) -> int:
        """The reader's."""
        return self.reader.context_window

    @property
    def max_concurrency(self) -> int:
        """One request after the other."""
        return 1

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """The reader's count."""
        key = tuple(messages)
        if key not in self.counts:
            self.counts[key] = self.reader.count_tokens(messages)
        return self.counts[key]

    async def generate(self, request: Request) -> Completion:
        """A text of the script; its cost is the most that the request may take.

        Raises:
            LcragError: prompt and completion do not fit.
        """
        prompt = self.count_tokens(request.messages)
        check_fits(prompt, request, self)
        usage = Usage(prompt, completion_tokens=request.max_tokens, calls=1)
        return Completion(self.script(request).strip(), usage, "length")


@dataclass(frozen=True)
class LongestPassages:
    """A retriever that returns the longest passages of another one, whatever the query: none can cost more.

    Attributes:
        retriever: Cuts the documents.
    """

    retriever: Retriever

    def build(self, texts: Mapping[str, str]) -> Index:
        """Index documents, given as text by id."""
        return _LongestFirst(self.retriever.build(texts), sum(map(len, texts.values())))


@dataclass(frozen=True)
class _LongestFirst:
    index: Index
    characters: int
    build_tokens: int = 0
    by_documents: dict[Any, list[Passage]] = field(default_factory=dict)

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """For each query the ``k`` longest passages."""
        key = None if document_ids is None else tuple(document_ids)
        if key not in self.by_documents:
            (every,) = self.index.search(
                [" ".join(queries)], max(k, self.characters), document_ids=document_ids
            )
            self.by_documents[key] = sorted(every, key=lambda p: -len(p.text))
        return [self.by_documents[key][:k] for _ in queries]

    def query_tokens(self, queries: Sequence[str]) -> int:
        return 0


def without_models(component: Any, embedder: Any) -> Any:
    """A component with every retriever in it replaced by ``LongestPassages`` and every embedder by ``embedder``."""
    if isinstance(component, tuple | list):
        return type(component)(without_models(part, embedder) for part in component)
    if not is_dataclass(component) or isinstance(component, type):
        return component
    if _is_retriever(component):
        return LongestPassages(_plain(component, embedder))
    return _replaced(component, embedder, without_models)


def _is_retriever(component: Any) -> bool:
    return hasattr(component, "build") and not hasattr(component, "answer")


def _plain(retriever: Any, embedder: Any) -> Any:
    """A retriever without models: BM25 over the same chunks, within what gives wider passages."""
    inner = getattr(retriever, "retriever", None)
    if hasattr(retriever, "fetch") and inner is not None and _is_retriever(inner):  # a reranker
        return _plain(inner, embedder)
    if hasattr(retriever, "chunker"):
        return BM25Retriever(chunker=_replaced(retriever.chunker, embedder, _plain))
    return _replaced(retriever, embedder, _plain)


def _replaced(component: Any, embedder: Any, inside: Callable[[Any, Any], Any]) -> Any:
    changes = {}
    for name in (f.name for f in fields(component) if f.init) if is_dataclass(component) else ():
        value = getattr(component, name)
        if hasattr(value, "embed") and hasattr(value, "count_tokens"):
            changes[name] = embedder
        elif isinstance(value, tuple | list) or (is_dataclass(value) and not isinstance(value, type)):
            new = inside(value, embedder)
            if new is not value:
                changes[name] = new
    return replace(component, **changes) if changes else component
