"""Two-hop questions: the chain stands in the text, in two places, and nowhere else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcrag.datasets.multi_hop import generate_multi_hop
from lcrag.errors import LcragError
from lcrag.experiment.registry import build

DOMAINS = ["companies", "music"]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(DOMAINS), st.integers(0, 99), st.integers(1, 20), st.integers(0, 2))
def test_each_question_needs_two_facts_from_two_paragraphs(domain, seed, profiles, filler):
    dataset = generate_multi_hop(domain, 2, min(3, profiles), profiles, filler, seed, demonstrations=2)
    dataset.validate()
    for question in (*dataset.questions, *dataset.demonstrations):
        text = dataset.document(question.document_ids[0]).text
        first, second = question.evidence
        bridge, (answer,) = question.metadata["bridge"], question.answers
        assert bridge in first.text and bridge in second.text
        assert (answer in first.text) != (answer in second.text)
        assert bridge not in question.text and answer not in question.text
        paragraphs = text.split("\n\n")
        assert not any(answer in p and question.text[-20:-6] in p for p in paragraphs)
        assert sum(f" {answer}" in p and bridge in p for p in paragraphs) == 1


def test_the_same_arguments_give_the_same_and_more_contains_less():
    assert generate_multi_hop(seed=3).digest == generate_multi_hop(seed=3).digest
    assert generate_multi_hop(seed=3).digest != generate_multi_hop(seed=4).digest
    assert generate_multi_hop(documents=6).questions[:16] == generate_multi_hop(documents=4).questions


def test_demonstrations_are_on_documents_of_their_own():
    dataset = generate_multi_hop("music", 2, demonstrations=8, profiles=5)
    assert len(dataset.demonstrations) == 8
    tested = {q.document_ids for q in dataset.questions}
    assert not tested & {q.document_ids for q in dataset.demonstrations}


def test_in_yaml():
    dataset = build("dataset", {"type": "multi_hop", "domain": "music", "documents": 1}, "x: dataset")
    assert {q.kind for q in dataset.questions} == {"music"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"domain": "food"}, "unknown domain 'food'"),
        ({"documents": 0}, "'documents' is 0"),
        ({"profiles": 21}, "'profiles' is 21, but must be from 1 to 20"),
        ({"questions_per_document": 7}, "'questions_per_document' is 7, but must be from 0 to 6"),
    ],
)
def test_bad_input(arguments, said):
    with pytest.raises(LcragError, match=said):
        generate_multi_hop(**arguments)
