"""A small HTTP server that answers, fails and refuses as OpenAI-compatible servers do, by a script."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANGS_UP, SILENT, DRIPS = 0, 1, 2  # instead of an HTTP status
MODELS = [{"id": "m", "object": "model", "max_model_len": 4096}, {"id": "n", "object": "model"}]


@dataclass
class Server:
    """What the server is to say next, (status, body, headers); afterwards it answers "Jane Austen.".

    Attributes:
        script: The next replies to chat requests. A body that is bytes is sent as it is.
        rule: Looks at a request's body and may return a reply of its own; it comes before ``script``.
        seen: Path, body and Authorization of each chat request.
        looked_up: How often the list of models was fetched.
        models: The list of models; ``None`` for a server that does not have one (404).
        dead: Whether it hangs up on whoever fetches the list of models.
    """

    url: str = ""
    script: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    rule: Callable[[dict[str, Any]], tuple[int, Any, dict[str, str]] | None] = lambda body: None
    seen: list[tuple[str, dict[str, Any], Any]] = field(default_factory=list)
    delay: threading.Event = field(default_factory=threading.Event)
    looked_up: int = 0
    dead: bool = False
    connections: list[socket.socket] = field(default_factory=list)
    models: list[dict[str, Any]] | None = field(default_factory=lambda: list(MODELS))

    def then(self, status: int, said: str = "", **headers: str) -> Server:
        self.script.append((status, {"error": {"message": said, "code": status}}, headers))
        return self


def reply(
    text: str | None = " Jane Austen.", finish: str = "stop", written: int = 4, cached: int | None = 128
) -> dict:
    details = None if cached is None else {"cached_tokens": cached}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
        "usage": {
            "prompt_tokens": 200,
            "completion_tokens": written,
            "total_tokens": 200 + written,
            "prompt_tokens_details": details,
        },
    }


@contextmanager
def serving(port: int = 0, state: Server | None = None) -> Iterator[Server]:
    """A running server; it is stopped when the block ends."""
    state = state or Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
            coded = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            defaults = {"Content-Type": "application/json", "Content-Length": str(len(coded))}
            for key, value in {**defaults, **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(coded)

        def drip(self) -> None:
            """Sends a reply byte by byte, for longer than anyone waits."""
            coded = json.dumps(reply()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(coded)))
            self.end_headers()
            try:
                for byte in coded:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.05)
            except OSError:
                self.close_connection = True

        def setup(self) -> None:
            super().setup()
            state.connections.append(self.connection)

        def do_GET(self) -> None:
            state.looked_up += 1
            if state.dead:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            elif state.models is None:
                self.answer(404, {"error": {"message": "Not Found", "code": 404}}, {})
            else:
                self.answer(200, {"object": "list", "data": state.models}, {})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.seen.append((self.path, body, self.headers.get("Authorization")))
            ruled = state.rule(body)
            if ruled is None and not state.script:
                ruled = (200, reply(), {})
            status, said, headers = ruled or state.script.pop(0)
            if status == HANGS_UP:
                self.connection.shutdown(socket.SHUT_RDWR)  # without a word
                self.close_connection = True
            elif status == SILENT:
                state.delay.wait(5)  # longer than anyone waits
            elif status == DRIPS:
                self.drip()
            else:
                self.answer(status, said, headers)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            pass

    with Quiet(("127.0.0.1", port), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            state.delay.set()
            http.shutdown()
            thread.join()
            for connection in state.connections:  # those that clients keep open
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
