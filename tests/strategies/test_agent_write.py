"""A long text is written as its plan says, and a plan that does not fit is an error."""

from dataclasses import replace

import pytest

from lcrag.errors import LcragError
from lcrag.strategies import AgentWrite
from tests.strategies.conftest import ask

PLAN = (
    "Paragraph 1 \u2013 Main Point: The start \u2013 Word Count: 200\nnoise\n"
    "**Paragraph 2** - Main Point: the end - Word Count: 1,300 words"
)


def test_a_plan_is_written_step_by_step(dataset, scripted, embedder):
    reader = scripted([PLAN, "First words.", "Last words here."])
    answer, tools = ask(AgentWrite(k=1), dataset, reader, embedder)
    assert answer.text == "First words.\n\nLast words here."
    assert answer.notes == {"steps": 2, "planned_words": 1500, "words": 5, "cut": 0}
    assert "First words." in reader.requests[2].messages[-1].content
    assert [s.input for s in tools.steps if s.name == "retrieve"] == ["The start", "the end"]


def test_a_paragraph_of_the_planned_words_fits_into_its_tokens(dataset, scripted, embedder):
    """English has fewer than 1.5 tokens per word; the scripted reader's tokens are words."""
    reader = scripted([PLAN, "word " * 300, "word " * 1950])
    answer, _ = ask(AgentWrite(k=0), dataset, reader, embedder)
    assert len(answer.text.split()) == 300 + 1950 and answer.notes["cut"] == 0
    assert "about 1300 words: the end" in reader.requests[2].messages[-1].content


def test_a_paragraph_longer_than_its_tokens_is_noted(dataset, scripted, embedder):
    answer, _ = ask(AgentWrite(k=0), dataset, scripted([PLAN, "word " * 999, "end"]), embedder)
    assert answer.notes["cut"] == 1


def lines(count):
    point = "something that is said in about fifteen words so that the line is long"
    return "\n".join(f"Paragraph {i} - Main Point: {point} - Word Count: 200" for i in range(1, count + 1))


def test_a_plan_of_fifty_steps_is_written_in_full(dataset, scripted, embedder):
    reader = scripted(lambda r: lines(50) if "Break this" in r.messages[-1].content else "Text.")
    answer, _ = ask(AgentWrite(k=0), dataset, reader, embedder)
    assert answer.notes["steps"] == 50 and len(reader.requests) == 51


@pytest.mark.parametrize("plan", [lines(51), "Paragraph 1 - Main Point: " + "on and " * 2000])
def test_a_plan_that_is_too_long_is_an_error_and_not_half_a_text(plan, dataset, scripted, embedder):
    with pytest.raises(LcragError, match=r"Question n1: the plan .* 50 steps.* raise `max_steps`"):
        ask(AgentWrite(k=0), dataset, scripted(lambda r: plan), embedder)


def test_the_plan_is_told_how_long_the_text_is(dataset, scripted, embedder):
    long = replace(dataset, questions=(replace(dataset.questions[0], metadata={"words": 2500}),))
    reader = scripted(["no plan at all", "Text."])
    answer, _ = ask(AgentWrite(k=0, max_words=600), long, reader, embedder)
    asked = reader.requests[0].messages[-1].content
    assert "200 to 600 words. Together they have about 2500 words, so write at least 5 lines." in asked
    assert (answer.notes["steps"], answer.notes["planned_words"]) == (1, 2500)
