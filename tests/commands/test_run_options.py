"""`lcrag run` on one's own documents: which strategies, which retriever, how many questions."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from lcrag.cli import DEMO, app
from lcrag.commands import readers
from lcrag.errors import LcragError
from tests.readers.scripted_server import serving

GIVEN = ["--documents", "docs", "--questions", "q.jsonl", "--no-mlflow"]


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    for name in ("north", "south"):
        (tmp_path / "docs" / f"{name}.md").write_text(f"{name} sells kites. " * 30)
    rows = [
        {
            "id": f"{name}{i}",
            "question": f"What does {name} sell ({i})?",
            "documents": f"{name}.md",
            "answers": "x",
        }
        for name in ("north", "south")
        for i in range(3)
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(server, *options):
    done = CliRunner().invoke(app, ["run", *GIVEN, "--base-url", server.url, "--model", "m", *options])
    if done.exception:
        raise done.exception
    return done


def settings():
    return json.loads(Path("runs/docs/experiment.json").read_text())


def test_strategies_retriever_and_limit(own):
    with serving() as server:
        options = ["--strategy", "long_context", "--strategy", "chunked_retrieval", "--retriever", "bm25"]
        run(server, *options, "--limit", "2")
        table = pd.read_parquet("runs/docs/outcomes.parquet")
        assert set(table.strategy) == {"long_context", "chunked_retrieval"}
        assert len(set(table.question_id)) == len(set(table.document_id)) == 2
        assert len(server.seen) == 4

        assert settings()["retriever"]["type"] == "BM25Retriever"
        assert next(s for s in settings()["strategies"] if s["name"] == "long_context")["max_tokens"] == 32
        done = run(server, *options, "--limit", "4")
        assert "4 of 8 answers were there already" in done.stdout and len(server.seen) == 8


def test_one_strategy_without_routers(own):
    with serving() as server:
        run(server, "--strategy", "closed_book", "--retriever", "bm25")
        assert settings()["routers"] == []


def test_a_misspelt_strategy_is_told(own):
    with (
        serving() as server,
        pytest.raises(LcragError, match=r"unknown strategy 'long_contex'; did you mean"),
    ):
        run(server, "--strategy", "long_contex")


def test_options_beside_a_yaml_file_are_refused(own):
    done = CliRunner().invoke(app, ["run", str(DEMO), "--strategy", "memory"])
    assert "Give either a YAML file" in str(done.exception)


def test_the_window_goes_to_the_reader_that_takes_one():
    spec = {"reader": readers.reader_spec("anthropic:claude-sonnet-4-5")}
    assert readers.with_window(spec, 1000)["reader"]["context_window"] == 1000
    assert readers.with_window({"reader": "openai"}, 1000)["reader"]["max_model_len"] == 1000
    with pytest.raises(LcragError, match="transformers"):
        readers.with_window({}, 1000)


def test_a_sample_keeps_the_documents_of_given_demonstrations(dataset):
    from dataclasses import replace

    shown = replace(dataset, demonstrations=(replace(dataset.questions[-1], id="d1"),))

    for seed in range(8):
        shown.take(1, seed=seed).validate()
