"""Histories of dated chats, and preferences told long before they matter."""

import re
from datetime import date

import pytest

from lcrag.generators import generate_chats, generate_preferences
from lcrag.generators.preference_rows import ROWS

from .conftest import mean_score

ABILITIES = ("information_extraction", "multi_session", "knowledge_update", "temporal", "abstention")


@pytest.mark.parametrize("ability", ABILITIES)
def test_an_ability_is_tested_by_what_was_said(check, ability):
    floor = 0.0
    chance = {"information_extraction": 5, "abstention": 0}.get(ability, 30)
    check(lambda tokens, seed: generate_chats((ability,), tokens, 3, prompt="official", seed=seed), floor=floor,
          chance=chance)  # fmt: skip


def test_sessions_are_in_the_order_of_their_dates_and_answers_follow_from_them():
    dataset = generate_chats(tokens=4096, count=6)
    assert [q.kind for q in dataset.questions] == [*ABILITIES] * 6
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        days = [date.fromisoformat(d) for d in re.findall(r"^Date: (\S+) ", text, re.MULTILINE)]
        assert days == sorted(days)
        assert date.fromisoformat(question.metadata["date"]) > days[-1]
        said = [
            (date.fromisoformat(re.findall(r"Date: (\S+) ", text[: s.start])[-1]), s.text)
            for s in question.evidence
        ]
        if question.kind == "multi_session":
            spent = sum(int(re.search(r"\d+", t)[0]) for _, t in said)
            assert question.answers == (f"{spent} euros",)
        elif question.kind == "temporal":
            end = said[1][0] if len(said) > 1 else date.fromisoformat(question.metadata["date"])
            assert question.answers[0] == f"{(end - said[0][0]).days} days"
        elif question.kind == "knowledge_update":
            assert len(re.findall(r"My [\w ]+ (?:is in|has moved)", text)) == 3
            assert question.answers[0] in said[0][1]
        elif question.kind == "abstention":
            assert not question.answerable and "boat" not in text
        else:
            assert question.answers[0] in said[0][1]


def test_the_date_stands_in_the_prompt():
    (question,) = generate_chats(("temporal",), 2048, 1, prompt="official").questions
    assert (
        f"Current Date: {question.metadata['date']}\nQuestion: {{question}}\nAnswer:"
        in question.task.template
    )
    (question,) = generate_chats(("temporal",), 2048, 1).questions
    assert question.task.instruction == f"Today is {question.metadata['date']}. Answer in a few words."


@pytest.mark.parametrize("form", ["explicit", "implicit"])
def test_a_preference_is_told_once_and_one_choice_respects_it(check, form):
    def make(tokens, seed, count=4):
        return generate_preferences((form,), tokens, count, seed=seed)

    check(make, chance=0)  # the right choice of another question is none of this one's
    dataset = make(1024, 0, 20)
    assert len({q.text for q in dataset.questions}) == 20 == len(ROWS)
    letters = [0 < mean_score(dataset, lambda q, letter=letter: letter) < 60 for letter in "ABCD"]
    assert all(letters)
    for question in dataset.questions:
        row = next(r for r in ROWS if r.question == question.text)
        assert question.evidence[0].text == getattr(row, form)
        assert set(question.choices) == {row.suitable, *row.others}


def test_a_preference_stands_at_the_depth_that_is_asked_for():
    dataset = generate_preferences(("explicit",), 4096, 1, depth=50)
    place = dataset.questions[0].evidence[0].start / len(dataset.documents[0].text)
    assert abs(place - 0.5) < 0.05
