"""docs/judges.md: its YAML is built and its rubric grades."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import yaml

from lcrag.components import build
from lcrag.judges import Panel
from lcrag.judges.rubric import KEYS, Name
from lcrag.schema import Answer, Question
from tests.judges.world import ScriptedTools

GUIDE = (Path(__file__).parents[2] / "docs" / "judges.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)


def metrics(block, folder):
    specs = yaml.safe_load(block)["metrics"]
    return [build("metric", spec, f"metrics[{i}]", folder=folder) for i, spec in enumerate(specs)]


async def test_the_rubric_of_the_guide_grades(tmp_path):
    _, rubric, metric, _ = BLOCKS
    (tmp_path / "coverage.yaml").write_text(rubric, "utf-8")
    (coverage,) = metrics(metric, tmp_path)
    tools = ScriptedTools("Some.", "All")
    question = Question("q1", "Who founded it, and when?", ("d",), ("Ada Moss in 1987",))
    verdict = await coverage.score(question, Answer("Ada Moss"), tools)
    assert (coverage.name, verdict.score) == ("coverage", 0.5)
    assert tools.prompts[0].endswith("does the answer give?\nWrite all, some or none and nothing else.")
    unanswerable = Question("q2", "Who audits it?", ("d",), answerable=False)
    assert (await coverage.score(unanswerable, Answer("It does not say."), tools)).score == 1.0


def test_the_metrics_of_the_guide_can_be_built(tmp_path):
    first, _, _, last = BLOCKS
    assert [m.name for m in metrics(first, tmp_path)] == ["accuracy", "correctness"]
    (panel,) = metrics(last, tmp_path)
    assert isinstance(panel, Panel) and [m.judge.name for m in panel.members] == [
        "judge-a",
        "judge-b",
        "judge-c",
    ]


def test_the_guide_names_every_rubric_and_key():
    for word in (*get_args(Name), *KEYS):
        assert f"`{word}" in GUIDE, word
