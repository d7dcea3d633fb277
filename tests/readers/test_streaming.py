"""An OpenAI-compatible server's stream."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from lcrag.errors import LcragError
from lcrag.readers import Message, OpenAIReader, Request
from lcrag.readers.streaming import listening

ASK = Request((Message("user", "Who?"),), max_tokens=16, stop=("\n",))
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def chunk(text=None, reason=None, **more):
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": reason}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


WHOLE = [chunk("Ada"), chunk(" "), chunk("Moss"), chunk("\n"), chunk(reason="stop"),
         {**chunk(), "choices": [], "usage": USAGE}, "[DONE]"]  # fmt: skip


@pytest.fixture
def server():
    """Sends the next list of events to each request."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"object": "list", "data": []}')

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            http.bodies.append(body)
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for event in http.replies.pop(0):
                data = event if isinstance(event, str) else json.dumps(event)
                self.wfile.write(f"data: {data}\n\n".encode())

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.replies, http.bodies = [], []
    Thread(target=http.serve_forever, daemon=True).start()
    http.url = f"http://127.0.0.1:{http.server_port}/v1"
    yield http
    http.shutdown()
    http.server_close()


async def read(server, **settings):
    told = []
    with listening(told.append):
        completion = await OpenAIReader("m", server.url, max_model_len=99, **settings).generate(ASK)
    return completion, told


async def test_tokens_are_told_and_counted(server):
    server.replies = [WHOLE]
    completion, told = await read(server)
    assert told == ["Ada", " Moss"]
    assert (completion.text, completion.finish_reason) == ("Ada Moss", "stop")
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (9, 4)
    assert server.bodies[0]["stream"] and server.bodies[0]["stream_options"] == {"include_usage": True}


async def test_more_fields_of_a_request_are_sent(server):
    server.replies = [WHOLE]
    _, told = await read(server, extra_body={"top_k": 1}, send_cache_salt=True)
    assert told == ["Ada", " Moss"]
    assert server.bodies[0]["top_k"] == 1 and server.bodies[0]["stream"]


async def test_a_broken_stream_is_tried_again(server):
    server.replies = [[chunk("Ada")], WHOLE]
    _, told = await read(server, retry_seconds=5)
    assert told == ["Ada", " Moss"]


async def test_a_second_try_that_says_something_else_is_an_error(server):
    server.replies = [[chunk("Ida")], WHOLE]
    with pytest.raises(LcragError, match="interrupted"):
        await read(server, retry_seconds=5)
