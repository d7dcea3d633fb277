"""The journal of calls: an answered call is given again once, as it was paid for."""

import asyncio
import json
from dataclasses import dataclass, replace

import pytest

from lcrag.errors import LcragError
from lcrag.experiment.engine import Engine
from lcrag.experiment.journal import Journal
from lcrag.experiment.plan import Plan
from lcrag.readers.base import Completion, Message, Request
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.calls import CallJournal
from lcrag.runtime.resources import Resources
from lcrag.schema import Answer, Usage
from lcrag.strategies.base import Strategy
from retrievers.bm25 import BM25Retriever

REQUEST = Request((Message("user", "When?"),), cache_salt="a")
DONE = Completion("1987", Usage(10, 4, 2, 1, 0.5), "stop", "prefix", 4)


def test_an_answered_call_is_given_once_to_its_row(tmp_path):
    path = tmp_path / "calls.jsonl"
    first = CallJournal(path)
    first.record("row", REQUEST, DONE)
    assert first.take("row", REQUEST) is None  # only a later process takes it over
    second = CallJournal(path)
    assert second.take("another row", REQUEST) is None
    assert second.take("row", replace(REQUEST, seed=1)) is None
    call = second.take("row", replace(REQUEST, cache_salt="b"))
    assert call.completion == DONE
    assert call.replayed == replace(DONE, prefix_key="", prefix_tokens=0)
    assert second.take("row", REQUEST) is None


def test_a_prefix_that_was_computed_again_stays_booked_as_reused(tmp_path):
    CallJournal(tmp_path / "c").record("row", REQUEST, replace(DONE, usage=Usage(10, 0, 2, 1)), rewarmed=True)
    assert CallJournal(tmp_path / "c").take("row", REQUEST).replayed.usage.cached_tokens == 4


def test_calls_of_finished_rows_are_removed_and_damage_costs_one_call(tmp_path):
    path = tmp_path / "calls.jsonl"
    journal = CallJournal(path)
    for scope in ("done", "open", "damaged", "torn"):
        journal.record(scope, REQUEST, DONE)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1] + b"{}\n" + lines[3][:-20])
    again = CallJournal(path, finished={"done"})
    assert [call.scope for call in again.calls] == ["open"]
    (notice,) = again.notices
    assert f"{path}:3 is damaged" in notice
    assert path.read_bytes() == lines[1]


def test_a_journal_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(LcragError, match="cannot be read"):
        CallJournal(tmp_path)


@dataclass(frozen=True)
class Three(Strategy):
    """Three calls in a row; it cannot use an answer that says so."""

    name: str = "three"

    async def answer(self, question, tools):
        text = ""
        for number in range(3):
            text = (await tools.read([Message("user", f"{question.text} {number}")])).text
            if text == "useless":
                raise ValueError("nothing to go on with")
        return Answer(text)


def go(folder, dataset, embedder, reader, strategy=None):
    with Journal(folder) as journal:
        rows = journal.content.rows
        calls = CallJournal(
            folder / "calls.jsonl", {k for k, r in rows.items() if not r.error}, journal.content.counted
        )
        shared = Resources(reader, {d.id: d for d in dataset.documents}, calls=calls)
        plan = Plan(dataset, reader, [strategy or Three()], retriever=BM25Retriever(), embedder=embedder)
        return asyncio.run(Engine(plan, shared, journal).run()), shared


@pytest.mark.parametrize("useless", [True, False])
def test_a_failed_row_takes_over_its_calls_unless_it_could_not_use_them(tmp_path, dataset, embedder, useless):
    def respond(request):
        text = request.messages[-1].content
        if "auditor" in text and text.endswith("1"):
            if useless:
                return "useless"
            raise LcragError("The connection was lost.")
        return "unanswerable"

    outcomes, _ = go(tmp_path, dataset, embedder, ScriptedReader(respond))
    assert [o.question_id for o in outcomes if o.error] == ["n3"]
    well = ScriptedReader(lambda request: "unanswerable")
    again, shared = go(tmp_path, dataset, embedder, well)
    assert not [o for o in again if o.error]
    asked = [r.messages[-1].content[-1] for r in well.requests]
    assert asked == (["0", "1", "2"] if useless else ["1", "2"])
    (row,) = (o for o in again if o.question_id == "n3")
    assert row.usage["read"].calls == 3  # booked as if nothing had happened
    assert shared.spending.paid.calls == 18 + (2 if useless else 0)  # each call that was made, once
    lines = (tmp_path / "outcomes.jsonl").read_bytes().splitlines()
    assert sum(json.loads(x)["paid"]["calls"] for x in lines) == shared.spending.paid.calls
    assert not (tmp_path / "calls.jsonl").exists()


def test_an_answer_that_was_taken_over_and_is_of_no_use_is_asked_for_again(tmp_path, dataset, embedder):
    """The first run loses its connection after a useless answer, the second fails because of that answer."""

    @dataclass(frozen=True)
    class Late(Strategy):
        name: str = "late"

        async def answer(self, question, tools):
            first = await tools.read([Message("user", f"{question.text} 0")])
            await tools.read([Message("user", f"{question.text} 1")])
            if first.text == "useless":
                raise ValueError("nothing to go on with")
            return Answer(first.text)

    def lost(request):
        if request.messages[-1].content.endswith("1"):
            raise LcragError("The connection was lost.")
        return "useless"

    question = [q for q in dataset.questions if q.id == "n1"]
    one = replace(dataset, questions=tuple(question))
    readers = [ScriptedReader(lost), ScriptedReader(lambda r: "x"), ScriptedReader(lambda r: "y")]
    rows = [go(tmp_path, one, embedder, reader, strategy=Late())[0][0] for reader in readers]
    assert [row.error for row in rows] == [
        "The connection was lost.",
        "ValueError: nothing to go on with",
        "",
    ]
    assert [len(reader.requests) for reader in readers] == [2, 1, 2] and rows[2].answer == "y"
