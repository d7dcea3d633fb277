"""RULER's thirteen tasks: its words, its amounts, and what went wrong in its own generators."""

import re
from collections import Counter

import pytest

from lcrag.errors import LcragError
from lcrag.generators import generate_ruler

from .conftest import fits

TASKS = (
    "niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2", "niah_multikey_3",
    "niah_multivalue", "niah_multiquery", "vt", "cwe", "fwe", "qa_1", "qa_2",
)  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_answered_from_its_text(check, task):
    chance = 40 if task == "qa_2" else 5  # one of 30 cities
    check(
        lambda tokens, seed: generate_ruler((task,), tokens, 2, prompt="official", seed=seed), chance=chance
    )


def test_all_thirteen_are_made_where_none_is_named():
    dataset = generate_ruler(count=1)
    assert tuple(q.kind for q in dataset.questions) == TASKS
    assert {q.task.max_tokens for q in dataset.questions} == {128, 30, 120, 50, 32}
    assert [q.task.metric for q in dataset.questions] == ["string_match_all"] * 11 + ["string_match_any"] * 2
    assert {q.task.average for q in dataset.questions} == {("task",)}
    assert "the paper's figures are of other texts" in dataset.notices[0]


def test_needles_are_as_many_as_the_task_says_and_no_two_alike():
    dataset = generate_ruler(("niah_multivalue", "niah_multiquery", "niah_multikey_3"), count=2)
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        needles = re.findall(r"special magic \w+ for (\S+) is: (\S+)\.", text)
        values = [value for _, value in needles]
        assert len(values) == len(set(values))
        if question.kind != "niah_multikey_3":
            assert sorted(values) == sorted(question.answers)
        assert (
            len(question.answers)
            == len(question.evidence)
            == (1 if question.kind == "niah_multikey_3" else 4)
        )
        assert all(span.text.endswith(f"{gold}.") for span in question.evidence for gold in question.answers
                   if gold in span.text)  # fmt: skip


def test_needles_are_shuffled_anew_for_each_question():
    dataset = generate_ruler(("niah_multikey_1",), count=8)
    ranks = set()
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        keys = re.findall(r"for (\S+) is:", text)
        ranks.add(next(i for i, key in enumerate(keys) if key in question.text))
    assert len(ranks) > 1


def test_variables_are_one_chain_in_order():
    dataset = generate_ruler(("vt",), count=2, prompt="official")
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        assignments = re.findall(r"VAR ([A-Z]{5}) = (?:VAR )?(\w+)", text)
        values = {}
        for variable, source in assignments:
            values[variable] = values.get(source, source)
        assert tuple(values) == question.answers
        assert set(values.values()) == {re.search(r"\d+", question.text)[0]}
        assert question.task.template.count("they are: ") == 2  # a worked example comes first
        assert question.task.template.endswith(
            f"5 variables are assigned the value {values[question.answers[0]]}, they are: "
        )


def test_common_words_are_those_that_appear_most_often_and_stand_in_no_other_word():
    (question,) = (dataset := generate_ruler(("cwe",), count=1)).questions
    counts = Counter(re.findall(r"\d+\. (\w+)", dataset.documents[0].text))
    assert {word for word, n in counts.items() if n == 30} == set(question.answers)
    assert set(counts.values()) == {30, 3}
    assert not any(gold in word for gold in question.answers for word in counts if word != gold)


def test_frequent_words_are_the_second_to_the_fourth_after_the_dots():
    (question,) = (dataset := generate_ruler(("fwe",), count=1)).questions
    ranked = [word for word, _ in Counter(dataset.documents[0].text.split()).most_common(5)]
    assert ranked[0] == "..." and tuple(ranked[1:4]) == question.answers


def test_documents_are_different_and_the_answer_stands_in_the_gold_one():
    dataset = generate_ruler(("qa_1", "qa_2"), count=2)
    for question in dataset.questions:
        blocks = re.split(r"Document \d+:\n", dataset.document(question.document_ids[0]).text)[1:]
        assert len(blocks) == len(set(blocks)) > 5
        assert (
            question.answers[0] in question.evidence[-1].text
            or question.answers[0] in question.evidence[0].text
        )
        assert len(question.evidence) == {"qa_1": 1, "qa_2": 2}[question.kind]


def test_every_task_has_its_length_by_a_real_tokenizer():
    fits(generate_ruler(tokens=4096, count=1, tokenizer="smollm2", prompt="official"), 4096, "smollm2")


def test_a_text_that_cannot_be_short_enough_is_an_error_and_no_endless_loop():
    with pytest.raises(LcragError, match=r"RULER, cwe: the shortest text has .* raise 'tokens'"):
        generate_ruler(("cwe",), 300)
    with pytest.raises(LcragError, match="RULER: there is no task 'niah'; known are: niah_single_1"):
        generate_ruler(("niah",))


def test_an_experiment_can_ask_for_it_in_yaml():
    from lcrag.components.build import build

    dataset = build(
        "dataset", {"type": "ruler", "tasks": ["vt"], "tokens": [2048, 4096], "count": 1}, "x.yaml"
    )
    assert [q.metadata["length"] for q in dataset.questions] == [2048, 4096]


def test_the_needle_that_is_asked_for_looks_like_all_others():
    for kind, form in (("niah_multikey_2", r"[a-z]+-[a-z]+"), ("niah_multikey_3", r"[0-9a-f-]{36}")):
        dataset = generate_ruler((kind,), count=1)
        keys = re.findall(r"for (\S+) is:", dataset.documents[0].text)
        assert len(keys) == len(set(keys)) > 50
        assert all(re.fullmatch(form, key) for key in keys)
