"""The questions of `lcrag demo`: two halves, each on text that the running Python really carries."""

import json
from collections import Counter

import pytest

from lcrag.datasets.pydoc_facts import QUESTIONS, SECTIONS, load_pydoc_facts
from lcrag.errors import LcragError
from lcrag.metrics.score import score
from lcrag.schema import Answer


@pytest.fixture(scope="module")
def halves():
    return {half: load_pydoc_facts(half) for half in ("show", "choose")}


def test_what_is_shown_is_enough_for_a_test_and_shares_nothing_with_what_was_tuned_on(halves):
    show, choose = ({d.id: d.text for d in halves[half].documents} for half in ("show", "choose"))
    assert len(show) >= 16 and len(choose) >= 16
    assert not show.keys() & choose.keys()
    assert len({*show.values(), *choose.values()}) == len(show) + len(choose)
    both = load_pydoc_facts("both")
    assert {q.id for q in both.questions} == {q.id for d in halves.values() for q in d.questions}
    assert len(both.documents) == len(json.loads(SECTIONS.read_text("utf-8")))


@pytest.mark.parametrize("half", ["show", "choose"])
def test_the_evidence_of_every_question_is_in_its_text_and_mostly_facts_are_asked_for(halves, half):
    dataset = halves[half]
    dataset.validate()
    texts, kinds = {d.id: d.text for d in dataset.documents}, Counter(q.kind for q in dataset.questions)
    for question in dataset.questions:
        assert bool(question.answers) == bool(question.evidence) == question.answerable, question.id
        assert all(texts[s.document_id][s.start : s.end] == s.text for s in question.evidence)
        if question.answers:
            assert score(question, Answer(question.answers[0]))["accuracy"] == 1, question.id
        if question.kind == "location":
            quoted = " ".join(" ".join(s.text for s in question.evidence).split()).lower().replace("- ", "-")
            assert any(a.lower() in quoted for a in question.answers), question.id
    assert kinds["location"] >= 4 * (kinds["comparison"] + kinds["hallucination"]) > 0
    assert kinds["comparison"] and kinds["hallucination"]


def test_questions_that_this_python_words_differently_are_left_out_with_a_notice(tmp_path, monkeypatch):
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    rows[0]["evidence"] = ["This sentence stands in no Python's reference."]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    sections = json.loads(SECTIONS.read_text("utf-8"))
    lost = rows[-1]["document"]
    sections[lost] = [["match", "No such heading", ""]]
    (tmp_path / "sections.json").write_text(json.dumps(sections))
    monkeypatch.setattr("lcrag.datasets.pydoc_facts.QUESTIONS", tmp_path / "questions.jsonl")
    monkeypatch.setattr("lcrag.datasets.pydoc_facts.SECTIONS", tmp_path / "sections.json")
    dataset = load_pydoc_facts("both")
    (notice,) = dataset.notices
    lost_ids = [r["id"] for r in rows if r["document"] == lost]
    assert notice.startswith(
        f"{1 + len(lost_ids)} questions left out, since this Python words the evidence differently: "
    )
    assert rows[0]["id"] in notice and rows[-1]["id"] in notice
    assert len(dataset.questions) == len(rows) - 1 - len(lost_ids) and lost not in {
        d.id for d in dataset.documents
    }


def test_another_half_is_refused():
    with pytest.raises(LcragError, match="half must be show, choose or both, not 'all'"):
        load_pydoc_facts("all")
