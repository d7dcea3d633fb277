"""vLLM's server behind the OpenAI reader and behind LangChain's ChatOpenAI."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers import LangChainReader, Message, OpenAIReader, Request

pytestmark = pytest.mark.slow
SHORT = Request((Message("user", "What is 2+2?"),), 24)


@pytest.fixture
def reader(server, folder) -> OpenAIReader:
    return OpenAIReader("smollm2", server, tokenizer=folder, send_cache_salt=True, structured_outputs=True)


async def test_one_prefill_serves_eight_questions(reader, eight_questions):
    seen = await eight_questions(reader, "eight")
    most = seen.document + sum(seen.tails)
    print(f"\nserver: computed {seen.computed:g} of {sum(seen.counted)}, bound {most}; {seen.told}")
    assert [c.usage.prompt_tokens for c in seen.done] == seen.counted  # exactly as the tokenizer counts
    assert seen.done[0].usage.cached_tokens == 0
    assert seen.computed <= 1.1 * most
    assert all(c.text and 0 < c.usage.completion_tokens <= 24 for c in seen.done)


async def test_answer_count_and_window(reader):
    done = await reader.generate(SHORT)
    assert "4" in done.text and done.finish_reason == "stop"
    assert done.usage.prompt_tokens == reader.count_tokens(SHORT.messages)
    assert done.usage.calls == 1 and done.usage.seconds > 0
    assert reader.context_window == 8192
    assert reader.spec.kv_bytes_per_token == 2 * 30 * 3 * 64 * 2


async def test_salt_separates_prefixes(reader, long_context):
    async def cached(salt: str) -> float:
        return (await reader.generate(long_context("What is a tuple?", salt))).usage.cached_tokens

    assert [await cached("a"), await cached("b")] == [0, 0]
    assert await cached("a") > 5000


async def test_greedy_answers_repeat(reader, long_context):
    request = long_context("What is range used for?", "repeat", max_tokens=40)
    await reader.generate(request)  # computes the prefix; from here on every request reuses it
    texts = [(await reader.generate(request)).text for _ in range(3)]
    assert len(set(texts)) == 1


async def test_stop_string(reader):
    done = await reader.generate(Request(SHORT.messages, 24, stop=("4",)))
    assert "4" not in done.text and done.finish_reason == "stop"


async def test_too_long_prompt_names_its_tokens(reader, long_context):
    request = long_context("What is a tuple?", repeats=2)
    tokens = reader.count_tokens(request.messages)
    with pytest.raises(LcragError, match=f"A prompt of {tokens} tokens and 24 for the answer do not fit"):
        await reader.generate(request)
    almost = Request(
        (Message("user", "word " * 8150),), max_tokens=200
    )  # the prompt fits, the answer does not
    with pytest.raises(LcragError, match="and 200 for the answer do not fit"):
        await reader.generate(almost)


async def test_wrong_model_names_the_right_one(server):
    with pytest.raises(ReaderUnavailable, match=r"no model 'gpt-x'; it has smollm2\."):
        await OpenAIReader("gpt-x", server).generate(SHORT)


async def test_no_server_there():
    with pytest.raises(ReaderUnavailable, match=r"No server answers at http://127\.0\.0\.1:9/v1"):
        await OpenAIReader("smollm2", "http://127.0.0.1:9/v1").generate(SHORT)


async def test_langchain_reports_the_same_usage(server, folder, reader, long_context):
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="smollm2", base_url=server, api_key="EMPTY")
    chained = LangChainReader(model, 8192)
    requests = [long_context(q) for q in ("What is a tuple?", "What does s.copy() do?")]
    await chained.generate(requests[0])
    second = await chained.generate(requests[1])
    assert second.usage.prompt_tokens == reader.count_tokens(requests[1].messages)
    assert second.usage.cached_tokens > 5000
    direct = await reader.generate(requests[1])
    assert direct.text == second.text


def test_a_new_event_loop_each_time(reader):
    assert len({asyncio.run(reader.generate(SHORT)).text for _ in range(2)}) == 1


async def test_a_word_is_watched(reader):
    asked = Request((Message("user", 'Write the word "unanswerable".'),), 4, watch="unanswerable")
    done = await replace(reader, token_probabilities=True).generate(asked)
    assert 0.01 < done.watched <= 1
    assert (await reader.generate(asked)).watched is None


async def test_a_beginning_is_kept_to(reader):
    choices = ("Follow up: ", "So the final answer is: ")
    asked = (Message("user", "What is the capital of France?"),)
    one = await reader.generate(Request(asked, 24, begin=choices))
    assert one.text.startswith(tuple(c.strip() for c in choices))
    forced = await reader.generate(Request(asked, 24, begin=("Intermediate answer: ",)))
    assert forced.text.startswith("Intermediate answer:") and "Paris" in forced.text
