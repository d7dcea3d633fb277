"""Answers piece by piece, and LangChain's settings of a call."""

import asyncio
import functools
import operator
import time

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListChatModel

from lcrag import LangChainReader, LaRARule, ProbeRouter, RetrieveThenReason, Routed
from lcrag.errors import LcragError
from lcrag.readers.base import Message, Request
from lcrag.readers.streaming import Speaker, listening
from lcrag.strategies import ChunkedRetrieval, LongContext

CHIEF = {"question": "Who is the chief of Southbay?", "documents": "south.md"}
BOTH = (ChunkedRetrieval(k=1), LongContext())


def without_seconds(result):
    return {k: {**v, "seconds": 0} if isinstance(v, dict) else v for k, v in result.items() if k != "id"}


@pytest.mark.parametrize(
    "strategy", [*BOTH, Routed(LaRARule(), BOTH), Routed(ProbeRouter(), BOTH), RetrieveThenReason()]
)
def test_pieces_add_up_to_the_result(strategy, serve):
    pieces = list(serve(strategy).stream(CHIEF))
    result = serve(strategy).invoke(CHIEF)
    assert without_seconds(functools.reduce(operator.add, pieces)) == without_seconds(result)
    streamed = strategy in BOTH or isinstance(getattr(strategy, "router", None), LaRARule)
    words = ["Ada", " Moss"] if streamed else ["Ada Moss"]  # a probe's answer may be rejected: it is not told
    assert [p["answer"] for p in pieces[:-1]] == words
    assert "answer" not in pieces[-1]


def test_an_answer_on_which_feedback_can_be_given_is_told_too(serve, tmp_path):
    app = serve(Routed(LaRARule(), BOTH), feedback_folder=tmp_path)
    pieces = list(app.stream(CHIEF))
    assert [p["answer"] for p in pieces[:-1]] == ["Ada", " Moss"]
    assert app.feedback(pieces[-1]["id"], thumb=True).score == 1


def test_the_first_word_is_there_before_the_last(serve, scripted):
    app = serve(LongContext(), scripted(delay=0.4))

    async def first_and_last():
        times = [time.perf_counter() async for _ in app.astream(CHIEF)]
        return times[-1] - times[0]

    assert asyncio.run(first_and_last()) > 0.15


def test_a_caller_who_leaves_ends_the_work(serve, scripted):
    app = serve(LongContext(), scripted(lambda request: "one two three four", delay=0.4))
    stream = app.stream(CHIEF)
    assert next(stream)["answer"] == "one"
    stream.close()
    assert app.spent.calls == 0  # the call was ended, not waited for


def test_an_error_comes_out_of_the_stream(serve):
    with pytest.raises(LcragError, match="no document 'x'"):
        list(serve(LongContext()).stream({"question": "When?", "documents": "x"}))


class Heard(BaseCallbackHandler):
    def __init__(self):
        self.started, self.ended = [], []

    def on_chain_start(self, serialized, inputs, *, tags, metadata, **rest):
        self.started.append((rest.get("name"), tags, metadata))

    def on_chain_end(self, outputs, **_):
        self.ended.append(outputs["answer"])


def test_callbacks_tags_and_names(serve):
    heard, app = Heard(), serve(LongContext())
    config = {"callbacks": [heard], "tags": ["web"], "metadata": {"user": 7}, "run_name": "ask"}
    app.invoke(CHIEF, config)
    list(app.stream(CHIEF, config))
    asyncio.run(app.ainvoke(CHIEF, config))
    assert heard.started == [("ask", ["web"], {"user": 7})] * 3
    assert heard.ended == ["Ada Moss"] * 3


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_concurrency_of_a_call_is_kept(serve, scripted, asynchronous):
    active, most = 0, 0

    class Counting(type(scripted())):
        async def generate(self, request):
            nonlocal active, most
            active += 1
            most = max(most, active)
            try:
                return await super().generate(request)
            finally:
                active -= 1

    app = serve(LongContext(), Counting(lambda request: "x", delay=0.02))
    config = {"max_concurrency": 2}
    if asynchronous:
        asyncio.run(app.abatch([CHIEF] * 6, config))
    else:
        app.batch([CHIEF] * 6, config)
    assert most == 2


def test_nothing_is_told_that_may_be_taken_back():
    told = []
    speaker = Speaker(told.append, ("\n\n", "END"))
    for text in (
        "  Ada",
        "  Ada ",
        "  Ada Mo",
        "  Ada Moss\n",
        "  Ada Moss\nE",
        "  Ada Moss\nEN",
        "  Ada Moss\nENDs",
    ):
        speaker.update(text)
    speaker.finish("Ada Moss")
    assert told == ["Ada", " Mo", "ss"]
    with pytest.raises(LcragError, match="interrupted"):
        speaker.finish("Ida Moss")


async def test_a_langchain_model_streams():
    reader = LangChainReader(FakeListChatModel(responses=["Ada Moss"]), context_window=1000, name="fake")
    told = []
    with listening(told.append):
        completion = await reader.generate(Request((Message("user", "Who?"),), max_tokens=9))
    assert completion.text == "Ada Moss" == "".join(told)
    assert len(told) > 2
