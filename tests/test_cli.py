"""The command line as a user meets it: separate processes, real files, real signals."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("torch")
TEXT = "Northwind sells kites. It was founded in 1987 in Bergen. " + "Kites need wind. " * 40
QUESTIONS = [
    {"id": "q1", "question": "When was Northwind founded?", "answers": ["1987"], "kind": "location"},
    {"id": "q2", "question": "What does Northwind sell?", "answers": "kites", "kind": "reasoning"},
    {"id": "q3", "question": "Who audits Northwind?", "kind": "hallucination"},
    {"id": "q4", "question": "Where was Northwind founded?", "answers": "Bergen", "kind": "location"},
]
YAML = """\
name: own
output: out
dataset: {type: files, documents: docs, questions: questions.jsonl}
retriever: bm25
strategies: [closed_book, {type: chunked_retrieval, k: 2}, long_context]
routers: [{type: random}]
mlflow: false
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "north.md").write_text(TEXT)
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS))
    (tmp_path / "own.yaml").write_text(YAML)
    return tmp_path


def lcrag(folder, *arguments, **settings):
    command = [sys.executable, "-m", "lcrag.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, **settings)


def table(folder):
    columns = ["question_id", "strategy", "answer", "score", "read_prompt_tokens", "read_cached_tokens"]
    return pd.read_parquet(folder / "out" / "outcomes.parquet")[columns]


@pytest.mark.slow
def test_own_files_from_yaml_then_killed_then_resumed(own, tmp_path_factory):
    """SIGKILL at several moments; the run that finishes equals an undisturbed one and pays no row twice."""
    done = lcrag(own, "run", "own.yaml")
    assert done.returncode == 0, done.stderr
    assert "long_context" in done.stdout and "oracle" in done.stdout.lower()
    for name in ("report.html", "accuracy_cost.png", "experiment.json", "outcomes.jsonl"):
        assert (own / "out" / name).stat().st_size > 100
    undisturbed = table(own)
    assert not undisturbed.score.isna().any()

    journal = own / "out" / "outcomes.jsonl"
    journal.unlink()
    for rows in (1, 5):
        process = subprocess.Popen([sys.executable, "-m", "lcrag.cli", "run", "own.yaml"], cwd=own)
        while process.poll() is None and (
            not journal.exists() or len(journal.read_bytes().splitlines()) < rows
        ):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = journal.read_bytes()
    again = lcrag(own, "run", "own.yaml")
    assert again.returncode == 0, again.stderr
    assert "answers were there already" in again.stdout
    assert journal.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])
    keys = [json.loads(line)["key"] for line in journal.read_bytes().splitlines()]
    assert len(keys) == len(set(keys)) == len(undisturbed)
    same = ["question_id", "strategy", "answer", "score", "read_prompt_tokens"]
    pd.testing.assert_frame_equal(table(own)[same], undisturbed[same])
    per_strategy = [t.groupby("strategy").read_cached_tokens.sum() for t in (table(own), undisturbed)]
    pd.testing.assert_series_equal(*per_strategy)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "docs" / "north.md").write_text(" \n"), "north.md"),
        (lambda f: (f / "docs" / "north.md").unlink(), "docs"),
        (
            lambda f: (f / "questions.jsonl").write_text('{"question": "a"}\n{"question": \n'),
            "questions.jsonl:2",
        ),
        (
            lambda f: (f / "questions.jsonl").write_text('{"question": "a", "documents": "nort.md"}\n'),
            "north.md",
        ),
        (lambda f: (f / "questions.jsonl").unlink(), "questions.jsonl"),
        (
            lambda f: (f / "own.yaml").write_text(YAML.replace("routers", "ruoters")),
            "did you mean 'routers'?",
        ),
        (lambda f: (f / "own.yaml").unlink(), "There is no file own.yaml"),
        (
            lambda f: (f / "own.yaml").write_text(
                YAML
                + "reader: {type: openai, model: m, base_url: 'http://127.0.0.1:9/v1', max_model_len: 999}\n"
            ),
            "127.0.0.1:9",
        ),
    ],
    ids=[
        "empty",
        "missing",
        "jsonl",
        "unknown document",
        "no questions",
        "yaml key",
        "no yaml",
        "server down",
    ],
)
def test_bad_input_is_one_sentence_and_a_status(own, spoil, message):
    spoil(own)
    done = lcrag(own, "run", "own.yaml")
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.startswith("lcrag: ") and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_document_that_is_too_long_is_refused_in_its_row_or_cut_as_declared(own):
    (own / "docs" / "north.md").write_text(TEXT * 60)
    done = lcrag(own, "run", "own.yaml")
    assert done.returncode == 1
    assert "4 of 12 answers failed, the first long_context on question q1" in done.stderr
    assert "8192" in done.stderr or "truncate" in done.stderr
    assert table(own).query("strategy == 'long_context'").score.isna().all()
    assert table(own).query("strategy != 'long_context'").score.notna().all()
    (own / "own.yaml").write_text(YAML.replace("long_context]", "{type: long_context, truncate: middle}]"))
    done = lcrag(own, "run", "own.yaml")
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(own / "out" / "outcomes.parquet")
    assert set(rows.query("strategy == 'long_context'").truncation) == {"middle"}


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_the_rows_stay(own):
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    environment = {
        **os.environ,
        "LCRAG_CACHE": os.environ.get("LCRAG_CACHE", str(Path.home() / ".cache/lcrag")),
    }
    done = lcrag(own, "run", "own.yaml", preexec_fn=small_files, env=environment)
    assert done.returncode == 1
    assert "make room" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    lines = (own / "out" / "outcomes.jsonl").read_bytes()
    assert lines.endswith(b"\n") and all(json.loads(line) for line in lines.splitlines())
    assert lcrag(own, "run", "own.yaml").returncode == 0


@pytest.mark.slow
def test_two_runs_in_one_folder(own):
    first = subprocess.Popen([sys.executable, "-m", "lcrag.cli", "run", "own.yaml"], cwd=own)
    while not (own / "out" / ".lock").exists():
        time.sleep(0.02)
    time.sleep(0.3)
    second = lcrag(own, "run", "own.yaml")
    assert second.returncode == 1
    assert "Another run is writing to out" in second.stderr
    assert first.wait(200) == 0
    assert len(table(own)) == 12


def test_the_command_line_needs_documents_and_questions(own):
    done = lcrag(own, "run", "--documents", "docs")
    assert done.returncode == 1
    assert "--questions" in done.stderr
