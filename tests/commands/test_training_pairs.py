import json

import pytest

from lcrag.commands.training_pairs import training_pairs, write_training_pairs
from lcrag.errors import LcragError
from lcrag.metrics.score import score
from lcrag.strategies import RetrieveThenReason
from tests.strategies.conftest import ask


def test_two_chats_for_each_question_with_evidence(dataset, tmp_path):
    file = tmp_path / "pairs.jsonl"
    assert write_training_pairs(dataset, file) == 8
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(r["question_id"], r["step"]) for r in rows] == [
        ("n1", "retrieve"), ("n1", "reason"), ("n3", "retrieve"), ("n3", "reason"),
        ("s1", "retrieve"), ("s1", "reason"), ("s3", "retrieve"), ("s3", "reason"),
    ]  # fmt: skip
    facts, answer = (r["messages"] for r in rows[:2])
    assert facts[-1] == {"role": "assistant", "content": "- It was founded in 1987 in Bergen."}
    assert answer[-1]["content"] == "1987"
    assert "Kites need wind." in answer[1]["content"] and facts[-1]["content"] in answer[1]["content"]
    assert [m["role"] for m in facts] == ["system", "user", "assistant"]


@pytest.mark.parametrize("number", [0, 2])
def test_the_prompts_are_those_of_the_strategy(number, dataset, scripted, embedder):
    """Those that the trained model will see, for a question with an answer and for one without."""
    rows = [
        r["messages"] for r in training_pairs(dataset) if r["question_id"] == dataset.questions[number].id
    ]
    reader = scripted([messages[-1]["content"] for messages in rows])
    answer, _ = ask(RetrieveThenReason(reason_on="facts_and_text"), dataset, reader, embedder, number)
    sent = [[{"role": m.role, "content": m.content} for m in r.messages] for r in reader.requests]
    assert sent == [messages[:-1] for messages in rows]
    assert score(dataset.questions[number], answer)["accuracy"] == 1


def test_what_cannot_be_answered_has_no_facts(dataset):
    facts, answer = (
        r["messages"][-1]["content"] for r in training_pairs(dataset) if r["question_id"] == "n3"
    )
    assert (facts, answer) == ("none", "unanswerable")


def test_without_evidence_there_is_nothing_to_learn(dataset, tmp_path):
    from dataclasses import replace

    bare = replace(dataset, questions=dataset.questions[1:3])
    assert {r["question_id"] for r in training_pairs(bare)} == {"n3"}
    with pytest.raises(LcragError, match="give quotes under `evidence`"):
        write_training_pairs(bare, tmp_path / "pairs.jsonl")
    assert not list(tmp_path.iterdir())
