"""The address of a server: where a model is asked is no part of what it answers."""

from __future__ import annotations

import pytest

from embedders import OpenAIEmbedder
from lcrag.errors import ReaderUnavailable
from lcrag.readers import Message, OpenAIReader, Request
from lcrag.readers.openai_endpoint import is_openai
from tests.readers.scripted_server import Server, serving

ASK = Request((Message("user", "Who wrote Emma?"),), max_tokens=16)


@pytest.mark.slow
def test_another_address_pays_nothing_again(run, server: Server):
    assert run(url=f"{server.url}/").returncode == 0
    assert len(server.seen) == 6
    with serving() as other:
        for url in (other.url, f"{other.url}/", server.url.replace("127.0.0.1", "localhost")):
            done = run(url=url)
            assert done.returncode == 0 and "6 of 6 answers were there already." in done.stdout
        assert other.seen == []
        assert run(url=other.url, model="n", reader="max_model_len: 4096").returncode == 0
        assert len(other.seen) == 6  # another model is another experiment
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    "address",
    ["https://api.openai.com/v1/", "https://API.openai.com/v1", "https://eu.api.openai.com/v1"],
)
async def test_openai_by_any_of_its_addresses(address, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ReaderUnavailable, match="set the environment variable OPENAI_API_KEY"):
        await OpenAIReader("gpt-x", address).generate(ASK)


@pytest.mark.parametrize(
    "address",
    [
        "http://api.openai.com/v1",  # the key would be sent as plain text
        "https://api.openai.com.example.org/v1",
        "https://notapi.openai.com/v1",
        "http://localhost:8000/v1?next=https://api.openai.com",
    ],
)
def test_nobody_else_is_openai(address):
    assert not is_openai(address)


def test_an_embedder_moves_as_well(monkeypatch):
    from lcrag.components.settings import digest

    here, there = (OpenAIEmbedder("e", f"http://127.0.0.1:{port}/v1") for port in (1, 2))
    assert digest(here) == digest(there)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ValueError, match="set OPENAI_API_KEY"):
        OpenAIEmbedder("e", "https://api.openai.com/v1/").embed_query("a")
