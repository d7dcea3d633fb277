"""A prefix that nobody has computed yet is computed by one request, whatever strategy asks for it."""

import asyncio
from dataclasses import dataclass, field

import pytest

from lcrag.errors import LcragError
from lcrag.readers import Message, Request, ScriptedReader
from lcrag.runtime.leaders import PrefixLeaders

DOCUMENT = "Kites need wind. " * 20


@dataclass(frozen=True)
class Counting(ScriptedReader):
    """Computes a prefix for each request that arrives before one with that prefix has been answered, as servers do."""

    warm: set = field(default_factory=set)
    computed: list = field(default_factory=list)

    async def generate(self, request):
        prefix = request.messages[0].content[: request.prefix_chars]
        if prefix not in self.warm:
            self.computed.append(prefix)
        completion = await super().generate(request)
        self.warm.add(prefix)
        return completion


def ask(text, document=DOCUMENT, salt=""):
    return Request((Message("user", document + text),), prefix_chars=len(document), cache_salt=salt)


async def test_the_first_request_of_a_prefix_goes_ahead():
    reader = Counting(lambda request: "yes", delay=0.01)
    leaders = PrefixLeaders(reader)
    requests = [ask(f"{n}?", DOCUMENT[d:]) for n in range(8) for d in (0, 5)]
    done = await asyncio.gather(*map(leaders.generate, requests))
    assert len(done) == 16 and sorted(reader.computed) == sorted([DOCUMENT, DOCUMENT[5:]])
    assert [c.usage.cached_tokens > 0 for c in done].count(False) == 2


async def test_salts_and_requests_without_a_prefix_do_not_wait():
    reader = Counting(lambda request: "yes", delay=0.01)
    leaders = PrefixLeaders(reader)
    plain = [Request((Message("user", f"{n}?"),)) for n in range(3)]
    together = asyncio.gather(*map(leaders.generate, [ask("1", salt="a"), ask("2", salt="b"), *plain]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(reader.requests) == 5
    await together


async def test_another_request_goes_ahead_where_the_first_one_fails_or_is_cancelled():
    texts = iter(["no", "yes"])

    def script(request):
        if next(texts, "yes") == "no":
            raise LcragError("too busy")
        return "yes"

    reader = Counting(script, delay=0.01)
    leaders = PrefixLeaders(reader)
    tasks = [asyncio.ensure_future(leaders.generate(ask(f"{n}?"))) for n in range(4)]
    await asyncio.sleep(0.002)
    tasks[1].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(d).__name__ for d in done] == ["LcragError", "CancelledError", "Completion", "Completion"]
    with pytest.raises(LcragError):
        raise done[0]
