"""What all questions of a run share."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from embedders.base import Embedder
from lcrag.components.settings import digest
from lcrag.cost.price import Price
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError
from lcrag.local import place
from lcrag.memory.store import MemoryStore
from lcrag.readers.base import Completion, Reader, Request
from lcrag.runtime.building import Built
from lcrag.runtime.calls import CallJournal
from lcrag.runtime.caps import Budget
from lcrag.runtime.leaders import PrefixLeaders
from lcrag.runtime.meter import Spending
from lcrag.runtime.prefixes import PrefixLedger
from lcrag.runtime.pricing import priced_call
from lcrag.schema import Document, Ledger, Question, Usage
from retrievers.base import Retriever


@dataclass
class Resources:
    """What all questions of a run share: reader, documents, indexes, things built once.

    Attributes:
        reader: The language model.
        documents: The documents by id.
        retriever: Builds the indexes.
        embedder: Embeds texts for strategies and routers that ask for it.
        prices: The reader's price card, or ``Prices``; it overrides the published price.
        questions: The document ids of each question, over which the cost of a build is divided.
        seed: The seed that every request has.
        keep: The folder for builds and memories that survive a restart; ``None`` keeps them in this process.
        demonstration_pool: Questions with answers that are not under test.
        budget: Caps on what a question and the experiment may spend.
        paid_prefixes: KV prefixes that an earlier, interrupted process has paid for.
        rewarmed: What those prefixes cost when they had to be computed again; it is booked in no row.
        calls: The journal of calls; without one a killed row's calls are made again.
        built: What has been built, by its key.
        notices: Files that are damaged, in sentences for the foot of the table.
    """

    reader: Reader
    documents: Mapping[str, Document]
    retriever: Retriever | None = None
    embedder: Embedder | None = None
    prices: Price | Prices | None = None
    questions: Sequence[tuple[str, ...]] = ()
    seed: int = 0
    keep: Path | None = None
    demonstration_pool: Sequence[Question] = ()
    budget: Budget = field(default_factory=Budget)
    paid_prefixes: set[str] = field(default_factory=set)
    rewarmed: Usage = field(default_factory=Usage)
    calls: CallJournal | None = None
    built: dict[str, asyncio.Future[Built]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    _text_digests: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _sharing: dict[frozenset[str], int] = field(default_factory=dict, init=False, repr=False)

    @property
    def slots(self) -> asyncio.Semaphore:
        """Bounds the requests in flight, also where one question asks many at once; each place has its own."""
        elsewhere = place.get()
        return self._slots if elsewhere is None else elsewhere.slots

    @cached_property
    def _slots(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self.reader.max_concurrency)

    @cached_property
    def prefixes(self) -> PrefixLedger | None:
        """What each strategy's own prompts would have cached; ``None`` where the reader keeps strategies apart."""
        cache = self.reader.prefix_cache
        return None if cache is None else PrefixLedger(cache)

    @cached_property
    def leaders(self) -> PrefixLeaders:
        """Sends the first request of each new prefix ahead."""
        return PrefixLeaders(self.reader)

    @cached_property
    def memories(self) -> MemoryStore:
        """Where memories are kept: in ``keep``, else only as long as this lasts."""
        return MemoryStore(":memory:" if self.keep is None else self.keep / "memory.sqlite")

    @cached_property
    def spending(self) -> Spending:
        """What the experiment has spent of its budget."""
        return Spending(self.budget)

    @cached_property
    def build_scope(self) -> str:
        """Under what the calls of builds are journalled: the reader that answers them."""
        return f"build:{digest(self.reader)}"

    def text_digest(self, document_id: str) -> str:
        """A hash of a document's text, which may be long: it is made once in a run."""
        if document_id not in self._text_digests:
            text = self.documents[document_id].text.encode("utf-8", "surrogatepass")
            self._text_digests[document_id] = hashlib.sha256(text).hexdigest()
        return self._text_digests[document_id]

    def sharing(self, document_ids: Sequence[str]) -> int:
        """How many questions are about all of these documents; all, for documents of demonstrations; at least 1.

        Questions on the same documents are counted together, and each set of documents once in a run.
        """
        wanted = frozenset(document_ids)
        if wanted not in self._sharing:
            rarest = min((self._by_document.get(i, []) for i in wanted), key=len, default=[])
            count = sum(self._by_documents[ids] for ids in rarest if wanted <= ids)
            self._sharing[wanted] = count or len(self.questions) or 1
        return self._sharing[wanted]

    @cached_property
    def _by_documents(self) -> Counter[frozenset[str]]:
        """How many questions are about each set of documents."""
        return Counter(map(frozenset, self.questions))

    @cached_property
    def _by_document(self) -> dict[str, list[frozenset[str]]]:
        """The sets of documents that each document is in."""
        by_document: dict[str, list[frozenset[str]]] = {}
        for ids in self._by_documents:
            for id in ids:
                by_document.setdefault(id, []).append(ids)
        return by_document

    def demonstrations(self, question: Question, count: int) -> list[Question]:
        """That many of the demonstrations, without the question itself.

        Raises:
            LcragError: there are fewer.
        """
        found = [q for q in self.demonstration_pool if q.id != question.id]
        if len(found) < count:
            raise LcragError(
                f"{count} demonstrations are wanted, but the dataset has {len(found)}: set `demonstrations` "
                "in the dataset, or m: 0 in the strategy."
            )
        return found[:count]

    def note_paid(self, usage: Ledger, prefix_keys: Sequence[str]) -> None:
        """Take note of a row that was finished before an interruption, and of the prefixes that it computed."""
        self.paid_prefixes |= set(prefix_keys)
        if self.prefixes is not None:
            total = usage.total
            self.prefixes.is_reporting |= total.cached_tokens + total.foreign_cached_tokens > 0

    def note_replayed(self, request: Request) -> None:
        """Take note of a request that was answered before an interruption: its prompt warms those after it."""
        if self.prefixes is not None:
            self.prefixes.enter(request)

    async def generate(self, request: Request) -> Completion:
        """The reader's completion; of its cached tokens only those of the strategy's own prompts count as cached."""
        prefix = None if self.prefixes is None else self.prefixes.enter(request)
        completion = await self.leaders.generate(request)
        elsewhere = place.get()
        if elsewhere is not None and completion.prefix_key in elsewhere.lost_prefixes:
            self.paid_prefixes.add(completion.prefix_key)  # it was computed by a process that has died
        if self.prefixes is None or prefix is None:
            return completion
        return self.prefixes.settle(completion, prefix)

    def priced(self, usage: Usage) -> Usage:
        """The reader's usage with its FLOPs, KV bytes and dollars, and what the cache saved, where they are known."""
        return priced_call(usage, self.reader, Prices.of(self.prices).reader)
