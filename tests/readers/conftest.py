"""Shared by the tests of readers on a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.readers.scripted_server import serving


@pytest.fixture
def server():
    with serving() as state:
        yield state


TEXT = "Northwind sells kites. It was founded in 1987 in Bergen. " + "Kites need wind. " * 40
QUESTIONS = ["When was Northwind founded?", "What does Northwind sell?", "Who audits Northwind?"]


@pytest.fixture
def run(tmp_path, server):
    """``lcrag run`` of three questions against the server, in a process of its own; further runs continue it."""

    def go(*options, model="m", reader="", url="", reader_type="openai", env=None,
           strategies="[{type: chunked_retrieval, k: 2}, long_context]", mlflow="false", timeout=300):  # fmt: skip
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / "north.md").write_text(TEXT)
        rows = [json.dumps({"question": q, "documents": "north.md", "answers": "x"}) for q in QUESTIONS]
        (tmp_path / "questions.jsonl").write_text("\n".join(rows))
        fields = f"model: {model}, base_url: '{url or server.url}'" if reader_type == "openai" else ""
        given = ", ".join(part for part in (f"type: {reader_type}", fields, reader) if part)
        (tmp_path / "own.yaml").write_text(f"""\
name: own
output: out
dataset: {{type: files, documents: docs, questions: questions.jsonl}}
reader: {{{given}}}
embedder: lcrag.testing.world:WordEmbedder
retriever: bm25
strategies: {strategies}
mlflow: {mlflow}
""")
        command = [sys.executable, "-m", "lcrag.cli", "run", "own.yaml", *options]
        settings = {**os.environ, **(env or {})}
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=timeout, env=settings
        )

    return go
