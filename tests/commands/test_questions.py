"""`lcrag questions`: what a user is told before a model is asked."""

import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.commands import questions
from lcrag.readers.scripted import ScriptedReader


@pytest.mark.parametrize(("name", "warned"), [("SmolLM2-135M-Instruct", True), ("other", False)])
def test_a_model_that_cannot_write_questions_is_named(tmp_path, monkeypatch, name, warned):
    def answer(request):
        if request.begin:
            return "Question: When was Northwind founded?\nAnswer: 1987\nEvidence: It was founded in 1987"
        return "unanswerable"

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "north.md").write_text("Northwind sells kites. It was founded in 1987.")
    monkeypatch.setattr(questions, "build_reader", lambda spec: ScriptedReader(answer, name=name))
    file = tmp_path / "q.jsonl"
    command = ["questions", tmp_path / "docs", "--output", file, "--count", 1, "--kinds", "location"]
    output = CliRunner().invoke(app, list(map(str, command)), catch_exceptions=False).output
    assert ("too small" in output) is warned
    assert "1 of 1 question in" in output and "1987" in file.read_text()
