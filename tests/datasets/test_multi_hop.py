"""Two-hop questions: the chain stands in the text, in two places, and nowhere else."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lcrag.components.build import build
from lcrag.datasets.multi_hop import generate_multi_hop
from lcrag.errors import LcragError

DOMAINS = ["companies", "music"]


def mentions(text: str, name: str) -> bool:
    """Whether a name is there as whole words: Corkirk is not Cork, an organisation is not an organ."""
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(DOMAINS), st.integers(0, 99), st.integers(1, 20), st.integers(0, 2))
@example("companies", 27, 10, 0)  # somebody at Corkirk Textiles was born in Cork
@example("music", 14, 3, 1)  # filler speaks of the sales organisation
def test_each_question_needs_two_facts_from_two_paragraphs(domain, seed, profiles, filler):
    dataset = generate_multi_hop(domain, 2, 2, min(3, profiles), profiles, filler, seed, demonstrations=2)
    dataset.validate()
    for question in (*dataset.questions, *dataset.demonstrations):
        first, second = question.evidence
        bridge, (answer,) = question.metadata["bridge"], question.answers
        assert mentions(first.text, bridge) and mentions(second.text, bridge)
        assert mentions(second.text, answer) and not mentions(first.text, answer)
        assert not mentions(question.text, bridge) and not mentions(question.text, answer)
        subject = re.search(r"(?:executive|teacher) of (.+?) (?:born|play)", question.text)[1]
        paragraphs = dataset.document(question.document_ids[0]).text.split("\n\n")
        assert any(mentions(p, subject) for p in paragraphs)
        assert not any(mentions(p, subject) and mentions(p, answer) for p in paragraphs)
        assert sum(mentions(p, bridge) and mentions(p, answer) for p in paragraphs) == 1


def test_the_same_arguments_give_the_same_and_more_contains_less():
    assert generate_multi_hop(seed=3).digest == generate_multi_hop(seed=3).digest
    assert generate_multi_hop(seed=3).digest != generate_multi_hop(seed=4).digest
    assert generate_multi_hop(documents=6).questions[:16] == generate_multi_hop(documents=4).questions


def test_one_hop_asks_for_the_person_on_the_same_texts():
    one, two = generate_multi_hop(hops=1), generate_multi_hop(hops=2)
    assert one.documents == two.documents
    for a, b in zip(one.questions, two.questions, strict=True):
        assert a.answers == (b.metadata["bridge"],) and a.evidence == b.evidence[:1]
        assert a.answers[0] in a.evidence[0].text


def test_demonstrations_are_on_documents_of_their_own():
    dataset = generate_multi_hop("music", documents=2, demonstrations=8, profiles=5)
    assert len(dataset.demonstrations) == 8
    tested = {q.document_ids for q in dataset.questions}
    assert not tested & {q.document_ids for q in dataset.demonstrations}


def test_in_yaml():
    dataset = build("dataset", {"type": "multi_hop", "domain": "music", "documents": 1}, "x: dataset")
    assert {q.kind for q in dataset.questions} == {"music, 2 hops"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"domain": "food"}, "unknown domain 'food'"),
        ({"hops": 3}, "'hops' is 3, but must be from 1 to 2"),
        ({"documents": 0}, "'documents' is 0"),
        ({"profiles": 21}, "'profiles' is 21, but must be from 1 to 20"),
        ({"questions_per_document": 7}, "'questions_per_document' is 7, but must be from 0 to 6"),
    ],
)
def test_bad_input(arguments, said):
    with pytest.raises(LcragError, match=said):
        generate_multi_hop(**arguments)
