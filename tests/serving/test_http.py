"""An application behind HTTP, asked by OpenAI's own client."""

import asyncio
import threading

import httpx
import openai
import pytest
import uvicorn

from lcrag import Application, Budget, LaRARule, Limits, Routed
from lcrag.serving.http import create_server
from lcrag.strategies import ChunkedRetrieval, LongContext
from lcrag.testing.world import TEXTS, WordEmbedder
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker

FOUNDED = [{"role": "user", "content": "When was Northwind founded?"}]
CHIEF = [{"role": "user", "content": "Who is the chief of Southbay?"}]
ROUTED = Routed(LaRARule(), (ChunkedRetrieval(k=1), LongContext()))


@pytest.fixture
def serve(scripted):
    """Starts a server on a free port; returns its address and its application."""
    running = []

    def start(reader=None, budget=None, feedback_folder=None, **limits):
        app = Application(
            ROUTED, reader or scripted(), TEXTS, retriever=BM25Retriever(RecursiveChunker(200, 0)),
            embedder=WordEmbedder(), budget=budget, feedback_folder=feedback_folder,
        )  # fmt: skip
        config = uvicorn.Config(create_server(app, **limits), port=0, log_level="warning")
        socket = config.bind_socket()
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([socket],))
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{socket.getsockname()[1]}", app

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


def client(url, **settings):
    return openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0, **settings)


def test_openais_client_is_answered_with_the_route_and_its_cost(serve):
    url, _ = serve()
    one_document = {"lcrag": {"documents": ["north.md"]}}
    reply = client(url).chat.completions.create(model="lcrag", messages=FOUNDED, extra_body=one_document)
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("1987", "stop")
    assert reply.usage.prompt_tokens == reply.lcrag["usage"]["prompt_tokens"] > 0
    assert reply.lcrag["strategy"] == "chunked_retrieval" and reply.lcrag["reason"]
    cited = reply.lcrag["citations"][0]
    assert TEXTS["north.md"][cited["start"] : cited["end"]] == cited["text"]
    assert [m.id for m in client(url).models.list()] == [
        "lcrag",
        "routed",
        "chunked_retrieval",
        "long_context",
    ]


def test_a_strategy_is_a_model_of_its_name(serve):
    url, _ = serve()
    reply = client(url).chat.completions.create(model="long_context", messages=CHIEF)
    assert (reply.choices[0].message.content, reply.lcrag["strategy"]) == ("Ada Moss", "long_context")
    with pytest.raises(openai.NotFoundError, match="'gpt-4' does not exist"):
        client(url).chat.completions.create(model="gpt-4", messages=CHIEF)


def test_a_stream(serve):
    url, _ = serve()
    stream = client(url).chat.completions.create(
        model="long_context", messages=CHIEF, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert [c.choices[0].delta.content for c in chunks[:-2]] == ["Ada", " Moss"]
    assert (chunks[-2].choices[0].finish_reason, chunks[-2].lcrag["strategy"]) == ("stop", "long_context")
    assert chunks[-1].usage.completion_tokens == 2


def test_earlier_messages_are_the_conversation(serve, scripted):
    facts = scripted()
    reader = scripted(
        lambda r: (
            "When was Northwind founded?" if "Last question" in r.messages[-1].content else facts.answers(r)
        )
    )
    url, _ = serve(reader)
    earlier = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
    ]
    asked = [*earlier, {"role": "user", "content": "When was it?"}]
    reply = client(url).chat.completions.create(model="long_context", messages=asked)
    assert (reply.choices[0].message.content, reply.lcrag["question"]) == ("1987", FOUNDED[0]["content"])
    with pytest.raises(openai.BadRequestError, match="must be the user's"):
        client(url).chat.completions.create(model="lcrag", messages=earlier)


def test_twenty_clients_at_once(serve, scripted):
    url, app = serve(scripted(delay=0.1))

    async def ask(client, i):
        asked = (FOUNDED, CHIEF)[i % 2]
        if i % 4 < 2:
            reply = await client.chat.completions.create(model="long_context", messages=asked)
            return reply.choices[0].message.content
        stream = await client.chat.completions.create(model="long_context", messages=asked, stream=True)
        return "".join([c.choices[0].delta.content or "" async for c in stream])

    async def all_of_them():
        clients = [openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) for _ in range(20)]
        return await asyncio.gather(*(ask(c, i) for i, c in enumerate(clients)))

    assert asyncio.run(all_of_them()) == ["1987", "Ada Moss"] * 10
    assert app.spent.calls == 20


def test_more_at_once_than_allowed_are_refused(serve, scripted):
    url, _ = serve(scripted(delay=0.5), max_concurrency=2)

    async def statuses():
        async with httpx.AsyncClient() as http:
            body = {"model": "long_context", "messages": FOUNDED}
            posts = [http.post(f"{url}/v1/chat/completions", json=body) for _ in range(5)]
            return [(r.status_code, r.headers.get("retry-after")) for r in await asyncio.gather(*posts)]

    assert sorted(asyncio.run(statuses())) == [(200, None)] * 2 + [(429, "1")] * 3
    assert asyncio.run(statuses()).count((200, None)) == 2  # the places are free again


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused(serve, chunked):
    url, _ = serve(max_bytes=1000)
    body = b'{"model": "lcrag", "messages": [{"role": "user", "content": "' + b"x" * 2000 + b'"}]}'
    content = iter([body[:900], body[900:]]) if chunked else body
    reply = httpx.post(f"{url}/v1/chat/completions", content=content)
    assert reply.status_code == 413 and "1,000 bytes" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"messages": FOUNDED}, "model: Field required"),
        ({"model": "lcrag", "messages": []}, "messages: List should have at least 1 item"),
        ({"model": "lcrag", "messages": [{"role": "user", "content": " "}]}, "Give a question"),
        (
            {"model": "lcrag", "messages": FOUNDED, "lcrag": {"documents": ["nord.md"]}},
            "did you mean 'north.md'",
        ),
        (
            {"model": "lcrag", "messages": FOUNDED, "lcrag": {"x": 1}},
            "lcrag.x: Extra inputs are not permitted",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_bad_requests_say_what_is_wrong(serve, body, told, stream):
    url, _ = serve()
    reply = httpx.post(f"{url}/v1/chat/completions", json={**body, "stream": stream})
    assert reply.status_code == 400
    assert told in reply.json()["error"]["message"]


def test_a_cap_is_told_as_one(serve):
    url, _ = serve(budget=Budget(question=Limits(tokens=10)))
    with pytest.raises(openai.APIStatusError, match=r"Over budget\.question\.tokens") as error:
        client(url).chat.completions.create(model="lcrag", messages=FOUNDED)
    assert error.value.status_code == 402


def test_a_key(serve):
    url, _ = serve(api_key="sesame")
    with pytest.raises(openai.AuthenticationError):
        client(url).models.list()
    assert openai.OpenAI(base_url=f"{url}/v1", api_key="sesame").models.list().data
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}


def test_feedback_over_http(serve, tmp_path):
    url, _ = serve(feedback_folder=tmp_path)
    stream = client(url).chat.completions.create(model="lcrag", messages=FOUNDED, stream=True)
    *_, last = stream
    assert httpx.post(f"{url}/v1/feedback", json={"id": last.lcrag["id"], "thumb": True}).json()["score"] == 1
    reply = httpx.post(f"{url}/v1/feedback", json={"id": "x", "thumb": True})
    assert reply.status_code == 400 and "x" in reply.json()["error"]["message"]


def test_documents_over_http(serve):
    url, app = serve()
    place = f"{url}/v1/documents/sub/west.md"
    assert httpx.put(place, content=b"Westwind rents boats.").json()["added"] == 1
    assert httpx.get(place).json() == {"id": "sub/west.md", "text": "Westwind rents boats."}
    assert [d["id"] for d in httpx.get(f"{url}/v1/documents").json()["data"]] == [*TEXTS, "sub/west.md"]
    page = b"<html><body><p>Eastwind sells maps.</p></body></html>"
    assert httpx.put(f"{url}/v1/documents/east.html", content=page).json()["added"] == 1
    assert "Eastwind sells maps." in app.documents["east.html"].text
    assert httpx.delete(place).json() == {"removed": "sub/west.md"}
    assert httpx.delete(place).status_code == 404
    for name, content, told in (
        ("x.exe", b"x", "a document ends in"),
        ("x.md", b"\xff\xfe", "x.md: byte 0 is not UTF-8"),
        ("x.md", b" ", "x.md: the document is empty"),
    ):
        reply = httpx.put(f"{url}/v1/documents/{name}", content=content)
        assert reply.status_code == 400 and told in reply.json()["error"]["message"]
