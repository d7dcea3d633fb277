"""The tools of judged metrics: asking, with replies kept on disk, priced, and capped by the run's budget."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from embedders.base import Embedder, EmbedsTokens
from lcrag.components.settings import digest
from lcrag.cost.price import Price
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError
from lcrag.judging.replies import Replies, reply_key
from lcrag.local import run_local
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.runtime.caps import Budget
from lcrag.runtime.meter import Spending, reserve
from lcrag.runtime.pricing import priced_call
from lcrag.runtime.work import recorded_work, usage_of
from lcrag.schema import Usage
from retrievers.work import Work, embed, timed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass
class Judging:
    """What all verdicts of a run share.

    Attributes:
        reader: The judge of metrics that name none; ``None`` where there is no such judge.
        embedder: Embeds texts for metrics that ask for it.
        prices: The price cards; the judge's is ``Prices.judge``.
        spending: What the experiment has spent of its budget.
        seed: The seed that every request has.
        replies: Judges' replies on disk.
        booked: Replies whose cost a verdict tells already.
    """

    reader: Reader | None = None
    embedder: Embedder | None = None
    prices: Price | Prices | None = None
    spending: Spending = field(default_factory=lambda: Spending(Budget()))
    seed: int = 0
    replies: Replies = field(default_factory=Replies)
    booked: set[str] = field(default_factory=set)
    _slots: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _asking: dict[str, asyncio.Future[Completion]] = field(default_factory=dict)

    def judge(self, named: Reader | None) -> Reader:
        """The judge that a metric names, else the run's reader.

        Raises:
            LcragError: there is neither.
        """
        if named is None and self.reader is None:
            raise LcragError("The metric names no judge, and there is no reader to judge: give it a `judge`.")
        return named or self.reader  # type: ignore[return-value]

    def resume(self, path: Path) -> None:
        """Take over the replies of a file, and count what they have cost; further ones are kept there.

        Raises:
            LcragError: the file cannot be read, or an amount that is capped is not known.
        """
        self.replies = Replies(path)
        for completion in self.replies.known.values():
            if not completion.from_response_cache:
                self.spending.pay(completion.usage)

    def slots(self, judge: Reader) -> asyncio.Semaphore:
        """Bounds the requests in flight at one judge."""
        return self._slots.setdefault(digest(judge), asyncio.Semaphore(judge.max_concurrency))

    async def reply(self, key: str, judge: Reader, request: Request) -> Completion:
        """The judge's reply; requests that are made at the same time are sent once.

        Raises:
            OverBudget: the request could go over the experiment's cap, and was not made.
            LcragError: the judge cannot be asked, or its reply cannot be written down.
        """
        if key in self.replies.known:
            return self.replies.known[key]
        if key not in self._asking:
            self._asking[key] = asyncio.ensure_future(self._ask(key, judge, request))
        return await asyncio.shield(self._asking[key])

    async def _ask(self, key: str, judge: Reader, request: Request) -> Completion:
        spending = self.spending
        meters = (spending.meter,) if spending.budget.experiment.given else ()
        upper_bound = Usage()
        try:
            if meters:
                spending.budget.check(self.priced(judge, Usage(1)), judge.name)
                prompt = judge.count_tokens(request.messages)
                tokens = Usage(prompt, completion_tokens=request.max_tokens, calls=1)
                upper_bound = spending.timed(self.priced(judge, tokens))
            async with self.slots(judge), reserve(meters, upper_bound):
                reply = await judge.generate(request)
                completion = replace(reply, usage=self.priced(judge, reply.usage))
                self.replies.keep(key, completion)  # priced, so that a restart knows what was spent
                if not completion.from_response_cache:
                    spending.pay(completion.usage)
        finally:
            del self._asking[key]
        return completion

    def priced(self, judge: Reader, usage: Usage) -> Usage:
        """A judge's usage with its FLOPs and dollars, where they are known."""
        prices = Prices.of(self.prices)
        is_reader = self.reader is not None and judge.name == self.reader.name
        return priced_call(usage, judge, prices.judge or (prices.reader if is_reader else None))


@dataclass
class MeteredJudge:
    """The tools of one metric for one answer.

    Attributes:
        shared: What all verdicts share.
        usage: What was spent for this verdict; a reply that another verdict paid for costs nothing here.
        calls: The replies that ``usage`` counts.
    """

    shared: Judging
    usage: Usage = field(default_factory=Usage)
    calls: list[str] = field(default_factory=list)

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        judge: Reader | None = None,
        max_tokens: int = 64,
        begin: tuple[str, ...] = (),
        temperature: float = 0.0,
        sample: int = 0,
    ) -> Completion:
        """See ``JudgeTools.ask``."""
        judge = self.shared.judge(judge)
        seed = self.shared.seed + sample
        request = Request(tuple(messages), max_tokens, temperature, seed, cache_salt="judge", begin=begin)
        key = reply_key(judge, request)
        completion = await self.shared.reply(key, judge, request)
        if key not in self.shared.booked:
            self.shared.booked.add(key)
            self.calls.append(key)
            self.usage += self.shared.priced(judge, completion.usage)
        return completion

    async def embed(self, texts: Sequence[str], kind: Literal["query", "document"]) -> NDArray[np.float32]:
        """See ``JudgeTools.embed``."""
        embedder = self.shared.embedder
        if embedder is None:
            raise LcragError("This metric embeds texts, but the experiment has no embedder: give it one.")
        embedded, works, _ = await run_local(recorded_work, embed, embedder, list(texts), kind)
        prices = Prices.of(self.shared.prices)
        for work in works:
            self.usage += usage_of(work, prices)
        return embedded.vectors  # type: ignore[no-any-return]

    async def embed_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """See ``JudgeTools.embed_tokens``."""
        embedder = self.shared.embedder
        if not isinstance(embedder, EmbedsTokens):
            kind = "no embedder" if embedder is None else f"the embedder {embedder.name!r}, which has none"
            raise LcragError(
                f"This metric needs vectors of tokens, but the experiment has {kind}: give it `embedder: "
                "sentence_transformer`."
            )

        def work() -> tuple[list[NDArray[np.float32]], Work]:
            (vectors, tokens), seconds = timed(lambda: embedder.embed_tokens(list(texts)))
            return vectors, Work("embedder", sum(tokens), len(texts), tuple(tokens), seconds, embedder.config)

        vectors, done = await run_local(work)
        self.usage += usage_of(done, Prices.of(self.shared.prices))
        return vectors
