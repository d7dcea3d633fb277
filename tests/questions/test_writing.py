"""Questions from a reader: what passes is kept, the rest is counted, and nothing is paid for twice."""

import asyncio
import json
from collections import Counter

import pytest

from lcrag.datasets.files import load_files
from lcrag.errors import LcragError
from lcrag.judging.replies import Replies
from lcrag.judging.tools import Judging
from lcrag.questions import checks
from lcrag.questions.table import cost_sentence, question_lines, rejection_table
from lcrag.questions.writing import KNOWN, WRONG_FORM, write_questions
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.caps import Budget, Limits
from lcrag.runtime.meter import Spending
from lcrag.schema import Document

TEXTS = {
    "north.md": "Northwind sells kites. It was founded in 1987. Its chief is Ole Lund. Its staff is 12 people.",
    "south.md": "Southbay makes lamps. It was founded in 1999. Its chief is Ada Moss. Its staff is 30 people.",
}
DOCUMENTS = [Document(id, text) for id, text in TEXTS.items()]
CUES = {
    "location": "in one place",
    "reasoning": "does not state",
    "comparison": "compares two",
    "aggregation": "several facts",
    "hallucination": "does not answer",
}


def good(request):
    """Right questions of every kind, and no knowledge of its own."""
    prompt = request.messages[-1].content
    name, year, chief = (
        ("Northwind", 1987, "Ole Lund") if "Northwind" in prompt else ("Southbay", 1999, "Ada Moss")
    )
    kind = next((k for k, cue in CUES.items() if cue in prompt), "")
    return {
        "location": f"Question: When was {name} founded?\nAnswer: {year}\nEvidence: It was founded in {year}",
        "reasoning": f"Question: Who leads the firm {name} of {year}?\nAnswer: {chief}\n"
        f'Evidence: "It was founded in {year}"\nEvidence: Its chief is {chief}.',
        "comparison": f"Question: Has {name} more chiefs or more people?\nAnswer: people\n"
        f"Evidence: Its chief is {chief}.\nEvidence: {'Its staff is 12' if year < 1990 else 'Its staff is 30'} people.",
        "aggregation": f"Question: Which year and which chief are told of {name}?\nAnswer: {year} and {chief}\n"
        f"Evidence: It was founded in {year}\nEvidence: Its chief is {chief}.",
        "hallucination": f"Question: Who is the auditor of {name}?\nEntity: auditor",
    }.get(kind, "unanswerable")


def write(reader, count=10, path=None, budget=None, **options):
    judging = Judging(reader=reader, replies=Replies(path), spending=Spending(budget or Budget()))
    for reply in judging.replies.known.values():
        judging.spending.pay(judging.priced(reader, reply.usage))
    return asyncio.run(write_questions(DOCUMENTS, judging, count, **options))


def test_questions_of_all_kinds_on_all_documents_are_read_again_by_a_run(tmp_path):
    written = write(ScriptedReader(good))
    assert Counter(c.kind for c in written.candidates) == dict.fromkeys(CUES, 2)
    assert not written.rejected and Counter(c.document.id for c in written.candidates) == {
        "north.md": 5,
        "south.md": 5,
    }
    (tmp_path / "docs").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "docs" / name).write_text(text)
    (tmp_path / "q.jsonl").write_text(question_lines(written.candidates, "scripted"))
    loaded = load_files(tmp_path / "docs", tmp_path / "q.jsonl")
    by_kind = {(q.kind, q.document_ids[0]): q for q in loaded.questions}
    first = by_kind["location", "north.md"]
    assert (first.answers, first.evidence[0].text) == (("1987",), "It was founded in 1987")
    assert first.metadata == {"written_by": "scripted"}
    assert not by_kind["hallucination", "south.md"].answerable
    assert "Written by scripted: 18 calls" in cost_sentence(
        written, "scripted"
    )  # 10 questions, 8 closed-book answers


def test_what_is_thrown_out_is_counted_by_kind_and_reason():
    def bad(request):
        prompt = request.messages[-1].content
        if CUES["location"] in prompt:
            return "Question: When was it, Northwind or Southbay?\nAnswer: 1850\nEvidence: It was founded in 1850"
        if CUES["hallucination"] in prompt:
            return "Question: Who is its chief?\nEntity: chief"
        return "I cannot do that." if CUES["reasoning"] in prompt else good(request)

    written = write(
        ScriptedReader(bad), kinds=("location", "reasoning", "hallucination", "comparison"), count=8
    )
    assert [c.kind for c in written.candidates] == ["comparison", "comparison"]
    assert written.rejected["location", checks.NO_EVIDENCE] == 8
    assert written.rejected["reasoning", WRONG_FORM] == 8
    assert written.rejected["hallucination", checks.OFF_TOPIC] == 8
    table = rejection_table(written, ("location", "comparison"))
    assert "kept" in table and checks.NO_EVIDENCE in table


def test_a_question_that_the_reader_answers_without_the_document_is_thrown_out():
    def knows_northwind(request):
        prompt = request.messages[-1].content
        return "It was in 1987." if prompt.startswith("Question: When was Northwind") else good(request)

    written = write(ScriptedReader(knows_northwind), kinds=("location",), count=2)
    assert [c.document.id for c in written.candidates] == ["south.md"]
    assert written.rejected["location", KNOWN] >= 1
    assert written.rejected["location", checks.DUPLICATE] >= 1  # the further ones on south.md


def test_a_killed_run_pays_for_no_reply_twice(tmp_path):
    class Killed(BaseException):
        pass

    left = [9]

    def mortal(request):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return good(request)

    with pytest.raises(Killed):
        write(ScriptedReader(mortal, max_concurrency=1), path=tmp_path / "replies.jsonl")
    answered = len((tmp_path / "replies.jsonl").read_text().splitlines())
    assert answered == 9
    left[0] = 100
    again = ScriptedReader(mortal, max_concurrency=1)
    written = write(again, path=tmp_path / "replies.jsonl")
    assert len(again.requests) == 18 - answered and written.resumed == answered
    assert f"{answered} of them paid for before" in cost_sentence(written, "scripted")
    assert question_lines(written.candidates, "m") == question_lines(
        write(ScriptedReader(good)).candidates, "m"
    )


def test_a_budget_ends_the_writing_and_what_is_kept_stays():
    written = write(ScriptedReader(good), budget=Budget(experiment=Limits(tokens=900)))
    assert "900" in written.stopped and 0 < len(written.candidates) < 10


def test_the_command_writes_no_file_twice_and_tells_what_was_thrown_out(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from lcrag.cli import app

    (tmp_path / "docs").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "docs" / name).write_text(text)
    monkeypatch.setattr("lcrag.commands.questions.build_reader", lambda spec: ScriptedReader(good))
    arguments = ["questions", str(tmp_path / "docs"), "--count", "5", "--output", str(tmp_path / "q.jsonl")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0 and "5 of 5 questions in" in result.output and "replies" in result.output
    rows = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    assert sorted(row["kind"] for row in rows) == sorted(CUES)
    with pytest.raises(LcragError, match=r"q.jsonl exists already: .* --force"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    with pytest.raises(LcragError, match=r"--kind: there is no kind 'locaton'; did you mean 'location'\?"):
        CliRunner().invoke(app, [*arguments, "--kinds", "locaton", "--force"], catch_exceptions=False)
    assert CliRunner().invoke(app, [*arguments, "--force"], catch_exceptions=False).exit_code == 0


@pytest.mark.slow
def test_a_real_model_ends_and_what_it_keeps_passes_the_checks(tmp_path):
    from lcrag.datasets.pydoc import load_pydoc
    from lcrag.readers import TransformersReader

    documents = [Document(d.id, d.text[:1000]) for d in load_pydoc().documents[:2]]
    judging = Judging(reader=TransformersReader("smollm2"), replies=Replies(tmp_path / "replies.jsonl"))
    written = asyncio.run(write_questions(documents, judging, 2, ("location", "hallucination")))
    assert sum(written.asked.values()) >= 2
    assert all(checks.reason_against(c) == "" for c in written.candidates)
    replies = sum(written.asked.values())
    assert replies <= 8 and len(written.candidates) + sum(written.rejected.values()) == replies


def test_excerpts_can_be_shorter_and_the_demonstration_is_prefilled_once():
    requests = []

    def listen(request):
        requests.append(request)
        return good(request)

    long = [
        Document("long.md", "Northwind sells kites. It was founded in 1987. " + "Kites need wind. " * 200)
    ]
    judging = Judging(reader=ScriptedReader(listen), spending=Spending(Budget()))
    asyncio.run(write_questions(long, judging, 1, ("location",), excerpt_tokens=100))
    demonstration, task = requests[0].messages[1].content, requests[0].messages[3].content
    assert len(task) - len(demonstration) < 400  # characters
    assert requests[0].prefix_chars == len(demonstration)
