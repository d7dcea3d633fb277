"""A real vLLM server with the bundled model; it starts when the modules with the engine in this process are done."""

from __future__ import annotations

import asyncio
import pydoc_data.topics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.benchmarks.vllm_server import vllm_server
from lcrag.readers import Message, Request
from lcrag.readers.tokens import ChatTokenizer

QUESTIONS = (
    "What does len(d) return?",
    "How do you remove the item with key k?",
    "What is a tuple?",
    "Which method sorts a list in place?",
    "What does s.copy() do?",
    "What is range used for?",
    "What does dict.get return when the key is missing?",
    "What happens when a key is not found?",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where vLLM is not installed."""
    if find_spec("vllm") is None:
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.skip(reason="vLLM is not installed: make test-vllm"))


@pytest.fixture(scope="session")
def folder() -> str:
    from lcrag.readers.smollm2 import checkpoint

    return str(checkpoint())


@pytest.fixture(scope="session")
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB
        patch.setenv("VLLM_NO_USAGE_STATS", "1")
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="session")
def server(folder: str, environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base_url of a running server."""
    with vllm_server(folder, "smollm2", tmp_path_factory.mktemp("vllm") / "server.log") as base_url:
        yield base_url


@pytest.fixture(scope="session")
def long_context() -> Callable[..., Request]:
    """Makes a prompt with the document first: about 6,000 tokens of Python's own manual for each repeat."""
    topics = pydoc_data.topics.topics
    document = (topics["typesseq"] + topics["typesmapping"])[:24500]

    def make(question: str, salt: str = "", repeats: int = 1, max_tokens: int = 24) -> Request:
        text = f"Text:\n{document * repeats}\n\n"
        tail = f"Question: {question}\nAnswer in a few words."
        messages = (Message("system", "You answer questions about a text."), Message("user", text + tail))
        return Request(messages, max_tokens, prefix_chars=len(text), cache_salt=salt)

    return make


@pytest.fixture(scope="session")
def eight_questions(folder: str, long_context: Callable[..., Request]) -> Callable:
    """Asks a leader, then seven followers at once; returns the completions and what they cost."""
    tokenizer = ChatTokenizer(folder)

    async def ask(reader, salt: str = "") -> SimpleNamespace:
        requests = [long_context(question, salt) for question in QUESTIONS]
        encoded = [tokenizer.encode(r.messages, r.prefix_chars) for r in requests]
        started = time.perf_counter()
        leader = await reader.generate(requests[0])
        first = time.perf_counter() - started
        done = [leader, *await asyncio.gather(*map(reader.generate, requests[1:]))]
        seconds = time.perf_counter() - started
        document = encoded[0][1]
        return SimpleNamespace(
            done=done,
            counted=[len(ids) for ids, _ in encoded],
            document=document,
            tails=[len(ids) - document for ids, _ in encoded],
            computed=sum(c.usage.computed_tokens for c in done),
            told=f"leader {first:.2f} s, all eight {seconds:.2f} s",
        )

    return ask
