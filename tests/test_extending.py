"""The guide to components of one's own: its code runs from YAML, and its counts are true."""

import csv
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from lcrag.cli import app
from lcrag.experiment.config import from_mapping

GUIDE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text("utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
TEXTS = ("Northwind sells kites. It was founded in 1987.", "Southbay makes lamps. Its chief is Ada Moss.")


@pytest.fixture
def folder(tmp_path):
    """The guide's components in one file, and rows for its dataset."""
    (tmp_path / "mine.py").write_text("\n".join(PYTHON[:4]))
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "question", "answer"])
        rows.writerow([TEXTS[0], "When was Northwind founded?", "in 1987"])
        rows.writerow([TEXTS[1], "Who is the chief of Southbay?", "Ada Moss"])
    return tmp_path


def test_every_example_is_short():
    assert len(PYTHON) == 6
    assert all(len(block.splitlines()) <= 25 for block in PYTHON)


def test_the_components_run_from_yaml(folder, scripted, embedder):
    (spec,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    experiment = from_mapping(yaml.safe_load(spec) | {"mlflow": False}, "own.yaml", folder)
    replaced = {"reader": scripted(), "embedder": embedder, "output": folder / "run"}
    results = replace(experiment, **replaced, retriever=None).run()
    table = results.table.set_index(["strategy", "question_id"])
    assert table.loc[("first_page", "q0"), "score"] == pytest.approx(0.5)  # "1987" of "in 1987"
    assert table.loc[("first_page", "q1"), "score_word_overlap"] == 1.0
    assert set(results.routed["by_length"].values()) == {("long_context",)}
    assert "word_overlap" in str(experiment.parameters()["metric"])


def test_the_checks_of_the_guide_pass_as_they_stand():
    names: dict = {}
    for block in PYTHON:
        exec(compile(block, "extending.md", "exec"), names)


def test_a_row_is_made_again_when_the_code_of_its_strategy_has_changed(folder):
    from lcrag.components import find, settings

    before = settings(find("strategy", "./mine.py:FirstPage", folder)(), identity=True)
    other = folder / "other"
    other.mkdir()
    (other / "mine.py").write_text((folder / "mine.py").read_text().replace("in a few words", "briefly"))
    after = settings(find("strategy", "./mine.py:FirstPage", other)(), identity=True)
    assert before["source"] != after["source"]


def test_an_installed_package_offers_a_component_by_name(folder):
    info = folder / "mypackage-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mypackage\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lcrag.strategies]\nfirst_page = mine:FirstPage\n")
    root = str(Path(__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), root])}
    code = (
        "from lcrag.components import build, names; "
        "print(build('strategy', {'type': 'first_page', 'chars': 9}, 'x').chars, 'first_page' in names('strategy'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["9", "True"]


def test_what_can_be_named_is_listed():
    from typer.testing import CliRunner

    printed = CliRunner().invoke(app, ["components", "chunker"]).output
    assert "recursive" in printed and "longrag_units" in printed
    assert "strategy" in CliRunner().invoke(app, ["components"]).output
