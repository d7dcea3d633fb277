"""Questions that refer to what was said before."""

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from lcrag import Application
from lcrag.errors import LcragError
from lcrag.serving.conversation import Turn, turns_of
from lcrag.strategies import LongContext
from lcrag.testing.world import TEXTS, WordEmbedder
from retrievers.bm25 import BM25Retriever

SELLS = ("What does Northwind sell?", "Kites.")
MESSAGES = [{"role": "system", "content": "x"}, {"role": "user", "content": SELLS[0]},
            {"role": "assistant", "content": SELLS[1]}]  # fmt: skip


@pytest.fixture
def serve(scripted):
    facts = scripted()

    def respond(request):
        prompt = request.messages[-1].content
        return (
            "When was Northwind founded?\nSurely." if "Last question:" in prompt else facts.answers(request)
        )

    def make(**settings):
        reader = scripted(respond)
        return Application(
            LongContext(), reader, TEXTS, retriever=BM25Retriever(), embedder=WordEmbedder(), **settings
        )

    return make


@pytest.mark.parametrize(
    "history",
    [[SELLS], [Turn(*SELLS)], MESSAGES, [SystemMessage("x"), HumanMessage(SELLS[0]), AIMessage(SELLS[1])]],
)
def test_a_follow_up_is_rewritten_and_paid_for(serve, history):
    app = serve()
    result = app.invoke({"question": "And when was it founded?", "history": history})
    assert (result["answer"], result["question"]) == ("1987", "When was Northwind founded?")
    rewriting, _ = app.resources.reader.requests
    assert f"User: {SELLS[0]}\nAssistant: {SELLS[1]}" in rewriting.messages[-1].content
    assert result["usage"]["calls"] == 2 == app.spent.calls


def test_a_first_question_is_left_as_it_is(serve):
    app = serve()
    result = app.invoke({"question": "When was Northwind founded?", "history": []})
    assert result["question"] == "When was Northwind founded?"
    assert result["usage"]["calls"] == 1


def test_the_application_remembers_conversations_by_name(serve, tmp_path):
    app = serve(keep=tmp_path)
    first = {"question": SELLS[0], "conversation": "a"}
    app.invoke(first)
    assert app.invoke({"question": "When was it?", "conversation": "b"})["question"] == "When was it?"
    restarted = serve(keep=tmp_path)
    follow_up = restarted.invoke("When was it?", {"configurable": {"thread_id": "a"}})
    assert follow_up["question"] == "When was Northwind founded?"
    assert restarted.conversations.turns("a") == (Turn(*SELLS), Turn("When was it?", "1987"))
    restarted.conversations.forget("a")
    assert restarted.conversations.turns("a") == ()


def test_a_conversation_can_be_passed_on(serve):
    app = serve(follow_up="pass")
    result = app.invoke({"question": "And when was it founded?", "history": [SELLS]})
    assert result["usage"]["calls"] == 1
    prompt = app.resources.reader.requests[-1].messages[-1].content
    assert f"Assistant: {SELLS[1]})\nAnd when was it founded?" in prompt


def test_streams_tell_the_answer_and_not_the_rewriting(serve):
    pieces = list(serve().stream({"question": "And when was it founded?", "history": [SELLS]}))
    assert [p["answer"] for p in pieces[:-1]] == ["1987"]
    assert pieces[-1]["question"] == "When was Northwind founded?"


def test_bad_history():
    for bad in ([1], [{"role": "user"}], 3, ["text"]):
        with pytest.raises(LcragError, match="history: messages"):
            turns_of(bad)


def test_a_strategy_can_be_asked_for_by_name(serve):
    with pytest.raises(LcragError, match="no strategy 'long'; did you mean 'long_context'"):
        serve().invoke({"question": "Why?", "strategy": "long"})
