"""A server without cache salts: no strategy profits from another's prompts; a row has a warm and a cold cost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import lcrag
from lcrag.cost.price_cards import PriceCard
from lcrag.outcomes.costs import cost_of, with_costs
from lcrag.readers import OpenAIReader
from lcrag.schema import Document, Question
from lcrag.strategies import LongContext

BLOCK = 16
CARD = PriceCard(input_mtok=10.0, cached_mtok=1.0, output_mtok=20.0)


@dataclass
class CachingServer:
    """An OpenAI-compatible server whose tokens are words, with one prefix cache for everybody."""

    url: str = ""
    block: int = BLOCK
    reports: bool = True
    cache: set[tuple[str, ...]] = field(default_factory=set)
    calls: list[tuple[int, int]] = field(default_factory=list)  # prompt and cached tokens

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        words = " ".join(m["content"] for m in body["messages"]).split()
        starts = [tuple(words[:end]) for end in range(self.block, len(words), self.block)]
        hits = 0
        while hits < len(starts) and starts[hits] in self.cache:
            hits += 1
        self.cache.update(starts)
        cached = hits * self.block
        self.calls.append((len(words), cached))
        details = {"prompt_tokens_details": {"cached_tokens": cached}} if self.reports else {}
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Oslo"}}
            ],
            "usage": {"prompt_tokens": len(words), "completion_tokens": 1, "total_tokens": len(words) + 1}
            | details,
        }


@pytest.fixture
def server() -> Iterator[CachingServer]:
    state = CachingServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({"object": "list", "data": [{"id": "m", "object": "model", "max_model_len": 8192}]})

        def do_POST(self) -> None:
            self.reply(state.ask(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def reply(self, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield state
        http.shutdown()
        thread.join()


def run(server: CachingServer, out, *names: str):
    """Three questions on one long document, one request at a time, by long context under each of the names."""
    text = " ".join(f"word{i}" for i in range(600))
    questions = [Question(f"q{i}", f"Which town is number {i}?", ("d",), ("Oslo",)) for i in range(3)]
    experiment = lcrag.Experiment(
        dataset=lcrag.datasets.Dataset("towns", (Document("d", text),), tuple(questions)),
        strategies=[LongContext(name=name) for name in names],
        reader=OpenAIReader("m", server.url, max_concurrency=1),
        prices=CARD,
        mlflow="",
        output=out,
    )
    return experiment.run()


def test_a_strategy_costs_the_same_whoever_warmed_the_servers_cache(server, tmp_path):
    alone = run(server, tmp_path / "alone", "second").table
    bill = with_costs(alone, "dollars")["dollars"].tolist()
    prompt, cached = zip(*server.calls, strict=True)
    by_hand = [(p - c) * 10e-6 + c * 1e-6 + 20e-6 for p, c in zip(prompt, cached, strict=True)]
    assert bill == pytest.approx(by_hand) and cached[0] == 0 and cached[1] > 500
    server.cache.clear()
    both = run(server, tmp_path / "both", "first", "second").table
    second = both[both["strategy"] == "second"]
    assert with_costs(second, "dollars")["dollars"].tolist() == pytest.approx(bill)
    assert second["read_cached_tokens"].tolist() == list(cached)
    reported = both["read_cached_tokens"] + both["read_foreign_cached_tokens"]
    assert reported.sum() == sum(c for _, c in server.calls[3:])  # nothing of what the server said is lost
    assert second["read_foreign_cached_tokens"].iloc[0] > 500


def test_warm_and_cold_from_one_run(server, tmp_path):
    result = run(server, tmp_path, "long_context")
    outcomes = result.table
    costs = with_costs(outcomes, "dollars")
    prompts = outcomes["read_prompt_tokens"]
    cold = (prompts * 10e-6 + 20e-6).tolist()
    assert costs["cold_dollars"].tolist() == pytest.approx(cold)
    assert cost_of(outcomes, "dollars", "cold").tolist() == pytest.approx(cold)  # without the price card
    assert costs["dollars"].iloc[1] < 0.2 * cold[1]
    assert "dollars cold" in str(result)


def test_more_than_the_server_reused_is_never_counted(server, tmp_path):
    server.reports = False
    outcomes = run(server, tmp_path, "first", "second").table
    assert outcomes["read_cached_tokens"].sum() == 0 and outcomes["read_foreign_cached_tokens"].sum() == 0


def test_a_resumed_run_books_what_an_undisturbed_one_books(server, tmp_path):
    undisturbed = run(server, tmp_path / "whole", "first", "second").table
    journal = tmp_path / "whole" / "outcomes.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "outcomes.jsonl").write_text("".join(lines[:2]))  # one question by both
    server.cache.clear()  # the server was started again, too
    resumed = run(server, tmp_path / "cut", "first", "second").table
    assert resumed["read_cached_tokens"].tolist() == undisturbed["read_cached_tokens"].tolist()
