"""Questions written by ragas through our reader, with evidence that stands in the documents."""

import json
import os

import pytest

from lcrag import ScriptedReader, load_files
from lcrag.errors import LcragError
from lcrag.judging.ragas_testset import generate_questions, save_questions
from lcrag.judging.replies import Replies
from lcrag.judging.tools import Judging
from lcrag.testing import world
from retrievers import RecursiveChunker

os.environ["RAGAS_DO_NOT_TRACK"] = "true"
pytest.importorskip("ragas", reason="ragas is not installed: pip install 'lcrag[ragas]'")
TWO_HOPS = ("Northwind", "kites")


def writer():
    """Replies in the JSON of each of ragas' prompts; its questions are numbered."""
    written = []

    def reply(request):
        prompt = request.messages[-1].content
        schema = prompt.partition("JSON Schema:\n")[2].partition("\n")[0]
        for key, value in (
            ('"mapping"', {"mapping": {"Reader": list(TWO_HOPS)}}),
            ('"combinations"', {"combinations": [list(TWO_HOPS)]}),
            ('"entities"', {"entities": list(TWO_HOPS)}),
            ('"query"', {"query": f"Question {len(written)}?", "answer": f"Answer {len(written)}."}),
            ('"output"', {"output": list(TWO_HOPS)}),
            ('"text"', {"text": "A summary of firms that sell things."}),
        ):
            if key in schema:
                written.extend([key] * (key == '"query"'))
                return json.dumps(value)
        raise AssertionError(f"an unknown prompt: {prompt[:200]}")

    return ScriptedReader(reply, context_window=100_000)


DOCUMENTS = world.dataset().documents


def judging(reader, path=None):
    return Judging(reader, world.WordEmbedder(), replies=Replies(path))


async def test_questions_have_answers_kinds_and_evidence_and_every_token_is_counted():
    reader = writer()
    questions, usage = await generate_questions(
        DOCUMENTS, judging(reader), 6, chunker=RecursiveChunker(300, 0)
    )
    assert len(questions) >= 4
    documents = {d.id: d for d in DOCUMENTS}
    for question in questions:
        assert question.text.startswith("Question ") and question.answers[0].startswith("Answer ")
        for span in question.evidence:
            assert documents[span.document_id].text[span.start : span.end] == span.text
    assert {"single_hop_specific", "multi_hop_specific"} <= {q.kind for q in questions}
    assert all(len(q.evidence) > 1 for q in questions if q.kind.startswith("multi_hop"))
    words = [len(reader.answers(request).split()) for request in reader.requests]
    assert usage.completion_tokens == sum(words)
    assert usage.calls > len(reader.requests)  # the embedder's calls, too


async def test_replies_survive_a_stop_and_the_questions_can_be_read_again(tmp_path):
    first, again = writer(), writer()
    questions, _ = await generate_questions(DOCUMENTS, judging(first, tmp_path / "replies.jsonl"), 3)
    await generate_questions(DOCUMENTS, judging(again, tmp_path / "replies.jsonl"), 3)
    assert any('"entities"' in r.messages[-1].content for r in first.requests)
    assert not any('"entities"' in r.messages[-1].content for r in again.requests)
    folder = tmp_path / "texts"
    folder.mkdir()
    for document in DOCUMENTS:
        (folder / document.id).write_text(document.text)
    save_questions(questions, tmp_path / "questions.jsonl")
    assert load_files(folder, tmp_path / "questions.jsonl").questions == questions


async def test_a_reader_that_does_not_write_json_is_said_in_one_sentence():
    reader = ScriptedReader(lambda request: "I see.", context_window=100_000)
    with pytest.raises(LcragError, match=r"did not write .* in JSON.*a larger model"):
        await generate_questions(DOCUMENTS, judging(reader), 2)
