"""LangChain chat models as readers: with and without token counts of their own."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage

from lcrag.errors import LcragError
from lcrag.readers import LangChainReader, Message, Reader, Request
from lcrag.readers.tokens import estimate_room
from tests.readers.scripted_server import reply
from tests.readers.test_openai_refusals import TOOL, counted, said

ASK = Request((Message("system", "Be brief."), Message("user", "Who wrote Emma?")), max_tokens=16)


class Recorder(GenericFakeChatModel):
    """Keeps what it was called with."""

    calls: list[Any] = []

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        self.calls.append((messages, stop, kwargs))
        return super()._generate(messages, stop, run_manager, **kwargs)


class Exact(FakeListChatModel):
    """Has a token counter: a token is a character."""

    def get_token_ids(self, text: str) -> list[int]:
        return [ord(c) for c in text]

    def get_num_tokens_from_messages(self, messages, tools=None) -> int:
        return sum(len(m.content) for m in messages)


async def test_without_usage_tokens_are_estimated():
    reader = LangChainReader(FakeListChatModel(responses=["Jane Austen."]), context_window=100)
    assert isinstance(reader, Reader)
    done = await reader.generate(ASK)
    assert done.text == "Jane Austen."
    assert (
        done.usage.prompt_tokens == 5 * 3 + 3 + 4
    )  # 5 for each message and the reply, then 9 and 15 characters
    assert done.usage.completion_tokens == 3  # 12 characters
    assert done.usage.cached_tokens == 0 and done.usage.calls == 1 and done.usage.seconds > 0


async def test_the_models_own_counter_is_used():
    reader = LangChainReader(Exact(responses=["Jane Austen."]), context_window=100)
    done = await reader.generate(ASK)
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (24, 12)


async def test_a_counter_that_fails_gives_way_to_the_estimate():
    class Broken(FakeListChatModel):
        def get_num_tokens_from_messages(self, messages, tools=None) -> int:
            raise ImportError("tiktoken")

    reader = LangChainReader(Broken(responses=["x"]), context_window=100)
    assert reader.count_tokens(ASK.messages) == estimate_room(ASK.messages)


async def test_usage_metadata_is_taken_over():
    used = {
        "input_tokens": 900,
        "output_tokens": 7,
        "total_tokens": 907,
        "input_token_details": {"cache_read": 640},
    }
    message = AIMessage(
        "Jane Austen.", usage_metadata=used, response_metadata={"finish_reason": "length", "model_name": "m"}
    )
    done = await LangChainReader(GenericFakeChatModel(messages=iter([message])), 8192).generate(ASK)
    assert (done.usage.prompt_tokens, done.usage.cached_tokens, done.usage.completion_tokens) == (900, 640, 7)
    assert done.finish_reason == "length"


async def test_messages_and_settings_reach_the_model():
    model = Recorder(messages=iter([AIMessage("Jane STOP Austen")]), calls=[])
    reader = LangChainReader(model, 8192, passed_on=("max_tokens", "seed"))
    request = Request(ASK.messages, max_tokens=16, seed=5, stop=("STOP",))
    done = await reader.generate(request)
    messages, stop, given = model.calls[0]
    assert [m.type for m in messages] == ["system", "human"]
    assert stop == ["STOP"] and given == {"max_tokens": 16, "seed": 5}
    assert done.text == "Jane"  # a model that overlooks stop strings is cut here


async def test_too_long_prompt_is_refused_before_the_call():
    model = Recorder(messages=iter([AIMessage("x")]), calls=[])
    with pytest.raises(LcragError, match=r"23 tokens and 16 for the answer .* the 38 tokens of tiny"):
        await LangChainReader(model, 38, name="tiny").generate(ASK)
    assert model.calls == []


async def test_a_failing_model_is_told_in_one_sentence():
    model = GenericFakeChatModel(messages=iter([]))
    with pytest.raises(LcragError, match="GenericFakeChatModel failed with"):
        await LangChainReader(model, 8192).generate(ASK)


def test_name_is_the_models_own_unless_given():
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="gpt-x", api_key="none")
    assert LangChainReader(model, 8192).name == "gpt-x"
    assert LangChainReader(model, 8192, name="mine").name == "mine"
    with pytest.raises(LcragError, match="'tempo'"):
        LangChainReader(model, 8192, passed_on=("tempo",))


def chat_openai(server):
    from langchain_openai import ChatOpenAI

    return LangChainReader(ChatOpenAI(model="m", base_url=server.url, api_key="none", max_retries=0), 4096)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (reply("Jane", "content_filter"), "content filter"),
        (said(None, refusal="I cannot help."), "refused to answer: I cannot help"),
        (said(None, "tool_calls", tool_calls=[TOOL]), "called the tool search"),
        (counted(completion_tokens=-4), "completion_tokens -4"),
        (counted(prompt_tokens_details={"cached_tokens": 201}), "cached_tokens 201"),
    ],
)
async def test_what_is_no_answer_is_an_error(server, body, words):
    server.script.append((200, body, {}))
    with pytest.raises(LcragError, match=words):
        await chat_openai(server).generate(ASK)


@pytest.mark.parametrize(("reason", "ended"), [("MAX_TOKENS", "length"), ("STOP", "stop"), ("", "stop")])
async def test_providers_spell_reasons_as_they_like(reason, ended):
    message = AIMessage("Jane Austen.", response_metadata={"finish_reason": reason})
    done = await LangChainReader(GenericFakeChatModel(messages=iter([message])), 8192).generate(ASK)
    assert done.finish_reason == ended


def test_window_and_concurrency_are_no_part_of_a_rows_identity():
    from lcrag.components.settings import digest

    model = FakeListChatModel(responses=["x"])
    assert digest(LangChainReader(model, 100)) == digest(LangChainReader(model, 200, max_concurrency=2))
    assert digest(LangChainReader(model, 100)) != digest(LangChainReader(model, 100, name="other"))
