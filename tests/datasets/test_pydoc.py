"""The questions on CPython's reference stand on the text that the running Python really carries."""

import json
from collections import Counter

import pytest

from lcrag.datasets.pydoc import DOCUMENTS, QUESTIONS, load_pydoc
from lcrag.metrics.score import score
from lcrag.schema import Answer

KINDS = {"location", "reasoning", "comparison", "hallucination"}


@pytest.fixture(scope="module")
def pydoc():
    return load_pydoc()


def test_enough_questions_of_every_kind_on_every_document(pydoc):
    pydoc.validate()
    written = QUESTIONS.read_text("utf-8").splitlines()
    assert len(pydoc.questions) == len(written) >= 40
    kinds = Counter(q.kind for q in pydoc.questions)
    assert set(kinds) == KINDS and min(kinds.values()) >= 10
    assert {q.document_ids[0] for q in pydoc.questions} == set(DOCUMENTS)


def test_what_can_be_answered_has_gold_and_evidence_in_the_text(pydoc):
    texts = {d.id: d.text for d in pydoc.documents}
    for question in pydoc.questions:
        assert question.answerable == (question.kind != "hallucination")
        assert bool(question.answers) == question.answerable, question.id
        assert bool(question.evidence) == question.answerable, question.id
        for span in question.evidence:
            assert texts[span.document_id][span.start : span.end] == span.text
            assert len(span.text) >= 15, question.id


def test_the_gold_answer_is_scored_as_right_and_another_one_as_wrong(pydoc):
    for question in pydoc.questions:
        for text, declined, right in (
            (question.answers[0] if question.answers else "unanswerable", not question.answers, 1.0),
            ("a purple elephant", False, 0.0),
        ):
            scores = score(question, Answer(text, declined=declined))
            assert scores["accuracy"] == right, (question.id, text)


def test_the_answer_of_a_location_question_stands_in_its_evidence(pydoc):
    """What is asked for by location must not have to be derived."""
    for question in pydoc.questions:
        if question.kind == "location" and not question.choices:
            quoted = " ".join(" ".join(s.text for s in question.evidence).split()).lower()
            assert any(a.lower() in quoted for a in question.answers), question.id


def test_documents_are_whole_topics_of_2k_to_6k_tokens(pydoc):
    from pydoc_data.topics import topics

    pytest.importorskip("transformers")
    from transformers import AutoTokenizer

    from lcrag.readers.smollm2 import checkpoint

    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    for document in pydoc.documents:
        assert 2000 <= len(tokenizer(document.text).input_ids) <= 6000, document.id
        assert all(topics[t].strip() in document.text for t in DOCUMENTS[document.id])


def test_a_question_that_this_python_words_differently_is_left_out_and_said(tmp_path, monkeypatch):
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()[:3]]
    rows[1]["evidence"] = ["This sentence stands in no Python's reference."]
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in rows))
    monkeypatch.setattr("lcrag.datasets.pydoc.QUESTIONS", file)
    dataset = load_pydoc()
    assert [q.id for q in dataset.questions] == [rows[0]["id"], rows[2]["id"]]
    assert dataset.notices == (
        f"1 question left out, since this Python words the evidence differently: {rows[1]['id']}.",
    )


def test_some_questions_are_balanced_over_kinds_and_always_the_same(pydoc):
    some = load_pydoc(24)
    assert Counter(q.kind for q in some.questions) == dict.fromkeys(KINDS, 6)
    assert len(some.documents) == len(DOCUMENTS)
    assert some.questions == load_pydoc(24).questions != load_pydoc(24, seed=1).questions
    assert all(q in pydoc.questions for q in some.questions)
