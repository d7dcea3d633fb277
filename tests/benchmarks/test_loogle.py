"""LooGLE: what its records become, how it asks, and its scorers' digits."""

import pytest

from lcrag.metrics.official import Loogle
from lcrag.schema import Answer, Question
from tests.benchmarks.written import loaded, official_prompt, question


def digits(reply, *answers, masks=None, **settings):
    asked = Question("q", "?", ("d",), answers, metadata={"masks": masks or {}})
    return round(100 * Loogle(**settings).score(asked, Answer(reply)), 2)


def test_records_become_questions(tmp_path):
    dataset = loaded(tmp_path, "loogle")
    far = question(dataset, "longdep_qa")
    assert (far.answers, far.kind) == (("Ida, wasn't it",), "Computation")
    assert [span.text for span in far.evidence] == ["Ida Brook built the mill.", "Bo built the wall."]
    assert question(dataset, "shortdep_cloze").metadata["masks"] == {
        "<mask-0>": "Ida Brook",
        "<mask-1>": "Oare",
    }
    assert question(dataset, "longdep_summarization").answers == ("A mill and a wall.",)
    assert len(dataset.documents) == 1


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "loogle", prompt="official")
    assert official_prompt(dataset, question(dataset, "longdep_qa")) == (
        "Please answer the question based on the long texts below. \nIda Brook built the mill. Bo built the wall.\n"
        "Question: Who built most?\nAnswer: "
    )
    assert official_prompt(dataset, question(dataset, "shortdep_cloze")) == (
        "Please fill in the clozes based on the given long texts below. Each of the placeholder '<mask-n>' in the "
        "question could be an entity of Person, Location or Organiocation. The same masks represent the same entity. "
        "Output a json "
        "format answer, for example: {'<mask-0>': 'Bob', '<mask-1>': 'Gorrosion Magazine','<mask-2>': 'Bethel "
        "Horizon'}\n"
        "Ida Brook built the mill. Bo built the wall.\n Question: <mask-0> built <mask-1>. What are the masked "
        "entities? \n"
        "Answer:"
    )


@pytest.mark.parametrize(
    ("measure", "reply", "gold", "score"),
    [
        (
            "rougeL",
            "the mill of Oare and much more",
            "the mill",
            100.0,
        ),  # recall: words too many cost nothing
        ("rougeL", "mill the", "the mill", 50.0),
        ("rouge1", "mill the", "the mill", 100.0),
        ("rouge2", "mill the", "the mill", 0.0),
        ("rougeL", "", "None", 100.0),  # an empty reply is read as None
        ("bleu1", "the mill", "the mill of Oare", 36.79),  # precision 1 by exp(1 - 4/2)
        ("bleu4", "a b c d e", "a b c d", 50.0),  # one of two runs of four words
        ("bleu4", "a b c", "a b c d", 0.0),
        ("bleu1", "x", "y", 0.0),
    ],
)
def test_questions(measure, reply, gold, score):
    assert digits(reply, gold, measure=measure) == score


@pytest.mark.parametrize(
    ("reply", "settings", "score"),
    [
        ("{'<mask-0>': 'Ida Brook', '<mask-1>': 'Rome'}", {}, 50.0),
        ("{'<mask-0>': 'Ida', '<mask-1>': 3}", {}, 0.0),
        ("{'<mask-0>': 'Ida', '<mask-1>': 3}", {"match": "partial"}, 50.0),
        ("Here: {'<mask-0>': 'Ida Brook'}", {}, 0.0),  # a reply that is no dictionary
        ("Here: {'<mask-0>': 'Ida Brook'}", {"variant": "fixed"}, 50.0),
        ("__import__('os')", {}, 0.0),
        ("['<mask-0>']", {}, 0.0),
    ],
)
def test_masks(reply, settings, score):
    assert digits(reply, "x", masks={"<mask-0>": "Ida Brook", "<mask-1>": "Oare"}, **settings) == score
