"""LongHealth: the letters of a patient, alone or among those of others."""

import pytest

from lcrag.benchmarks import load_longhealth
from lcrag.errors import LcragError
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import written


def test_a_question_is_asked_in_three_settings(tmp_path):
    dataset = load_longhealth(written(tmp_path, "longhealth"), prompt="official")
    first = {q.task.name: q for q in dataset.questions if q.metadata["patient"] == "patient_01"}
    own, among, alone = (first[f"task{i}"] for i in (1, 2, 3))
    assert own.document_ids == ("patient_01-text_0", "patient_01-text_1")
    assert [s.text for s in own.evidence] == ["Mrs Moss has a "]  # 15 of 31 characters
    assert sorted(among.document_ids) == ["patient_01-text_0", "patient_02-text_0", "patient_02-text_1"]
    assert among.answers == ("A cold",) and len(among.choices) == 6
    assert sorted(alone.document_ids) == ["patient_02-text_0", "patient_02-text_1"]
    score = TaskScore().score
    assert score(own, Answer("The correct answer is B: A cold.")) == 1.0
    assert (
        score(alone, Answer("The correct answer is F: Question cannot be answered with provided documents."))
        == 1.0
    )
    assert score(alone, Answer("The correct answer is B: A cold.")) == 0.0
    prompt = prompt_of(own, "TEXT")
    assert prompt.startswith("\n--------------BEGIN DOCUMENTS--------------\n\nTEXT\n\n-----")
    assert "What had Mrs Moss?\nA. Flu\nB. A cold\n" in prompt


def test_a_wrong_place_is_told(tmp_path):
    file = written(tmp_path, "longhealth") / "data/benchmark_v5.json"
    file.write_text(file.read_text().replace("[0.5]", "[1.5]"))
    with pytest.raises(
        LcragError, match=r"patient_01: questions\[0\].*shares from 0 to 1 of the patient's letters"
    ):
        load_longhealth(tmp_path)
