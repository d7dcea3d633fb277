"""Real questions, judged by a real server, killed while it judges, and run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONFIG = """
name: judged
output: {output}
dataset: {{type: pydoc, questions: 4}}
reader: {{type: openai, model: smollm2, base_url: "{base_url}", tokenizer: "{tokenizer}", max_concurrency: 2}}
retriever: {{type: bm25}}
strategies: [closed_book, {{type: chunked_retrieval, k: 2}}]
metrics:
  - type: correctness
    judge: {{type: openai, model: smollm2, base_url: "{base_url}", tokenizer: "{tokenizer}", max_concurrency: 1}}
metric: accuracy
prices: {{input_mtok: 1, output_mtok: 2, judge: {{input_mtok: 3, output_mtok: 4}}}}
mlflow: {{tracking_uri: "sqlite:///{store}"}}
"""


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.fixture
def command(server, folder, tmp_path):
    """The command line of a run in ``tmp_path``."""
    paths = {"output": tmp_path / "run", "store": tmp_path / "mlflow.db"}
    text = CONFIG.format(base_url=server, tokenizer=folder, **paths)
    (tmp_path / "judged.yaml").write_text(text)
    return [sys.executable, "-m", "lcrag.cli", "run", str(tmp_path / "judged.yaml")]


def test_a_run_killed_while_it_judges_asks_nothing_twice(command, tmp_path):
    import mlflow
    import pandas as pd

    run, environment = tmp_path / "run", os.environ | {"PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while lines(run / "replies.jsonl") < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    rows, replies = lines(run / "outcomes.jsonl"), lines(run / "replies.jsonl")
    assert rows == 8 and 2 <= replies < 8, "it was not killed while it judged"

    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert lines(run / "outcomes.jsonl") == 8  # no answer was made again
    entries = [json.loads(line) for line in (run / "replies.jsonl").read_text().splitlines()]
    assert len({entry["key"] for entry in entries}) == len(entries)  # no reply was asked for twice

    table = pd.read_parquet(run / "outcomes.parquet")
    usages = [entry["completion"]["usage"] for entry in entries]
    prompt, written = (sum(u[name] for u in usages) for name in ("prompt_tokens", "completion_tokens"))
    assert table["judge_prompt_tokens"].sum() == prompt > 0
    assert table["judge_dollars"].sum() == pytest.approx((3 * prompt + 4 * written) / 1e6)
    assert table["score_correctness"].isin([0, 1]).all()
    assert "in no strategy's cost" in result.stdout and "Judging took" in (run / "report.html").read_text()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    parent = mlflow.search_runs(search_all_experiments=True, filter_string="tags.`lcrag.kind` = 'experiment'")
    assert parent["metrics.judge_prompt_tokens"][0] == prompt
    assert parent["metrics.judge_dollars"][0] == pytest.approx(table["judge_dollars"].sum())
