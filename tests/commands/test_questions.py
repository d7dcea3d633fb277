"""`lcrag questions`: what a user is told before a model is asked."""

import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.commands import questions
from lcrag.errors import LcragError
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


def test_gap_questions_need_no_model(tmp_path, monkeypatch):
    monkeypatch.setattr(questions, "build_reader", lambda spec: pytest.fail("a model was asked for"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "north.md").write_text("The company was founded in the year 1987 by three friends.")
    command = ["questions", tmp_path / "docs", "--output", tmp_path / "q.jsonl", "--by", "cloze"]

    def run(*more):
        return CliRunner().invoke(app, list(map(str, [*command, *more])), catch_exceptions=False)

    output = run("--count", 1).output
    assert "1 of 1 question in" in output and "sentences" in output
    assert "in the year ____ by" in (tmp_path / "q.jsonl").read_text()
    with pytest.raises(LcragError, match="kinds location and hallucination, not reasoning"):
        run("--force", "--kinds", "reasoning")
    with pytest.raises(LcragError, match="name one with --model"):
        run("--force", "--dollars", 1)
    (tmp_path / "docs" / "north.md").write_text("Nothing here.")
    with pytest.raises(LcragError, match="need sentences of prose"):
        run("--force")
