"""Text that is no text: a server may cut a character in half (JSON `\\ud800`)."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from lcrag.errors import LcragError
from lcrag.readers import Message, OpenAIReader, Request
from tests.readers.scripted_server import Server, reply
from tests.readers.test_langchain import chat_openai

ASK = Request((Message("user", "Who wrote Emma?"),), max_tokens=16)
HALF, WHOLE = reply("Jane \ud83d"), reply("Jane \ud83d\ude00")  # json.dumps writes both as escapes


@pytest.mark.parametrize(("body", "text"), [(HALF, "Jane \N{REPLACEMENT CHARACTER}"), (WHOLE, "Jane 😀")])
async def test_half_a_character_is_replaced(server: Server, body, text):
    server.script += [(200, body, {}), (200, body, {})]
    assert (await OpenAIReader("m", server.url).generate(ASK)).text == text
    assert (await chat_openai(server).generate(ASK)).text == text


async def test_in_an_error(server: Server):
    server.then(400, "bad \ud800 prompt")
    with pytest.raises(LcragError, match="bad \N{REPLACEMENT CHARACTER} prompt"):
        await OpenAIReader("m", server.url).generate(ASK)


def test_a_run_with_half_a_character_is_written_whole(run, tmp_path, server: Server):
    def rule(body):
        asked = body["messages"][-1]["content"]
        if "audits" in asked:
            return 400, {"error": {"message": "\ud800"}}, {}
        return (200, HALF, {}) if "sell?" in asked else None

    server.rule = rule
    done = run()
    assert done.returncode == 1 and "2 of 6 answers failed" in done.stderr
    table = pd.read_parquet(tmp_path / "out" / "outcomes.parquet")
    assert (table["answer"] == "Jane \N{REPLACEMENT CHARACTER}").sum() == 2
    assert (tmp_path / "out" / "report.html").read_text("utf-8")
    for line in (tmp_path / "out" / "outcomes.jsonl").read_text("utf-8").splitlines():
        json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8")
