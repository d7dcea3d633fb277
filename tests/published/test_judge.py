"""A scripted judge: what it is asked, what its replies count for, and what it costs."""

import asyncio

import numpy as np
import pandas as pd
import pytest

from lcrag.errors import LcragError
from lcrag.outcomes import validate
from lcrag.published.judge import judge
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.calls import CallJournal
from tests.outcomes.conftest import row


@pytest.fixture
def answers():
    return validate(
        pd.DataFrame(
            [
                row("q1", kind="reasoning", score=None, gold="the flood"),
                row("q2", kind="hallucination", score=None, gold="not mentioned"),
                row("q3", kind="reasoning", score=0.25),
                row("q4", kind="reasoning", score=None, error="The call failed."),
                row("q5", kind="comparison", score=None, gold=""),
                row("q6", kind="comparison", score=None, gold="the older"),
            ]
        )
    )


def judged(table, replies="True", **settings):
    reader = ScriptedReader(replies if callable(replies) else lambda request: replies, name="the judge")
    return asyncio.run(judge(table, reader, **settings)).set_index("question_id"), reader


def test_two_prompts_by_kind(answers):
    found, reader = judged(answers)
    asked = {p.messages[-1].content.split("\n")[0]: p.messages[-1].content for p in reader.requests}
    assert set(asked) == {"Question: What is q1?", "Question: What is q2?", "Question: What is q6?"}
    assert "Reference answer: the flood" in asked["Question: What is q1?"]
    assert "Is the answer correct" in asked["Question: What is q6?"]
    assert "does not answer this question" in asked["Question: What is q2?"]
    assert all(r.begin == ("True", "False") for r in reader.requests)
    assert found["score"].tolist()[:3] == [1.0, 1.0, 0.25]


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("True", 1.0), ("false", 0.0), ("**True**.", 1.0), ("\n False, because", 0.0),
        ("not true", None), ("Untrue", None), ("Trueish", None), ("It is False", None), ("", None),
    ],
)  # fmt: skip
def test_a_verdict_is_what_a_reply_begins_with(answers, reply, score):
    found, _ = judged(answers, reply)
    for question in ("q1", "q2", "q6"):
        row = found.loc[question]
        assert (
            (row["score"] == score) if score is not None else (np.isnan(row["score"]) and row["error"] == "")
        )
        assert row["judge_model"] == "the judge" and row["judge_calls"] == 1  # paid for all the same


def test_what_it_costs_is_the_judges(answers):
    found, reader = judged(answers)
    sent = {
        r.messages[-1].content.split("\n")[0][-3:-1]: reader.count_tokens(r.messages) for r in reader.requests
    }
    for question in ("q1", "q2", "q6"):
        assert found.loc[question, "judge_prompt_tokens"] == sent[question]
        assert found.loc[question, "judge_completion_tokens"] == 1
    untouched = ["q3", "q4", "q5"]
    assert (found.loc[untouched, "judge_calls"] == 0).all() and (
        found.loc[untouched, "judge_model"] == ""
    ).all()
    assert (found["read_prompt_tokens"] == 100).all()
    before = answers.set_index("question_id").loc[untouched]
    pd.testing.assert_frame_equal(found.loc[untouched, before.columns], before)
    assert answers["score"].isna().sum() == 5  # the table that was given is not changed
    validate(found.reset_index())


def test_everything_is_judged_on_demand(answers):
    found, _ = judged(answers, "False", everything=True)
    assert found["score"].fillna(-1).tolist() == [0.0, 0.0, 0.0, -1.0, -1.0, 0.0]


def test_a_failed_call_that_counts_as_wrong_is_not_judged(answers):
    counted = answers.assign(failure=["", "", "The call failed.", "", "", ""])
    found, reader = judged(counted, everything=True)
    assert not any("q3" in r.messages[-1].content for r in reader.requests)
    assert found.loc["q3", "score"] == 0.25


def test_a_limit_draws_by_seed(answers):
    many = pd.concat([answers.head(1).assign(question_id=f"r{i}") for i in range(40)])
    first, reader = judged(many, limit=10)
    assert len(reader.requests) == 10 and first["score"].notna().sum() == 10
    again, other = (judged(many, limit=10, seed=s)[0]["score"].notna().tolist() for s in (0, 1))
    assert again == first["score"].notna().tolist() != other
    rest, reader = judged(first.reset_index(), "False")  # goes on where it stopped
    assert len(reader.requests) == 30
    assert rest["score"].tolist().count(1.0) == 10 and (rest["judge_model"] == "the judge").all()
    nothing, reader = judged(rest.reset_index())
    assert not reader.requests and (nothing["judge_model"] == "the judge").all()


def test_without_gold_there_is_nothing_to_judge_by(answers):
    for table in (answers.assign(gold=""), answers.drop(columns="gold")):
        with pytest.raises(LcragError, match="no gold answers: there is nothing to judge answers by"):
            judged(table)


def test_a_judge_that_was_stopped_asks_for_no_verdict_twice(answers, tmp_path):
    def stops(request):
        if "What is q6?" in request.messages[-1].content:
            raise LcragError("The server is down.")
        return "True"

    with pytest.raises(LcragError, match="down"):
        judged(answers, stops, calls=CallJournal(tmp_path / "verdicts.jsonl"))
    found, reader = judged(answers, calls=CallJournal(tmp_path / "verdicts.jsonl"))
    assert len(reader.requests) == 1 and "What is q6?" in reader.requests[0].messages[-1].content
    once, _ = judged(answers)
    pd.testing.assert_frame_equal(found, once)
