"""A server with OpenAI's chat completions API that counts what it has answered, and fails as it is told."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW = 20_000


class CountingServer:
    """Serves the model ``m``; its answer to a prompt is always the same.

    Attributes:
        answered: How often each request (model, messages, options) was answered in full.
        arrived: Number of requests so far.
        fault: Called with the number of each request; names the fault that it meets, empty for none.
        gate: Requests with a number from this on are held for ever.
        delay: Seconds that each answer takes.
    """

    def __init__(
        self,
        fault: Callable[[int], str] = lambda number: "",
        gate: int | None = None,
        delay: float = 0.0,
        drip_seconds: float = 0.5,
    ) -> None:
        self.answered: Counter[str] = Counter()
        self.arrived = 0
        self.fault, self.gate, self.delay, self.drip_seconds = fault, gate, delay, drip_seconds
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def base_url(self) -> str:
        """The address for readers."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> CountingServer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port as before where there was one."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: object) -> None:
                pass

            def do_GET(self) -> None:
                self.reply(200, {"data": [{"id": "m", "object": "model", "max_model_len": WINDOW}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                owner.handle(self, body)

            def reply(self, status: int, content: object, **headers: str) -> None:
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                kind = headers.pop("kind", "application/json")
                for name, value in {
                    "content-type": kind,
                    "content-length": str(len(data)),
                    **headers,
                }.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request: object, address: object) -> None:
                pass  # a client that was killed

        self._connections: list[socket.socket] = []
        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._server = None

    def handle(self, handler, body: dict) -> None:
        """Answer one request, or fail."""
        with self._lock:
            number, self.arrived = self.arrived, self.arrived + 1
            self._connections.append(handler.connection)
        if self.gate is not None and number >= self.gate:
            time.sleep(3600)
        time.sleep(self.delay)
        fault = self.fault(number)
        if fault == "drop":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        elif fault == "500":
            handler.reply(500, {"error": {"message": "it broke"}})
        elif fault == "429":
            handler.reply(429, {"error": {"message": "slow down"}}, retry_after="0.2")
        elif fault == "html":
            handler.reply(200, b"<html><body>Sign in</body></html>", kind="text/html")
        elif fault == "wrong json":
            handler.reply(200, {"answer": 42})
        else:
            self.answer(handler, body, fault)

    def answer(self, handler, body: dict, fault: str) -> None:
        """Answer in full, byte by byte with the fault ``drip``, or half of it with ``truncated``."""
        content = json.dumps(body, sort_keys=True)
        words = sum(len(m["content"].split()) for m in body["messages"])
        code = hashlib.sha256(content.encode()).hexdigest()
        judges = all(word in body["messages"][-1]["content"] for word in ("True", "False"))
        text = str(int(code, 16) % 2 == 0) if judges else f"Answer {code[:6]}."
        reply = json.dumps({
            "id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": words, "completion_tokens": 2, "total_tokens": words + 2},
        }).encode()  # fmt: skip
        if fault == "truncated":
            handler.send_response(200)
            handler.send_header("content-type", "application/json")
            handler.send_header("content-length", str(len(reply)))
            handler.end_headers()
            handler.wfile.write(reply[: len(reply) // 2])
            handler.close_connection = True
            return
        if fault == "drip":
            handler.send_response(200)
            handler.send_header("content-type", "application/json")
            handler.send_header("content-length", str(len(reply)))
            handler.end_headers()
            for byte in range(0, len(reply), 40):
                handler.wfile.write(reply[byte : byte + 40])
                handler.wfile.flush()
                time.sleep(self.drip_seconds * 40 / len(reply))
        else:
            handler.reply(200, reply)
        with self._lock:
            self.answered[content] += 1
