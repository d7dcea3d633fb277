"""One needle at every depth of texts of every length, and the picture of it."""

import pandas as pd
import pytest

from lcrag.analysis import needle_heat_map
from lcrag.errors import LcragError
from lcrag.generators import generate_niah
from lcrag.generators.budget import counter

from .conftest import fits


@pytest.mark.parametrize("kind", ["prose", "noise", "needles"])
def test_the_needle_is_found_where_the_grid_says(check, kind):
    check(
        lambda tokens, seed: generate_niah(
            tokens, depths=3, count=2, haystack_kind=kind, prompt="official", seed=seed
        )
    )


def test_depth_is_where_the_needle_stands():
    dataset = generate_niah((2048, 4096), depths=5)
    for question in dataset.questions:
        (span,) = question.evidence
        place = 100 * span.start / len(dataset.document(span.document_id).text)
        assert abs(place - question.metadata["depth"]) < 3
    assert {(q.metadata["length"], q.metadata["depth"]) for q in dataset.questions} == {
        (length, depth) for length in (2048, 4096) for depth in (0, 25, 50, 75, 100)
    }  # fmt: skip


def test_cells_differ_in_depth_and_length_alone():
    assert len({q.answers for q in generate_niah((2048, 4096), depths=3).questions}) == 1


def test_the_official_prompt_is_rulers_to_the_letter():
    (question,) = generate_niah(2048, depths=1, prompt="official").questions
    key = question.text.removeprefix("What is the special magic number for ").split(" ")[0]
    assert question.task.template.replace("{question}", question.text) == (
        "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you "
        f"about the number afterwards.\n{{context}}\nWhat is the special magic number for {key} mentioned in the "
        f"provided text? The special magic number for {key} mentioned in the provided text is"
    )
    assert (
        question.evidence[0].text == f"One of the special magic numbers for {key} is: {question.answers[0]}."
    )
    assert generate_niah(2048, depths=1).questions[0].task.template == ""


def test_length_is_counted_with_the_tokenizer_that_is_asked_for():
    fits(generate_niah(4096, depths=2, tokenizer="smollm2", prompt="official"), 4096, "smollm2")
    assert counter("smollm2")("2024") == 4  # single digits


def test_what_cannot_be_is_one_sentence():
    with pytest.raises(LcragError, match="Needle in a haystack: 'tokens' is 50, but must be from 100"):
        generate_niah(50)
    with pytest.raises(
        LcragError, match=r"only \d+ are left for it beside the question and the answer: raise 'tokens'"
    ):
        generate_niah(200)


def test_the_heat_map_has_a_panel_for_each_strategy_and_a_cell_for_each_depth_and_length():
    questions = generate_niah((2048, 4096), depths=3).questions
    table = pd.DataFrame(
        {"question_id": q.id, "strategy": s, "model": "m",
         "score": float(s == "long_context" or q.metadata["depth"] == 0)}
        for q in questions for s in ("long_context", "chunked_retrieval")
    )  # fmt: skip
    figure = needle_heat_map(table, questions)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == ["long_context", "chunked_retrieval"]
    assert [t.get_text() for t in panels[0].get_xticklabels()] == ["2k", "4k"]
    assert [t.get_text() for t in panels[0].get_yticklabels()] == ["0", "50", "100"]
    assert panels[1].images[0].get_array().tolist() == [[1, 1], [0, 0], [0, 0]]
    with pytest.raises(LcragError, match="no question of this table has a depth"):
        needle_heat_map(table, [])
