"""The OpenAI reader against a small HTTP server that answers, fails and refuses as real ones do."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers import Message, OpenAIReader, Reader, Request
from lcrag.readers.tokens import estimate_room
from tests.readers.scripted_server import reply

ASK = Request((Message("system", "Be brief."), Message("user", "Who wrote Emma?")), max_tokens=16)


async def test_answer_and_usage(server):
    reader = OpenAIReader("m", server.url)
    assert isinstance(reader, Reader)
    done = await reader.generate(ASK)
    assert (done.text, done.finish_reason) == ("Jane Austen.", "stop")
    used = done.usage
    assert (used.prompt_tokens, used.cached_tokens, used.completion_tokens, used.calls) == (200, 128, 4, 1)
    assert 0 < used.seconds < 5
    path, body, key = server.seen[0]
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Who wrote Emma?"},
        ],
        "temperature": 0.0,
        "seed": 0,
        "max_tokens": 16,
    }
    assert key == "Bearer EMPTY"


async def test_every_setting_is_sent(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    reader = OpenAIReader(
        "m", server.url, api_key_env="MY_KEY", send_cache_salt=True, extra_body={"top_k": 1}
    )
    request = Request(ASK.messages, 9, 0.5, seed=3, stop=("\n",), cache_salt="long_context", prefix_chars=4)
    await reader.generate(request)
    _, body, key = server.seen[0]
    sent = {k: body[k] for k in ("temperature", "seed", "max_tokens", "stop", "top_k", "cache_salt")}
    assert sent == {
        "temperature": 0.5,
        "seed": 3,
        "max_tokens": 9,
        "stop": ["\n"],
        "top_k": 1,
        "cache_salt": "long_context",
    }
    assert key == "Bearer secret"
    assert "secret" not in repr(reader)


async def test_salt_stays_home_unless_wanted(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "for OpenAI only")
    await OpenAIReader("m", server.url).generate(Request(ASK.messages, cache_salt="x"))
    _, body, key = server.seen[0]
    assert "cache_salt" not in body
    assert key == "Bearer EMPTY"  # a key for OpenAI is not told to others


async def test_a_server_that_reports_no_cache(server):
    server.script.append((200, reply(cached=None), {}))
    assert (await OpenAIReader("m", server.url).generate(ASK)).usage.cached_tokens == 0


@pytest.mark.parametrize("status", [429, 500, 503, 0])
async def test_passing_failures_are_tried_again(server, status):
    server.then(status, "busy", retry_after="0.01").then(status, "busy", retry_after="0.01")
    done = await OpenAIReader("m", server.url).generate(ASK)
    assert done.text == "Jane Austen." and done.usage.calls == 1
    assert done.usage.seconds < 0.4  # pauses are not the model's time
    assert len(server.seen) == 3


async def test_no_retry_where_it_cannot_help(server):
    server.then(400, "temperature must not be negative")
    with pytest.raises(LcragError, match="temperature must not be negative"):
        await OpenAIReader("m", server.url).generate(ASK)
    assert len(server.seen) == 1


async def test_server_down():
    with pytest.raises(ReaderUnavailable) as caught:
        await OpenAIReader("m", "http://127.0.0.1:9/v1").generate(ASK)
    assert "No server answers at http://127.0.0.1:9/v1" in str(caught.value)
    assert "python -m vllm.entrypoints.openai.api_server --model m" in str(caught.value)
    with pytest.raises(ReaderUnavailable, match="No server answers"):
        _ = OpenAIReader("m", "http://127.0.0.1:9/v1").context_window


async def test_wrong_model_names_what_is_there(server):
    server.then(404, "The model `q` does not exist.")
    with pytest.raises(ReaderUnavailable, match=r"no model 'q'; it has m, n\."):
        await OpenAIReader("q", server.url).generate(ASK)
    with pytest.raises(ReaderUnavailable, match=r"no model 'q'; it has m, n\."):
        _ = OpenAIReader("q", server.url).context_window


async def test_wrong_key_names_the_variable(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "wrong")
    server.then(401, "Unauthorized")
    with pytest.raises(ReaderUnavailable, match="environment variable MY_KEY"):
        await OpenAIReader("m", server.url, api_key_env="MY_KEY").generate(ASK)


async def test_openai_without_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ReaderUnavailable, match="set the environment variable OPENAI_API_KEY"):
        await OpenAIReader("gpt-x").generate(ASK)


async def test_too_long_prompt_refused_by_the_server(server):
    server.then(400, "This model's maximum context length is 4096 tokens.")
    with pytest.raises(LcragError, match="about 23 tokens and 16 for the answer do not fit"):
        await OpenAIReader("m", server.url).generate(ASK)


async def test_answer_shortened_by_the_server_is_no_answer(server):
    server.script.append((200, reply(finish="length", written=4), {}))
    with pytest.raises(LcragError, match="200 tokens and 16 for the answer do not fit"):
        await OpenAIReader("m", server.url).generate(ASK)


def test_context_window_is_given_or_asked_for(server):
    assert OpenAIReader("m", "http://127.0.0.1:9/v1", max_model_len=100).context_window == 100
    assert OpenAIReader("m", server.url).context_window == 4096
    with pytest.raises(ReaderUnavailable, match="set max_model_len"):
        _ = OpenAIReader("n", server.url).context_window


def test_one_reader_outlives_event_loops(server):
    reader = OpenAIReader("m", server.url)
    for _ in range(3):
        assert asyncio.run(reader.generate(ASK)).text == "Jane Austen."


def test_tokens_are_estimated_or_counted():
    assert OpenAIReader("m").count_tokens(ASK.messages) == estimate_room(ASK.messages) == 23
    assert OpenAIReader("m").spec is None
    pytest.importorskip("transformers")
    from lcrag.readers.smollm2 import checkpoint

    reader = OpenAIReader("m", tokenizer=str(checkpoint()))
    assert reader.count_tokens((Message("system", "A"), Message("user", "B"))) == 6 + 6 + 4
    assert reader.spec is not None and reader.spec.layers == 30


def test_import_makes_no_client():
    code = "import sys, lcrag.readers.openai; assert not {'openai', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_token_probabilities_are_asked_for_where_a_word_is_watched(server):
    watching = replace(ASK, watch="unanswerable")
    tops = [
        {"token": t, "logprob": p, "bytes": None} for t, p in (("Un", -1.0), ("Jane", -0.5), (" un", -3.0))
    ]
    said = reply()
    said["choices"][0]["logprobs"] = {"content": [{**tops[1], "top_logprobs": tops}]}
    server.script.append((200, said, {}))
    done = await OpenAIReader("m", server.url, token_probabilities=True).generate(watching)
    assert done.watched == pytest.approx(math.exp(-1) + math.exp(-3))
    assert server.seen[0][1]["top_logprobs"] == 20
    done = await OpenAIReader("m", server.url).generate(watching)
    assert done.watched is None and "logprobs" not in server.seen[1][1]
