"""vLLM's engine in this process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers import Message, Reader, Request, VLLMReader

pytestmark = pytest.mark.slow
QUESTIONS = (
    "What does len(d) return?",
    "What is a tuple?",
    "What is range used for?",
    "What does s.copy() do?",
)
SHORT = Request((Message("user", "What is 2+2?"),), 24)


@pytest.fixture(scope="module")
def reader(environment) -> Iterator[VLLMReader]:
    made = VLLMReader(max_concurrency=16, engine_kwargs={"enforce_eager": True})  # starts faster
    started = time.perf_counter()

    async def window() -> int:  # an engine that is started on a loop outlives that loop
        return made.context_window

    assert asyncio.run(window()) == 8192
    print(f"\nengine: started in {time.perf_counter() - started:.0f} s")
    yield made
    made.close()


async def test_one_prefill_serves_eight_questions(reader, eight_questions):
    seen = await eight_questions(reader, "eight")
    most = seen.document + sum(seen.tails)
    print(f"\nengine: computed {seen.computed:g} of {sum(seen.counted)}, bound {most}; {seen.told}")
    assert [c.usage.prompt_tokens for c in seen.done] == seen.counted
    assert seen.computed <= 1.1 * most
    leader, *followers = seen.done
    assert leader.prefix_key and leader.prefix_tokens <= seen.document
    assert leader.usage.cached_tokens == 0
    for follower in followers:
        assert follower.prefix_key == ""
        assert leader.prefix_tokens <= follower.usage.cached_tokens < follower.usage.prompt_tokens


async def test_answer_count_and_name(reader):
    done = await reader.generate(SHORT)
    assert isinstance(reader, Reader) and reader.name == "SmolLM2-135M-Instruct"
    assert "4" in done.text and done.finish_reason == "stop"
    assert done.usage.prompt_tokens == reader.count_tokens(SHORT.messages)
    assert done.usage.calls == 1 and done.usage.seconds > 0
    assert reader.spec.layers == 30


async def test_a_word_is_watched(reader):
    asked = Request((Message("user", 'Write the word "unanswerable".'),), 4, watch="unanswerable")
    assert 0.01 < (await reader.generate(asked)).watched <= 1
    assert (await reader.generate(SHORT)).watched is None


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


async def test_seed_decides_sampled_answers(reader):
    async def write(seed: int) -> str:
        request = Request((Message("user", "Tell me a story."),), 24, temperature=1.0, seed=seed)
        return (await reader.generate(request)).text

    assert await write(1) == await write(1) != await write(2)


async def test_stop_string_and_length(reader):
    stopped = await reader.generate(Request(SHORT.messages, 24, stop=("4",)))
    assert "4" not in stopped.text and stopped.finish_reason == "stop"
    cut = await reader.generate(Request(SHORT.messages, 2))
    assert (cut.finish_reason, cut.usage.completion_tokens) == ("length", 2)


async def test_too_long_prompt_names_its_tokens(reader, long_context):
    request = long_context("What is a tuple?", repeats=2)
    tokens = reader.count_tokens(request.messages)
    with pytest.raises(LcragError, match=f"A prompt of {tokens} tokens and 24 .* 8192 tokens of SmolLM2"):
        await reader.generate(request)


def test_a_new_event_loop_each_time(reader):
    assert len({asyncio.run(reader.generate(SHORT)).text for _ in range(2)}) == 1


async def test_a_cancelled_request_leaves_the_engine_usable(reader, long_context):
    task = asyncio.create_task(reader.generate(long_context("What is a tuple?", "cancelled")))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "4" in (await reader.generate(SHORT)).text


async def test_closing_ends_what_is_running_and_the_next_request_starts_anew(reader, long_context):
    running = asyncio.create_task(reader.generate(long_context("What is a tuple?", "closed")))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(reader.close)
    with pytest.raises(ReaderUnavailable, match="closed during a request"):
        await running
    assert "4" in (await reader.generate(SHORT)).text


def test_model_that_is_not_there(environment):
    with pytest.raises(ReaderUnavailable, match=r"vLLM could not start with /no/such/model: .+"):
        asyncio.run(VLLMReader("/no/such/model").generate(SHORT))


def test_without_vllm_the_message_says_what_to_install():
    code = """
import asyncio, sys
sys.modules["vllm"] = None
from lcrag.readers import Message, Request, VLLMReader
asyncio.run(VLLMReader().generate(Request((Message("user", "x"),))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ReaderUnavailable: VLLMReader needs `vllm`: pip install 'lcrag[vllm]'" in done.stderr


async def test_a_beginning_is_kept_to(reader):
    choices = ("Follow up: ", "So the final answer is: ")
    asked = (Message("user", "What is the capital of France?"),)
    one = await reader.generate(Request(asked, 24, begin=choices))
    assert one.text.startswith(tuple(c.strip() for c in choices))
    forced = await reader.generate(Request(asked, 24, begin=("Intermediate answer: ",)))
    assert forced.text.startswith("Intermediate answer:") and "Paris" in forced.text


def test_a_batch_is_refused_where_answers_must_not_depend_on_it(environment):
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():
        pytest.skip("vLLM has batch-invariant kernels on this device")
    with pytest.raises(ReaderUnavailable, match="set max_concurrency: 1"):
        asyncio.run(VLLMReader(batch_invariant=True).generate(SHORT))


async def test_answers_do_not_depend_on_the_batch(environment, long_context):
    """In turn, and at once in another order."""
    reader = VLLMReader(
        max_concurrency=1,
        enable_prefix_caching=False,
        batch_invariant=True,
        engine_kwargs={"enforce_eager": True},
    )
    questions = QUESTIONS[:4]
    async with reader:
        in_turn = [(await reader.generate(long_context(q, "one"))).text for q in questions]
        requests = [long_context(q, "two") for q in questions[::-1]]
        at_once = [c.text for c in await asyncio.gather(*map(reader.generate, requests))]
    assert at_once[::-1] == in_turn
