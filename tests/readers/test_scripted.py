"""The scripted reader: honest counts, honest prefixes, deterministic answers."""

from __future__ import annotations

import asyncio

import pytest

from lcrag.errors import LcragError
from lcrag.readers import Message, Reader, Request, ScriptedReader

DOCUMENT = "Text: one two three four five\n\n"  # 6 words


def ask(question: str, *, salt: str = "", prefix: bool = True, **settings) -> Request:
    messages = (Message("system", "Be brief."), Message("user", DOCUMENT + question))
    return Request(messages, prefix_chars=len(DOCUMENT) if prefix else 0, cache_salt=salt, **settings)


def test_is_a_reader():
    assert isinstance(ScriptedReader(["x"]), Reader)


def test_a_reader_that_says_no_more_gets_the_defaults_of_the_protocol():
    class Parrot(Reader):
        name, context_window, max_concurrency = "parrot", 100, 1

    parrot = Parrot()
    assert (parrot.documents_in_flight, parrot.shares_prefix_in_batch, parrot.spec) == (4, False, None)


async def test_a_watched_word_gets_the_probability_that_was_set():
    reader = ScriptedReader(lambda request: "unanswerable", p_unanswerable=0.75)
    assert (await reader.generate(ask("Who?", watch="unanswerable"))).watched == 0.75
    assert (await reader.generate(ask("Who?"))).watched is None
    silent = ScriptedReader(lambda request: "unanswerable")
    assert (await silent.generate(ask("Who?", watch="unanswerable"))).watched is None


async def test_first_request_computes_the_prefix_and_later_ones_reuse_it():
    reader = ScriptedReader(lambda request: "fine")
    first = await reader.generate(ask("Who is it?"))
    second = await reader.generate(ask("Where and when?"))
    assert (first.usage.prompt_tokens, first.usage.cached_tokens) == (11, 0)
    # 2 words of the system message and 6 of the text
    assert (second.usage.prompt_tokens, second.usage.cached_tokens) == (11, 8)
    assert first.prefix_key and first.prefix_tokens == 8
    assert second.prefix_key == ""
    assert first.usage.calls == 1 and first.usage.completion_tokens == 1


async def test_salt_and_different_prefixes_are_kept_apart():
    reader = ScriptedReader(lambda request: "fine")
    a, b = await reader.generate(ask("Who?", salt="a")), await reader.generate(ask("Who?", salt="b"))
    assert a.usage.cached_tokens == b.usage.cached_tokens == 0
    assert a.prefix_key != b.prefix_key
    assert (await reader.generate(ask("Who?", salt="b"))).usage.cached_tokens == 8


async def test_without_a_prefix_nothing_is_cached():
    reader = ScriptedReader(lambda request: "fine")
    for _ in range(2):
        done = await reader.generate(ask("Who?", prefix=False))
        assert (done.usage.cached_tokens, done.prefix_key) == (0, "")


async def test_a_prompt_that_is_all_prefix_still_computes_its_last_token():
    reader = ScriptedReader(lambda request: "fine")
    both = [await reader.generate(ask("")) for _ in range(2)]
    assert both[1].usage.computed_tokens == 1


async def test_a_word_cut_by_the_prefix_does_not_count():
    reader = ScriptedReader(lambda request: "fine")
    request = Request((Message("user", "alpha beta gamma"),), prefix_chars=len("alpha be"))
    assert (await reader.generate(request)).prefix_tokens == 1


async def test_answers_in_order_then_an_error():
    reader = ScriptedReader(["one", "two"])
    assert [(await reader.generate(ask("?"))).text for _ in range(2)] == ["one", "two"]
    with pytest.raises(LcragError, match="given 2 answers"):
        await reader.generate(ask("?"))


async def test_stop_and_max_tokens_cut_the_answer():
    reader = ScriptedReader(lambda request: "a b c d e")
    long = await reader.generate(ask("?", max_tokens=3))
    assert (long.text, long.finish_reason, long.usage.completion_tokens) == ("a b c", "length", 3)
    stopped = await reader.generate(ask("?", stop=("d", "c")))
    assert (stopped.text, stopped.finish_reason) == ("a b", "stop")


async def test_too_long_prompt_is_refused_with_numbers():
    with pytest.raises(LcragError, match=r"9 tokens and 10 for the answer.*18 tokens of scripted"):
        await ScriptedReader(["x"], context_window=18).generate(ask("Who?", max_tokens=10))


async def test_delay_is_waited_and_reported_and_requests_are_kept():
    reader = ScriptedReader(lambda request: "fine", delay=0.05)
    loop = asyncio.get_running_loop()
    started = loop.time()
    done = await asyncio.gather(*(reader.generate(ask(f"{i}?")) for i in range(4)))
    assert 0.04 < loop.time() - started < 0.15  # they wait together
    assert done[0].usage.seconds == 0.05
    assert [r.messages[-1].content[-2:] for r in reader.requests] == ["0?", "1?", "2?", "3?"]


async def test_the_probability_of_a_watched_word_is_given_where_it_is_asked_for():
    reader = ScriptedReader(lambda request: "fine", p_unanswerable=0.25)
    assert (await reader.generate(ask("Who?", watch="unanswerable"))).watched == 0.25
    assert (await reader.generate(ask("Who?"))).watched is None
    silent = ScriptedReader(lambda request: "fine")
    assert (await silent.generate(ask("Who?", watch="unanswerable"))).watched is None
