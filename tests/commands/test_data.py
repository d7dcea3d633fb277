"""`lcrag data` and `lcrag bench`: what benchmarks there are, whether files are right, and a run of one."""

import json

import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError
from tests.readers.scripted_server import reply, serving


def lcrag(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)


@pytest.fixture
def server():
    with serving() as state:
        yield state


@pytest.fixture
def files(tmp_path):
    """A file of pairs in the authors' format."""
    pairs = [[f"key-{i}", f"value-{i}"] for i in range(9)]
    lines = [json.dumps({"ordered_kv_records": pairs, "key": k, "value": v}) for k, v in pairs[3:5]]
    folder = tmp_path / "data" / "LostInTheMiddle"
    folder.mkdir(parents=True)
    (folder / "kv.jsonl").write_text("\n".join(lines))
    return folder


def test_the_list_names_benchmarks_and_what_is_on_this_disk(files):
    result = lcrag("data", "list", "--folder", files.parent)
    row = next(line for line in result.output.splitlines() if line.startswith("lost_in_the_middle"))
    assert row.split("\t")[-2:] == ["LostInTheMiddle", "real files"]


def test_a_check_tells_what_is_not_as_the_authors_have_it(files):
    result = lcrag("data", "check", "lost_in_the_middle", files)
    assert result.exit_code == 1
    assert "kv: 2 questions, the authors have 1000." in result.output


def test_a_question_is_shown_as_each_strategy_asks_it(files):
    result = lcrag("data", "show", "lost_in_the_middle", files, "--prompt", "official")
    assert result.exit_code == 0
    assert "=== long_context\n--- user\nExtract the value corresponding to the specified key" in result.output
    assert 'Key: "key-3"\nCorresponding value:' in result.output
    assert "gold: value-3" in result.output
    assert "scored by string_match_any; averaged over position" in result.output


def test_names_that_are_wrong_are_told(files):
    with pytest.raises(LcragError, match="There is no benchmark 'lost'"):
        lcrag("data", "check", "lost", files)
    with pytest.raises(LcragError, match="has no question 'q'; the first is 'kv-1'"):
        lcrag("data", "show", "lost_in_the_middle", files, "--question", "q")
    with pytest.raises(LcragError, match="write key=value"):
        lcrag("bench", "lost_in_the_middle", "--set", "limit")


def test_a_benchmark_is_run_scored_and_averaged_in_one_line(files, tmp_path, server):
    server.rule = lambda body: (200, reply("value-3", written=1, cached=None), {})
    output = tmp_path / "run"
    result = lcrag("bench", "lost_in_the_middle", "--path", files, "--strategy", "long_context", "--retriever", "bm25",
                   "--model", "m", "--base-url", server.url, "--context-window", 9000, "--output", output,
                   "--no-mlflow")  # fmt: skip
    assert result.exit_code == 0, result.output
    board = (output / "leaderboard.md").read_text()
    assert "| long_context (m) | 100.00 | 0.00 | 50.00 | this run |" in board
    assert "Scored as the benchmark does it" in result.output
