import json

import pytest

from lcrag.commands.training_pairs import training_pairs, write_training_pairs
from lcrag.errors import LcragError


def test_two_chats_for_each_question_with_evidence(dataset, tmp_path):
    file = tmp_path / "pairs.jsonl"
    assert write_training_pairs(dataset, file) == 4
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(r["question_id"], r["step"]) for r in rows] == [
        ("n1", "retrieve"), ("n1", "reason"), ("s1", "retrieve"), ("s1", "reason"),
    ]  # fmt: skip
    facts, answer = (r["messages"] for r in rows[:2])
    assert facts[-1] == {"role": "assistant", "content": "- It was founded in 1987 in Bergen."}
    assert answer[-1]["content"] == "1987"
    assert "Kites need wind." in answer[1]["content"] and facts[-1]["content"] in answer[1]["content"]
    assert [m["role"] for m in facts] == ["system", "user", "assistant"]


def test_without_evidence_there_is_nothing_to_learn(dataset, tmp_path):
    from dataclasses import replace

    bare = replace(dataset, questions=dataset.questions[1:3])
    assert training_pairs(bare) == []
    with pytest.raises(LcragError, match="give quotes under `evidence`"):
        write_training_pairs(bare, tmp_path / "pairs.jsonl")
    assert not list(tmp_path.iterdir())
