"""Any dataset in FailSafeQA's and LV-Eval's forms: evidence stays exact, answers stay right."""

import re
from collections import Counter
from difflib import SequenceMatcher

import pytest

from lcrag.components.build import build
from lcrag.datasets import Dataset, generate
from lcrag.errors import LcragError
from lcrag.generators import generate_ruler, perturb
from lcrag.generators.edits import Edit, apply
from lcrag.metrics import Accuracy
from lcrag.schema import Answer, Document, Question, Span
from lcrag.testing.dataset import check_dataset

FORMS = (
    "baseline", "misspelled", "incomplete", "ocr", "missing", "irrelevant", "confusing_facts", "keyword_replacement",
)  # fmt: skip


@pytest.fixture(scope="module", params=[4000, 64000])
def original(request):
    return generate(documents=2, tokens=request.param, questions_per_document=5, seed=3)


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_that_knows_the_gold_is_right_in_every_form(original, form):
    dataset = perturb(original, (form,))
    check_dataset(dataset)
    for question in dataset.questions:
        assert (question.kind, question.id) == (form, f"{form}-{question.metadata['record']}")
        reply = question.answers[0] if question.answers else "unanswerable"
        assert Accuracy().score(question, Answer(reply, declined=not question.answers)) == 1
        assert Accuracy().score(question, Answer("")) == 0
        assert bool(question.evidence) == (question.answerable or bool(question.evidence))
    assert perturb(original, (form,)).digest == dataset.digest
    same = form in ("baseline", "incomplete", "missing", "irrelevant")  # there is one other document
    assert (perturb(original, (form,), seed=1).digest == dataset.digest) == same


def test_only_what_the_form_names_is_changed(original):
    dataset = perturb(original, FORMS)
    by_id = {q.id: q for q in dataset.questions}
    for old in original.questions:
        for form in FORMS:
            new = by_id.get(f"{form}-{old.id}")
            if new is None:
                assert not old.answerable and form in ("missing", "irrelevant")
                continue
            assert (new.text == old.text) == (form not in ("misspelled", "incomplete", "keyword_replacement"))
            if form not in ("missing", "irrelevant"):
                assert new.answerable == old.answerable and len(new.evidence) == len(old.evidence)
        assert by_id.get(f"missing-{old.id}", old).answers == (
            () if f"missing-{old.id}" in by_id else old.answers
        )
        if f"irrelevant-{old.id}" in by_id:
            assert not set(by_id[f"irrelevant-{old.id}"].document_ids) & set(old.document_ids)
    names = {form: [d for d in dataset.documents if d.id.startswith(form)] for form in FORMS}
    assert {form: len(documents) for form, documents in names.items() if documents} == {
        "ocr": 2, "missing": 2, "confusing_facts": 2, "keyword_replacement": 2,
    }  # fmt: skip


def test_misspelt_questions_are_still_alike_and_names_and_numbers_stay(original):
    for question in perturb(original, ("misspelled",)).questions:
        old = next(q.text for q in original.questions if q.id == question.metadata["record"])
        assert question.text != old
        assert SequenceMatcher(None, question.text, old).ratio() > 0.85
        assert re.findall(r"\d+|[A-Z]\w+", question.text) == re.findall(r"\d+|[A-Z]\w+", old)


def test_a_scan_disturbs_as_many_characters_as_asked_for(original):
    old = original.documents[0].text
    new = next(d.text for d in perturb(original, ("ocr",), ocr_rate=0.1).documents if d.id.startswith("ocr"))
    assert old != new and abs(len(new) - len(old)) < 0.02 * len(old)
    intact = (Counter(old.split()) & Counter(new.split())).total() / len(old.split())
    assert 0.4 < intact < 0.8


def test_confusing_facts_are_about_somebody_else_and_have_another_answer():
    text = "It rained. The head office of Albanova Foods is in Oslo. It was late. All was well."
    start = text.index("The head")
    question = Question("q", "In which city is the head office of Albanova Foods?", ("d",), ("Oslo",), "location",
                        evidence=(Span("d", start, start + 45, text[start : start + 45]),))  # fmt: skip
    (document,) = perturb(
        Dataset("one", (Document("d", text),), (question,)), ("confusing_facts",), confusing=3
    ).documents
    facts = re.findall(r"The head office of (\w+ \w+) is in (\w+)\.", document.text)
    assert len(facts) == 4
    assert [city for name, city in facts if name == "Albanova Foods"] == ["Oslo"]
    assert "Oslo" not in [city for name, city in facts if name != "Albanova Foods"]


def test_new_names_are_the_same_everywhere_and_old_ones_nowhere(original):
    dataset = perturb(original, ("keyword_replacement",))
    swapped = [
        (o, n) for o, n in zip(original.questions, dataset.questions, strict=True) if o.answers != n.answers
    ]
    assert swapped
    for old, new in swapped:
        text = dataset.document(new.document_ids[0]).text
        for a, b in zip(old.answers, new.answers, strict=True):
            if a != b and new.evidence:
                assert any(b in span.text for span in new.evidence) or b in text
                assert a not in text


def test_a_benchmarks_words_and_scores_stay_and_refusals_are_scored_where_there_is_no_answer():
    dataset = perturb(generate_ruler(("qa_1",), 1024, 2), ("baseline", "irrelevant"))
    assert [q.task.metric for q in dataset.questions] == ["string_match_any"] * 2 + ["refusal"] * 2


def test_evidence_is_found_again_after_edits_before_at_and_within_it():
    edited = apply(
        Document("d", "one two three four"), [Edit(13, 13, " x"), Edit(5, 6, "WW"), Edit(0, 1, "")], "e"
    )
    assert edited.document.text == "ne tWWo three x four"
    assert edited.span(Span("d", 4, 13, "two three")).text == "tWWo three"
    assert edited.span(Span("d", 5, 6, "w")).text == "WW"
    assert edited.span(Span("d", 14, 18, "four")).text == "four"


def test_a_dataset_stands_in_a_dataset_in_yaml():
    spec = {"type": "perturb", "dataset": {"type": "synthetic", "documents": 1}, "forms": ["misspelled"]}
    assert len(build("dataset", spec, "x.yaml").questions) == 5
    with pytest.raises(LcragError, match=r"x\.yaml \(perturb\)\.dataset: unknown dataset 'synthetix'"):
        build("dataset", {**spec, "dataset": "synthetix"}, "x.yaml")
    with pytest.raises(LcragError, match="has no other document for 'report-1-q1': leave 'irrelevant' out"):
        build("dataset", {**spec, "forms": ["irrelevant"]}, "x.yaml")
