"""The metered toolbox: the one boundary through which strategies spend."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from lcrag.components.settings import digest
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError
from lcrag.local import run_local
from lcrag.memory.store import Memory
from lcrag.readers.base import Completion, Message, Request
from lcrag.readers.kv.base import ChoosesCache, KVCache
from lcrag.runtime.building import build_once
from lcrag.runtime.guard import BudgetGuard
from lcrag.runtime.resources import Resources
from lcrag.runtime.work import ledger_of, recorded_work
from lcrag.schema import READER_ROLES, Document, Ledger, Passage, Question, Role, Step, Usage
from lcrag.strategies.base import Scope
from retrievers.base import Retriever
from retrievers.work import Work, embed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


@dataclass
class MeteredToolbox:
    """One question's toolbox under one strategy: does the calls, keeps the ledger and the steps.

    Attributes:
        builds: Names of what was built once and is booked here already; toolboxes of parts of the work share it.
        in_build: Whether this is the toolbox of a build. What is built inside a build is booked in full, since the
            outer build's cost is divided.
    """

    shared: Resources
    salt: str
    guard: BudgetGuard = field(default=None)  # type: ignore[assignment]
    ledger: Ledger = field(default_factory=Ledger)
    steps: list[Step] = field(default_factory=list)
    warmed: list[str] = field(default_factory=list)
    input_tokens: float = 0
    finish_reason: str = ""
    builds: set[str] = field(default_factory=set)
    in_build: bool = False
    _prompts: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.guard = self.guard or BudgetGuard(self.shared)

    @property
    def prompt_hash(self) -> str:
        """Names everything that was sent to the reader, in order."""
        return str(self._prompts.hexdigest()[:16])

    @property
    def reader_name(self) -> str:
        """The reader's."""
        return self.shared.reader.name

    @property
    def context_window(self) -> int:
        """The reader's."""
        return self.shared.reader.context_window

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """The reader's count."""
        return self.shared.reader.count_tokens(messages)

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
        """Ask the reader; what it costs is booked under ``role``.

        Raises:
            LcragError: the reader has no KV cache methods and is given one.
        """
        if cache is not None and not isinstance(self.shared.reader, ChoosesCache):
            raise LcragError(
                f"{self.reader_name} has no KV cache methods: take the reader `transformers`, or leave out `cache`."
            )
        request = Request(
            tuple(messages),
            max_tokens,
            temperature,
            seed=self.shared.seed + sample,
            stop=stop,
            prefix_chars=prefix_chars,
            cache_salt=self.salt,
            begin=begin,
            watch=watch,
            cache=cache,
        )
        self._prompts.update(json.dumps([[m.role, m.content] for m in messages]).encode())
        async with self.shared.slots:
            completion = await self.guard.ask(request)
        usage = completion.usage
        if completion.prefix_key:
            self.warmed.append(completion.prefix_key)
            if completion.prefix_key in self.shared.paid_prefixes:  # only because the run was interrupted
                usage = self._as_undisturbed(usage, completion.prefix_tokens)
        priced = self.shared.priced(usage)
        self.ledger = self.ledger.add(role, priced)
        self.guard.booked += priced
        self.input_tokens += usage.prompt_tokens
        if role == "read":
            self.finish_reason = completion.finish_reason
        self.steps.append(Step(role, messages[-1].content[-400:], completion.text))
        return completion

    def _as_undisturbed(self, usage: Usage, prefix_tokens: int) -> Usage:
        """The usage with a prefix cached that was paid for before an interruption."""
        reused = usage.cached_tokens + usage.foreign_cached_tokens
        self.shared.rewarmed += Usage(prompt_tokens=max(0, prefix_tokens - reused))
        return usage.with_cached(prefix_tokens)

    def documents(self, question: Question, scope: Scope = "question") -> list[Document]:
        """The documents that the question is about, or all."""
        if scope == "corpus":
            return list(self.shared.documents.values())
        return [self.shared.documents[i] for i in question.document_ids]

    async def embed(self, texts: Sequence[str], role: Role = "retrieve") -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), of documents if ``role`` is ``build``, else of queries."""
        embedder = self.shared.embedder
        if embedder is None:
            raise LcragError("This strategy embeds texts, but the experiment has no embedder: give it one.")
        kind = "document" if role == "build" else "query"
        embedded, works, seconds = await run_local(recorded_work, embed, embedder, list(texts), kind)
        self._book_work(works, "index" if role == "build" else "embed", ("retrieve", seconds))
        return embedded.vectors  # type: ignore[no-any-return]

    def _book_work(self, works: Sequence[Work], embed_role: Role, rest: tuple[Role, float]) -> None:
        self.ledger += ledger_of(works, Prices.of(self.shared.prices), embed_role, rest)

    async def retrieve(
        self,
        query: str,
        question: Question,
        k: int,
        retriever: Retriever | None = None,
        scope: Scope = "question",
    ) -> list[Passage]:
        """The ``k`` best passages of the question's documents, or of all; the index is built once for each set."""
        key = "index" if retriever is None else f"index:{digest(retriever)}"
        retriever = self.shared.retriever if retriever is None else retriever
        if retriever is None:
            raise LcragError("This strategy retrieves, but the experiment has no retriever: give it one.")
        everywhere = scope == "corpus"
        ids = () if everywhere else question.document_ids  # all questions share what is built for ()

        async def make(build: Any) -> Any:
            texts = {d.id: d.text for d in self.documents(question, scope)}
            index, works, seconds = await run_local(recorded_work, retriever.build, texts)
            if not works and index.build_tokens:  # an index that does not record its embedder's work
                works = [Work("embedder", index.build_tokens, 1)]
            build._book_work(works, "index", ("index", seconds))
            return index

        demonstrates = any(question.id == d.id for d in self.shared.demonstration_pool)
        sharing = len(self.shared.questions) if demonstrates else self.shared.sharing(ids)
        index = await self._build(key, ids, make, sharing)
        search = index.search
        if not everywhere:  # a store may hold other documents as well
            search = partial(search, document_ids=ids)
        (passages,), works, seconds = await run_local(recorded_work, search, [query], k)
        embedded = any(w.model == "embedder" for w in works)
        if not embedded and (tokens := index.query_tokens([query])):
            works = [*works, Work("embedder", tokens, 1)]
        self._book_work(works, "embed", ("retrieve", seconds))
        found = ", ".join(f"{p.document_id}[{p.start}:{p.end}]" for p in passages)
        self.steps.append(Step("retrieve", query, found))
        return list(passages)

    def demonstrations(self, question: Question, count: int) -> list[Question]:
        """That many questions with their answers, none of them under test."""
        return self.shared.demonstrations(question, count)

    @property
    def spent(self) -> Usage:
        """Everything booked so far, all roles together."""
        return self.ledger.total

    async def metered(self, work: Callable[[Any], Awaitable[T]]) -> tuple[T, Ledger]:
        """Do some work with a toolbox of its own and say what it cost; it is booked here as well."""
        guard = self.guard.for_part()
        own = MeteredToolbox(self.shared, self.salt, guard, builds=self.builds, in_build=self.in_build)
        try:
            done = await work(own)
        finally:  # what was spent before a failure is spent
            self.ledger += own.ledger
            self.guard.booked += own.guard.booked
            self.input_tokens += own.input_tokens
            self.steps += own.steps
            self.warmed += own.warmed
            self.finish_reason = own.finish_reason or self.finish_reason
            self._prompts.update(own.prompt_hash.encode())
        return done, own.ledger

    def book(self, cost: Ledger) -> None:
        """Book what was paid earlier for something that was kept."""
        self.ledger += cost
        self.guard.book_share(cost.sum(READER_ROLES))

    def memory(self, name: str) -> Memory:
        """A memory on disk that belongs to this reader and embedder."""
        owner = digest([self.shared.reader.name, self.shared.embedder])
        return self.shared.memories.memory(f"{owner}:{name}")

    async def build(
        self,
        key: str,
        document_ids: Sequence[str],
        make: Callable[[Any], Awaitable[T]],
        *,
        keep: bool = False,
    ) -> T:
        """Make once for all strategies; each question is booked its share once, as if its strategy were alone."""
        return await self._build(key, document_ids, make, self.shared.sharing(document_ids), keep)

    async def _build(
        self,
        key: str,
        document_ids: Sequence[str],
        make: Callable[[Any], Awaitable[T]],
        sharing: int,
        keep: bool = False,
    ) -> T:
        shared, name = self.shared, "\0".join((key, *document_ids))
        if name not in shared.built:
            guard = self.guard.for_build(sharing)
            own = MeteredToolbox(
                shared, f"build:{key}", guard, in_build=True
            )  # of no strategy: several share it
            work = build_once(name, make, own, shared.keep if keep else None)
            shared.built[name] = asyncio.ensure_future(work)
        built = await asyncio.shield(shared.built[name])
        if name not in self.builds:
            parts = 1 if self.in_build else max(1, sharing)
            self.builds |= {name, *built.parts}
            self.ledger += built.cost.as_build(parts)
            self.guard.book_share(built.reader_cost / parts)
        return built.result  # type: ignore[no-any-return]
