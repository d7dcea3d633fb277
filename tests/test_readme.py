"""What the README shows is what a reader can type."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_python_example_runs_as_it_stands(tmp_path):
    pytest.importorskip("torch")
    (code,) = blocks("python")
    (tmp_path / "example.py").write_text(code)
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert "chunked_retrieval" in done.stdout and "oracle" in done.stdout
    assert (tmp_path / "runs" / "first" / "report.html").exists()


def test_the_yaml_and_json_examples_are_an_experiment(tmp_path):
    from lcrag.experiment.config import from_mapping

    (tmp_path / "manuals").mkdir()
    (tmp_path / "manuals" / "north.md").write_text("It was founded in 1987. Northwind sells kites.")
    (questions,) = blocks("json")
    assert all(json.loads(line) for line in questions.splitlines())
    (tmp_path / "questions.jsonl").write_text(questions)
    (example,) = blocks("yaml")
    experiment = from_mapping(yaml.safe_load(example), "README", tmp_path)
    experiment.check()
    assert len(experiment.strategies) == 4 and len(experiment.dataset.questions) == 2


def test_every_file_and_command_that_is_named_exists():
    for path in re.findall(r"\]\(([\w/.]+)\)", README):
        assert (ROOT / path).exists(), path
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
