"""Benchmarks on long chats and meetings: LoCoMo, LongMemEval, PrefEval and QMSum."""

import json
from math import log2

import pytest

from lcrag.benchmarks import load_locomo, load_longmemeval, load_prefeval, load_qmsum
from lcrag.errors import LcragError
from lcrag.metrics.official import Locomo, LongMemEvalRetrieval
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Passage, Question, Span
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import written

score = TaskScore().score


def test_locomo_reads_a_conversation_with_dated_sessions(tmp_path):
    dataset = load_locomo(written(tmp_path, "locomo"), prompt="official")
    keeps, when, invented = dataset.questions
    assert dataset.documents[0].text == (
        "Below is a conversation between two people: Ada and Ben. The conversation takes place over multiple days "
        "and the date of each conversation is wriiten at the beginning of the conversation.\n\n"
        "DATE: 1:56 pm on 8 May, 2023\n"
        'CONVERSATION:\nAda said, "I keep an inn and a mill."\nBen said, "Look!" and shared a photo of a bridge.\n'
    )
    assert keeps.id == "multi_hop-conv-1-1"
    assert [s.text for s in keeps.evidence] == ['Ada said, "I keep an inn and a mill."']  # its id is D1:01
    assert when.answers == ("2023",) and when.text.endswith("with an approximate date.")
    assert prompt_of(keeps, "TEXT") == (
        "TEXT\n\n\nBased on the above context, write an answer in the form of a short phrase for the following "
        "question. Answer with exact words from the context whenever possible.\n\n"
        "Question: What does Ada keep? Short answer:\n"
    )
    assert not invented.answerable and "(a)" in invented.text and "Not mentioned" in invented.text
    letter = next(k for k, v in invented.metadata["choice"].items() if v.startswith("Not"))
    other = {"a": "b", "b": "a"}[letter]
    assert score(invented, Answer(f"({letter})")) == score(invented, Answer("It is not mentioned.")) == 1.0
    assert score(invented, Answer(other)) == score(invented, Answer("An inn.")) == 0.0
    assert score(keeps, Answer("mills, a big inn")) == pytest.approx(
        (2 / 3 + 1) / 2
    )  # stems; the best part for each


@pytest.mark.parametrize(
    ("category", "gold", "answer", "expected"),
    [
        ("single_hop", "the inn and the mill", "Inns, mills", 1.0),  # articles and "and" go, stems stay
        ("open_domain", "an inn; since she cooks", "inn", 1.0),
        ("temporal", "7 May 2023", "May, 2023", 0.8),
        ("multi_hop", "an inn, a mill", "a mill", 0.5),
    ],
)
def test_locomo_scores_as_its_authors_do(category, gold, answer, expected):
    question = Question("q", "?", ("d",), (gold,), metadata={"category": category})
    assert Locomo().score(question, Answer(answer)) == pytest.approx(expected)


def test_longmemeval_reads_sessions_in_the_order_of_their_dates(tmp_path):
    dataset = load_longmemeval(written(tmp_path, "longmemeval"), prompt="official")
    question, abstention = dataset.questions
    assert [dataset.document(id).text.splitlines()[0] for id in question.document_ids] == [
        "Session Date: 2023/05/02 (Tue) 10:00", "Session Date: 2023/05/20 (Sat) 02:21",
    ]  # fmt: skip
    assert [s.text for s in question.evidence] == ["user: I keep an inn."]
    assert question.id == "s-q1" and question.kind == "single-session-user"
    assert question.metadata["date"] == "2023-05-30"
    assert not abstention.answerable and abstention.metadata["type"] == "abstention"
    assert abstention.document_ids == question.document_ids
    assert prompt_of(question, "TEXT") == (
        "I will give you several history chats between you and a user. Please answer the question based on the "
        "relevant chat history.\n\n\nHistory Chats:\n\nTEXT\n\nCurrent Date: 2023/05/30 (Tue) 23:40\nQuestion: "
        "What do I keep?\nAnswer:"
    )


def test_longmemeval_discounts_from_the_third_rank_on():
    gold = (Span("a", 0, 4, "abcd"), Span("b", 0, 4, "abcd"), Span("b", 8, 12, "ijkl"))
    question = Question("q", "?", ("a", "b", "c"), ("x",), evidence=gold)
    ranked = [Passage("abcd", "c", 0, 4), Passage("abcd", "a", 0, 4), Passage("abcd", "c", 8, 12),
              Passage("abcd", "b", 0, 4)]  # fmt: skip
    answer = Answer("x", tuple(ranked))

    def value(**settings):
        return LongMemEvalRetrieval(**settings).score(question, answer)

    assert value(k=2) == pytest.approx(1 / 2)  # sessions c, a, b: the gain of rank 2 is 1, the ideal 1 + 1
    assert value(k=3) == pytest.approx((1 + 1 / log2(3)) / 2)
    assert value(measure="recall_any", k=1) == 0.0 and value(measure="recall_any", k=2) == 1.0
    assert value(measure="recall_all", k=2) == 0.0 and value(measure="recall_all", k=3) == 1.0
    assert value(level="turn", k=4) == pytest.approx((1 + 1 / 2) / (1 + 1 + 1 / log2(3)))
    assert value(level="turn", measure="recall_all", k=4) == 0.0
    assert LongMemEvalRetrieval().score(question, Answer("x")) is None


def test_qmsum_has_the_turns_that_matter(tmp_path):
    general, specific = load_qmsum(written(tmp_path, "qmsum")).questions
    assert general.kind == "general" and not general.evidence
    assert specific.id == "test-1-specific-1"
    assert [s.text for s in specific.evidence] == ["Ada: I bought an inn.\nBen: Good.\n"]
    assert score(specific, Answer("An inn")) == 1.0
    file = tmp_path / "data/ALL/jsonl/test.jsonl"
    file.write_text(file.read_text().replace('"2"', '"7"'))
    with pytest.raises(LcragError, match=r"test\.jsonl:1.*relevant_text_span.*ranges of the 3 turns"):
        load_qmsum(tmp_path)


def test_prefeval_puts_other_exchanges_between_preference_and_question(tmp_path):
    folder = written(tmp_path, "prefeval")
    dataset = load_prefeval(folder, tasks=(), prompt="official", turns=2)
    by_task = {q.task.name: q for q in dataset.questions}
    assert set(by_task) == {"explicit", "implicit_choice", "implicit_persona", "mcq"}
    mcq = by_task["mcq"]
    assert dataset.document(mcq.document_ids[0]).text == (
        "user: I dislike noise.\nuser: Hello.\nassistant: Hello!\nuser: Hello.\nassistant: Hello!"
    )
    assert [s.text for s in mcq.evidence] == ["user: I dislike noise."]
    assert mcq.answers == ("A quiet inn",) and sorted(mcq.choices)[1:3] == ["A club", "A loud inn"]
    letter = "ABCD"[mcq.choices.index("A quiet inn")]
    assert score(mcq, Answer(f"<choice>{letter}</choice>")) == 1.0
    assert score(mcq, Answer(letter)) == 0.0  # the authors read nothing without the tag
    assert f"{letter}. A quiet inn" in prompt_of(mcq, "TEXT")
    persona = dataset.document(by_task["implicit_persona"].document_ids[0]).text
    assert persona.startswith("user: I sleep badly.\nassistant: Why?\nuser: Noise.")
    assert score(by_task["explicit"], Answer("A quiet one.")) is None
    with pytest.raises(LcragError, match=r"has 12 exchanges, 13 are wanted: lower `turns`"):
        load_prefeval(folder, turns=13)
    with pytest.raises(LcragError, match="turns must be at least 0, not -1"):
        load_prefeval(folder, turns=-1)
    (folder / "benchmark_dataset/filtered_inter_turns.json").unlink()
    assert load_prefeval(folder, turns=0).documents[0].text == "user: I dislike noise.\n"
    with pytest.raises(LcragError, match="is not in the folder above"):
        load_prefeval(folder)


def test_broken_chats_are_told(tmp_path):
    file = written(tmp_path, "longmemeval") / "longmemeval_s_cleaned.json"
    rows = json.loads(file.read_text())
    for change, told in (
        ({"haystack_dates": []}, "as many sessions as there are ids and dates"),
        ({"question_type": "riddle"}, "'question_type' must be one of single-session-user"),
        ({"haystack_sessions": [1, 2]}, "'turns' must be a list of objects"),
    ):
        file.write_text(json.dumps([rows[0] | change]))
        with pytest.raises(LcragError, match=told):
            load_longmemeval(tmp_path)
