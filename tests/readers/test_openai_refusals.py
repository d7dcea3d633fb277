"""What is not an answer is a failed row with its reason; counts that cannot be are not booked."""

from __future__ import annotations

import pandas as pd
import pytest

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers import Message, OpenAIReader, Request
from tests.readers.scripted_server import Server, reply

ASK = Request((Message("user", "Who wrote Emma?"),), max_tokens=16)
TOOL = {"id": "c", "type": "function", "function": {"name": "search", "arguments": "{}"}}


def said(text: str | None, finish: str | None = "stop", **message) -> dict:
    whole = reply(text, finish)
    whole["choices"][0]["message"] |= message
    return whole


NO_ANSWERS = {
    "filtered": (said("Jane", "content_filter"), "content filter"),
    "filtered without a word": (said(None, "content_filter"), "content filter"),
    "refused": (said(None, refusal="I cannot help with that."), "refused.*I cannot help with that"),
    "tool": (said(None, "tool_calls", tool_calls=[TOOL]), "called the tool search"),
    "tool beside text": (said("Let me look.", "stop", tool_calls=[TOOL]), "called the tool search"),
    "nothing": (said(None), "without text"),
    "thought to the end": (reply(None, "length", written=16), "max_tokens.*without text"),
    "no choices": ({**reply(), "choices": []}, "without text"),
    "no message": ({**reply(), "choices": [{"index": 0, "finish_reason": "stop"}]}, "without text"),
    "broken off": (said("Jane", "abort"), "an error of the server"),
    "text that is none": (said({"a": 1}), "without text"),
}


@pytest.mark.parametrize("body, words", NO_ANSWERS.values(), ids=NO_ANSWERS)
async def test_no_answer(server: Server, body, words):
    server.script.append((200, body, {}))
    with pytest.raises(LcragError, match=words) as caught:
        await OpenAIReader("m", server.url).generate(ASK)
    assert not isinstance(caught.value, ReaderUnavailable) and len(server.seen) == 1


@pytest.mark.parametrize(("finish", "text"), [("stop", ""), (None, "Jane Austen."), ("eos_token", "Jane")])
async def test_an_answer_all_the_same(server: Server, finish, text):
    server.script.append((200, said(text, finish), {}))
    done = await OpenAIReader("m", server.url).generate(ASK)
    assert (done.text, done.finish_reason) == (text, "stop")


def counted(**changes) -> dict:
    whole = reply()
    whole["usage"] |= changes
    return whole


IMPOSSIBLE = {
    "missing": ({**reply(), "usage": None}, "no token counts"),
    "empty": ({**reply(), "usage": {}}, "prompt_tokens None"),
    "a word": ({**reply(), "usage": "many"}, "no token counts"),
    "no prompt": (counted(prompt_tokens=None), "prompt_tokens None"),
    "empty prompt": (counted(prompt_tokens=0), "prompt_tokens 0"),
    "negative": (counted(completion_tokens=-4), "completion_tokens -4"),
    "text": (counted(prompt_tokens="many"), "prompt_tokens 'many'"),
    "fraction": (counted(prompt_tokens=1.5), "prompt_tokens 1.5"),
    "more cached": (counted(prompt_tokens_details={"cached_tokens": 201}), "cached_tokens 201"),
    "less than none": (counted(prompt_tokens_details={"cached_tokens": -1}), "cached_tokens -1"),
}


@pytest.mark.parametrize("body, words", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
async def test_impossible_usage(server: Server, body, words):
    server.script.append((200, body, {}))
    with pytest.raises(LcragError, match=words):
        await OpenAIReader("m", server.url).generate(ASK)


async def test_details_without_a_cache(server: Server):
    server.script.append((200, counted(prompt_tokens_details={"audio_tokens": 0}), {}))
    assert (await OpenAIReader("m", server.url).generate(ASK)).usage.cached_tokens == 0


def test_a_filtered_answer_in_a_run(run, tmp_path, server: Server):
    server.rule = lambda body: (
        (200, said("Kites", "content_filter"), {}) if "sell?" in body["messages"][-1]["content"] else None
    )
    done = run()
    assert done.returncode == 1 and "2 of 6 answers failed" in done.stderr
    table = pd.read_parquet(tmp_path / "out" / "outcomes.parquet")
    failed = table[table["error"] != ""]
    assert len(failed) == 2 and failed["score"].isna().all() and (failed["answer"] == "").all()
    assert failed["error"].str.contains("content filter").all()
