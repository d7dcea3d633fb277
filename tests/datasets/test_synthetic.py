"""Synthetic reports: answers recomputed from the text alone, any length, always the same."""

import re
import time
from collections import Counter

import pytest

from lcrag.datasets.synthetic import generate
from lcrag.errors import LcragError
from lcrag.metrics.score import score
from lcrag.schema import Answer

KINDS = {"location", "reasoning", "comparison", "hallucination", "aggregation"}


@pytest.fixture(scope="module")
def reports():
    return generate(documents=3, tokens=4000, questions_per_document=20, seed=1)


def test_all_kinds_with_gold_and_evidence_that_stands_in_the_text(reports):
    reports.validate()
    assert set(Counter(q.kind for q in reports.questions).values()) == {12}
    assert {q.kind for q in reports.questions} == KINDS
    for question in reports.questions:
        assert bool(question.answers) == question.answerable == (question.kind != "hallucination")
        assert bool(question.evidence) == question.answerable
        gold = question.answers[0] if question.answers else "unanswerable"
        assert score(question, Answer(gold, declined=not question.answers))["accuracy"] == 1.0


def test_location_answers_are_in_their_evidence_and_stated_once(reports):
    texts = {d.id: d.text for d in reports.documents}
    for question in reports.questions:
        if question.kind == "location":
            (span,) = question.evidence
            assert any(a in span.text.replace(",", "") for a in question.answers)
            assert texts[span.document_id].count(span.text) == 1


def test_sums_are_right_when_worked_out_from_the_sentences(reports):
    checked = 0
    for question in reports.questions:
        if question.text.startswith("What was the revenue of") and "together" in question.text:
            amounts = [int(re.search(r"(\d+) million", s.text)[1]) for s in question.evidence]
            assert str(sum(amounts)) in question.answers
            checked += 1
    assert checked


def test_what_an_unanswerable_question_asks_is_not_in_the_report(reports):
    """Either the company is a stranger, or the report never states this of it."""
    texts = {d.id: d.text for d in reports.documents}
    for question in reports.questions:
        if question.answerable:
            continue
        text = texts[question.document_ids[0]]
        name = re.search(r"(?:of|was|did|is|has) ([A-Z]\w+ [A-Z]\w+)", question.text)[1]
        if name not in text:
            continue
        about = [s for s in re.split(r"(?<=\.)\s", text) if name in s]
        cue = {"founded": "founded", "chief executive": "chief executive", "head office": "head office"}
        asked = next((c for k, c in cue.items() if k in question.text), None)
        assert asked and not any(asked in s for s in about), question.text


@pytest.mark.parametrize("tokens", [1000, 16_000, 128_000])
def test_length_in_tokens_is_what_was_asked_for(tokens):
    pytest.importorskip("transformers")
    from transformers import AutoTokenizer

    from lcrag.readers.smollm2 import checkpoint

    (document,) = generate(documents=1, tokens=tokens, questions_per_document=5).documents
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    assert len(tokenizer(document.text).input_ids) == pytest.approx(tokens, rel=0.2)


def test_a_million_tokens_take_seconds():
    started = time.perf_counter()
    made = generate(documents=1, tokens=1_000_000, questions_per_document=10)
    assert time.perf_counter() - started < 20
    made.validate()
    assert len(made.documents[0].text) == pytest.approx(5_000_000, rel=0.02)


def test_the_same_seed_gives_the_same_and_more_documents_keep_the_first():
    assert generate(2, 2000, 5, seed=3).digest == generate(2, 2000, 5, seed=3).digest
    assert generate(2, 2000, 5, seed=3).digest != generate(2, 2000, 5, seed=4).digest
    assert generate(1, 2000, 5).documents[0] == generate(4, 2000, 5).documents[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tokens": 10}, "'tokens' is 10, but must be at least 1000"),
        ({"documents": 0}, "'documents' is 0"),
        ({"documents": 1, "tokens": 1000, "questions_per_document": 3000}, "ran out"),
    ],
)
def test_impossible_settings_are_refused_in_words(settings, message):
    with pytest.raises(LcragError, match=message):
        generate(**settings)
