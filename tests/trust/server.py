"""An OpenAI-compatible server that writes down what every call took, by counts of its own.

It serves ``/v1/models``, ``/v1/chat/completions`` with scripted answers and a cache of prefixes for each salt (one for
all where none is sent), and ``/v1/embeddings``. Nothing of lcrag counts here.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BLOCK = 16  # tokens of which a cache keeps the prefix


@dataclass(frozen=True)
class Call:
    """One answered call: its path, whose prefixes it could use, and its tokens."""

    path: str
    salt: str
    prompt: int
    cached: int = 0
    completion: int = 0


@dataclass
class CountingServer:
    """The server's state.

    Attributes:
        answer: Gives the reply to a list of messages.
        tokenise: Gives the tokens of a list of messages.
        embed: Gives the vectors of some texts, and the tokens of each.
        calls: What was answered so far.
        refuses: Whether to refuse this list of messages.
    """

    answer: Callable[[Sequence[dict[str, str]]], str]
    tokenise: Callable[[Sequence[dict[str, str]]], Sequence[int]]
    embed: Callable[[Sequence[str]], tuple[list[list[float]], list[int]]]
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    refuses: Callable[[Sequence[dict[str, str]]], bool] = lambda messages: False
    _prefixes: dict[str, set[tuple[int, ...]]] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def start_anew(self) -> None:
        """Forget the calls and the prefixes."""
        self.calls, self._prefixes, self.refuses = [], {}, lambda messages: False

    def chat(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer one chat completion."""
        messages, salt = body["messages"], body.get("cache_salt", "")
        if self.refuses(messages):
            return 400, {"error": {"message": "refused by the test", "code": 400}}
        prompt = self.tokenise(messages)
        written = pieces(self.answer(messages))
        limit = body["max_tokens"]
        finish = "length" if len(written) > limit else "stop"
        text = "".join(written[:limit])
        completion = min(len(written) + 1, limit)  # and the end of the turn
        with self._lock:
            cached = self._cached(prompt, salt)
            self.calls.append(Call("chat", salt, len(prompt), cached, completion))
        usage = {
            "prompt_tokens": len(prompt),
            "completion_tokens": completion,
            "total_tokens": len(prompt) + completion,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
        choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
        reply = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}
        return 200, {**reply, "choices": [choice], "usage": usage}

    def _cached(self, prompt: Sequence[int], salt: str) -> int:
        """Tokens of the longest known prefix in whole blocks; never the whole prompt. Its own prefixes are kept."""
        known = self._prefixes.setdefault(salt, set())
        ends = range(BLOCK, len(prompt), BLOCK)
        cached = max((end for end in ends if tuple(prompt[:end]) in known), default=0)
        known.update(tuple(prompt[:end]) for end in ends)
        return cached

    def embeddings(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Embed some texts."""
        vectors, tokens = self.embed(body["input"])
        with self._lock:
            self.calls.append(Call("embeddings", "", sum(tokens)))
        data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        usage = {"prompt_tokens": sum(tokens), "total_tokens": sum(tokens)}
        return 200, {"object": "list", "model": body["model"], "data": data, "usage": usage}


def pieces(text: str) -> list[str]:
    """The tokens of a reply: words, white space with the word after it, marks. Together they are the text."""
    return re.findall(r"\s?\w+|\s?[^\w\s]|\s", text)


@contextmanager
def serving(state: CountingServer) -> Iterator[CountingServer]:
    """The server at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._send(
                200, {"object": "list", "data": [{"id": "m", "object": "model", "max_model_len": 32768}]}
            )

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*(state.chat if self.path.endswith("chat/completions") else state.embeddings)(body))

        def _send(self, status: int, body: dict[str, Any]) -> None:
            coded = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(coded)))
            self.end_headers()
            self.wfile.write(coded)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        state.url = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield state
        http.shutdown()
        thread.join()
