"""A request that was answered once is answered from the file: in another run, in another process, within a bound."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

import lcrag
from lcrag.components.settings import settings
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment.config import from_mapping
from lcrag.readers import Message, OpenAIReader, Request, ResponseCache, ScriptedReader
from lcrag.runtime.caps import Budget
from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
from lcrag.testing.reader import check_reader
from retrievers.bm25 import BM25Retriever
from tests.readers.scripted_server import Server

ASK = Request((Message("user", "Who wrote Emma?"),), max_tokens=16)


def counting():
    return ScriptedReader(lambda request: f"answer {len(request.messages[0].content)}")


def test_it_is_a_reader(tmp_path):
    check_reader(ResponseCache(counting(), tmp_path / "answers.sqlite"))


async def test_a_request_is_sent_once_and_says_what_it_had_cost(tmp_path, server: Server):
    path = tmp_path / "deep" / "answers.sqlite"
    first = await ResponseCache(OpenAIReader("m", server.url), path).generate(ASK)
    again = await ResponseCache(OpenAIReader("m", server.url), path).generate(ASK)
    assert len(server.seen) == 1
    assert not first.from_response_cache and again.from_response_cache
    assert again.text == "Jane Austen." and again.usage == first.usage and again.usage.prompt_tokens == 200


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"temperature": 0.7}, {"max_tokens": 17}, {"cache_salt": "s"}, {"stop": (".",)},
     {"messages": (Message("user", "Who wrote Emma"),)}],
)  # fmt: skip
async def test_another_request_is_another_answer(tmp_path, other):
    reader = counting()
    cache = ResponseCache(reader, tmp_path / "answers.sqlite")
    await cache.generate(ASK)
    assert not (await cache.generate(replace(ASK, **other))).from_response_cache
    assert len(reader.requests) == 2


async def test_another_model_is_another_answer_and_another_address_is_not(tmp_path, server: Server):
    path = tmp_path / "answers.sqlite"
    for model, address, is_found in (
        ("m", server.url, False), ("n", server.url, False), ("m", f"{server.url}/", True)
    ):  # fmt: skip
        completion = await ResponseCache(OpenAIReader(model, address), path).generate(ASK)
        assert completion.from_response_cache == is_found


async def test_what_failed_is_not_kept(tmp_path):
    reader = ScriptedReader([])
    cache = ResponseCache(reader, tmp_path / "answers.sqlite")
    for _ in range(2):
        with pytest.raises(LcragError, match="scripted reader was given 0 answers"):
            await cache.generate(ASK)


async def test_the_file_stays_within_its_bound_and_keeps_what_was_used_last(tmp_path):
    path, bound = tmp_path / "answers.sqlite", 400_000
    cache = ResponseCache(ScriptedReader(lambda request: "word " * 1000), path, bound)
    requests = [replace(ASK, max_tokens=2000, seed=n) for n in range(300)]
    for request in requests:  # 1.5 MB
        await cache.generate(requests[0])
        await cache.generate(request)
        assert sum(f.stat().st_size for f in tmp_path.iterdir()) < bound * 1.6
    assert path.stat().st_size <= bound + 100_000
    found = [(await cache.generate(r)).from_response_cache for r in (requests[0], requests[-1], requests[5])]
    assert found == [True, True, False]
    with pytest.raises(LcragError, match="max_bytes 5: give at least"):
        ResponseCache(cache.reader, path, 5)


SCRIPT = """
import asyncio, sys
from lcrag.readers import Message, Request, ResponseCache, ScriptedReader
reader = ScriptedReader(lambda request: "yes")
cache = ResponseCache(reader, sys.argv[1], 2_000_000)
async def go():
    for turn in range(2):
        for n in range(150):
            assert (await cache.generate(Request((Message("user", f"{n}?"),), seed=int(sys.argv[2])))).text == "yes"
asyncio.run(go())
print(len(reader.requests))
"""


def test_two_processes_at_once(tmp_path):
    path = tmp_path / "answers.sqlite"
    command = [sys.executable, "-c", SCRIPT, str(path)]
    both = [
        subprocess.Popen([*command, seed], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for seed in "01"
    ]
    told = [process.communicate(timeout=60) for process in both]
    assert [(out.strip(), err) for out, err in told] == [("150", "")] * 2
    third = subprocess.run([*command, "1"], capture_output=True, text=True, timeout=60)
    assert third.stdout.strip() == "0"


@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
async def test_a_file_that_is_damaged_or_something_else(tmp_path, content):
    path = tmp_path / "answers.sqlite"
    if content:
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE mine (x)")
    told = r"response cache .*answers.sqlite (cannot be used \(file is not a database\): delete it|is a database of)"
    for use in (lambda: ResponseCache(counting(), path).check(), None):
        with pytest.raises(ReaderUnavailable, match=told):
            if use is None:
                await ResponseCache(counting(), path).generate(ASK)
            else:
                use()


async def test_an_answer_that_cannot_be_read(tmp_path):
    path = tmp_path / "answers.sqlite"
    await ResponseCache(counting(), path).generate(ASK)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE answers SET completion = '{'")
    with pytest.raises(ReaderUnavailable, match=r"an answer in it cannot be read.: delete it"):
        await ResponseCache(counting(), path).generate(ASK)


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(tmp_path, caplog):
    path = tmp_path / "answers.sqlite"
    cache = ResponseCache(counting(), path)
    await cache.generate(ASK)
    with sqlite3.connect(path) as file:
        file.execute(
            "CREATE TRIGGER full BEFORE INSERT ON answers BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
    with caplog.at_level(logging.WARNING):
        assert [(await cache.generate(replace(ASK, seed=n))).text for n in (1, 2)] == ["answer 15"] * 2
    assert [r.getMessage() for r in caplog.records] == [
        f"The response cache {path} keeps no more answers: disk is full."
    ]


@pytest.fixture
def compare(tmp_path, dataset, scripted, embedder):
    def go(output, cached=True, **changes):
        reader = scripted()
        behind = ResponseCache(reader, tmp_path / "answers.sqlite") if cached else reader
        strategies = [ClosedBook(), ChunkedRetrieval(k=2), LongContext()]
        given = {
            "retriever": BM25Retriever(),
            "embedder": embedder,
            "output": tmp_path / output,
            "mlflow": "",
        }
        results = lcrag.Experiment(dataset, behind, strategies, **given | changes).run()
        return results, reader

    return go


def test_a_warm_run_spends_nothing_and_says_so(compare):
    cold, asked = compare("cold")
    warm, again = compare("warm")
    bare, _ = compare("bare", cached=False)
    assert len(asked.requests) == 18 and again.requests == []
    assert (
        "note_from_response_cache" not in cold.table and (warm.table["note_from_response_cache"] == 1).all()
    )
    told = "The response cache answered 18 calls, no token was spent"
    assert told in str(warm) and "response cache" not in str(cold)
    for other in (warm, bare):  # the same rows with the same costs
        columns = [c for c in cold.table if not c.endswith("seconds")]
        assert other.table[columns].equals(cold.table[columns])


def test_rows_of_a_run_without_a_cache_are_taken_over(compare):
    compare("one", cached=False)
    _, reader = compare("one")
    assert reader.requests == []


def test_a_cap_on_the_experiment_counts_what_is_spent_now(compare):
    cold, _ = compare("cold")
    cap = int(cold.table["read_prompt_tokens"].max()) + 100
    warm, reader = compare("warm", budget=Budget(experiment={"tokens": cap}))
    assert reader.requests == [] and not warm.failed


def test_a_row_that_failed_asks_anew(tmp_path, dataset, embedder):
    texts = ["", "1987"]

    class Fussy(ClosedBook):
        async def answer(self, question, tools):
            answer = await super().answer(question, tools)
            if not answer.text:
                raise ValueError("no answer")
            return answer

    reader = ScriptedReader(lambda request: texts.pop(0))
    cache = ResponseCache(reader, tmp_path / "answers.sqlite")
    one = lcrag.datasets.base.Dataset("one", dataset.documents, dataset.questions[:1])
    given = {"retriever": BM25Retriever(), "embedder": embedder, "output": tmp_path / "out", "mlflow": ""}
    first = lcrag.Experiment(one, cache, [Fussy()], **given).run()
    second = lcrag.Experiment(one, cache, [Fussy()], **given).run()
    assert "no answer" in first.failed[0].error
    assert second.outcomes[0].answer == "1987"


def test_yaml(tmp_path):
    files = {"type": "files", "documents": ".", "questions": "q.jsonl"}
    (tmp_path / "a.txt").write_text("Kites need wind.")
    (tmp_path / "q.jsonl").write_text('{"question": "What?", "documents": "a.txt", "answers": "x"}')
    spec = {"dataset": files, "strategies": ["closed_book"], "embedder": "lcrag.testing.world:WordEmbedder",
            "reader": {"type": "openai", "model": "m"}}  # fmt: skip
    plain = from_mapping(spec, folder=tmp_path)
    for cache, size in (("c.sqlite", 10**9), ({"path": "c.sqlite", "max_bytes": 10**6}, 10**6)):
        cached = from_mapping(spec | {"response_cache": cache}, folder=tmp_path)
        assert cached.reader == ResponseCache(plain.reader, tmp_path / "c.sqlite", size)
        assert settings(cached.reader, identity=True) == settings(plain.reader, identity=True)
        assert settings(cached.reader)["path"] == str(tmp_path / "c.sqlite")
    with pytest.raises(LcragError, match="response_cache: unknown key 'file'"):
        from_mapping(spec | {"response_cache": {"file": "c.sqlite"}}, folder=tmp_path)
