"""Two requests of one strategy that are in flight together and come to the server in the other order."""

from __future__ import annotations

from lcrag.readers.base import Completion, Message, PrefixCache, Request
from lcrag.runtime.prefixes import PrefixLedger
from lcrag.schema import Usage


def request(question):
    return Request((Message("user", "The same long document. " * 20 + question),), cache_salt="mine")


def test_what_the_later_request_warmed_is_the_strategys_own():
    ledger = PrefixLedger(PrefixCache(block=16))
    first, second = ledger.enter(request("Who?")), ledger.enter(request("Where?"))
    overtook = ledger.settle(Completion("a", Usage(120, 0, 1, calls=1)), second)
    late = ledger.settle(Completion("b", Usage(120, 96, 1, calls=1)), first)
    assert overtook.usage.cached_tokens == 0
    assert late.usage.cached_tokens == 96 and late.usage.foreign_cached_tokens == 0
