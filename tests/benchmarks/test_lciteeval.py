"""L-CiteEval: what its records become, how it asks, correctness and citations."""

import pytest

from lcrag.metrics.official import LCiteEval, LCiteEvalCitations
from lcrag.schema import Answer, Passage, Question
from tests.benchmarks.written import loaded, official_prompt, question


def asked(task, *answers, passages=(), gold=()):
    return Question(
        "q",
        "?",
        ("d",),
        answers,
        metadata={"task": task, "passages": list(passages), "gold_passages": list(gold)},
    )


def digits(task, reply, *answers, **settings):
    return round(100 * LCiteEval(**settings).score(asked(task, *answers), Answer(reply)), 2)


def test_records_become_questions(tmp_path):
    dataset = loaded(tmp_path, "lciteeval")
    first = question(dataset, "hotpotqa")
    assert first.metadata["passages"] == ["Bo built it.", "Ida Brook built the mill."]
    stars = question(dataset, "counting_stars")
    assert (stars.answers, stars.metadata["gold_passages"]) == (("3", "5"), [1, 3])
    assert [span.text for span in question(dataset, "niah").evidence] == ["Passage [2]: It turns by wind.\n"]


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "lciteeval", prompt="official")
    assert official_prompt(dataset, question(dataset, "hotpotqa")) == (
        "Passage [1]: Bo built it.\nPassage [2]: Ida Brook built the mill.\n\n\nWrite an accurate, engaging, and "
        "concise answer to the given question using only the provided passages (some of which might be irrelevant). "
        "Use an unbiased "
        "and journalistic tone. Every sentence must include a citation at the end, referencing at least one passage "
        "and at "
        "most three. When citing several passages, use separate brackets for each index number, like [a][b][c], "
        "instead of "
        "combining them in one set of brackets, like [a, b, c]. Here, a, b and c represent different index numbers. If "
        "multiple passages support the sentence, only cite a minimum sufficient subset of the passages.\n\n"
        "Question: Who built the mill?\nAnswer:"
    )
    assert official_prompt(dataset, question(dataset, "dialsim")).startswith(
        "Conversation [1]: Bo: I.\n\n\nYou are Max, a long-term conversation agent capable of interacting with "
        "multiple users. Write an accurate, engaging, and concise answer to the given question using only the "
        "provided conversations"
    )


@pytest.mark.parametrize(
    ("task", "reply", "answers", "score"),
    [
        ("hotpotqa", "Ida Brook [2].\nOr Bo.", ("Ida Brook",), 100),
        ("hotpotqa", "Ida [1][2]", ("Ida Brook", "Max"), 66.67),
        ("gov_report", "Summary: mills turn [1]", ("mills turn",), 100),
        ("gov_report", "In summary mills turn", ("mills turn",), 0),  # no colon: the authors pass over it
        ("gov_report", "\n", ("mills turn",), 0),
        ("niah", "it surely turns by wind [2]", ("by wind",), 100),
        (
            "counting_stars",
            'So: {"little_penguin": [3, 4, 5], "passage_id": [1]}',
            ("3", "5"),
            50,
        ),  # the first two
        ("counting_stars", "3 and 5", ("3", "5"), 0),
    ],
)
def test_correctness(task, reply, answers, score):
    assert digits(task, reply, *answers) == score


def test_precision_and_recall_are_the_best_apart():
    answers = ("Ida", "Ida Brook of Oare")
    assert digits("locomo", "Ida Brook", *answers, measure="precision") == 100.0
    assert digits("locomo", "Ida Brook", *answers, measure="recall") == 100.0
    assert digits("locomo", "Ida Brook", *answers) == 66.67


def cited(task, reply, evidence=(), passages=("Ida built mills", "Bo slept"), gold=(), **settings):
    metric = LCiteEvalCitations(**settings)
    return metric.score(asked(task, "x", passages=passages, gold=gold), Answer(reply, evidence=evidence))


def test_citations_of_known_passages_need_no_model():
    assert cited("niah", "By wind [2][1].", gold=(2,), measure="precision") == 0.5
    assert cited("niah", "By wind [2][1].", gold=(2,)) == pytest.approx(2 / 3)
    assert cited("niah", "By wind [3].", gold=(2,)) == 0.0
    stars = '{"little_penguin": [3], "passage_id": [1, 1, 4]}'
    assert cited("counting_stars", stars, gold=(1, 3), measure="recall") == 0.5
    assert cited("counting_stars", stars, gold=(1, 3), measure="precision") == 0.5


def test_other_citations_are_left_out_without_a_model():
    assert cited("hotpotqa", "Ida built mills [1].") is None
    assert cited("hotpotqa", "Ida built mills [1].", (Passage("x"),), entailment="lexical") is None


def test_citations_that_are_not_needed_cost_precision():
    reply = "Ida built mills [1][2]. Bo slept [1]. Ida built [7]."
    # sentences: entailed with one citation too many; not entailed; out of range, whose citation does not count
    assert cited("hotpotqa", reply, entailment="lexical", measure="recall") == pytest.approx(1 / 3)
    assert cited("hotpotqa", reply, entailment="lexical", measure="precision") == pytest.approx(1 / 3)
