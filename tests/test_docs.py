"""The Python in the guides runs."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def test_the_retrieval_guide_runs_from_top_to_bottom(tmp_path, monkeypatch):
    for module in ("faiss", "sentence_transformers", "langchain_milvus", "milvus_lite"):
        pytest.importorskip(module)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "retrieval.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 3
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in blocks:
        exec(compile(block, "retrieval.md", "exec"), names)
    assert "1987" in names["passages"][0].text
    assert names["index"].search(["kites"], 1)[0][0].document_id == "north.md"


def test_the_cost_guide_shows_what_the_command_prints(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from lcrag.cli import app

    monkeypatch.chdir(tmp_path)
    shown = re.findall(
        r"```\n\$ lcrag (cost .*?)\n(.*?)\n```", (DOCS / "cost.md").read_text("utf-8"), re.DOTALL
    )
    assert len(shown) == 2
    for command, output in shown:
        printed = CliRunner().invoke(app, command.split()).output.splitlines()
        priced = [line for line in printed if not line.startswith("Prices:")]  # names the version of the data
        assert priced == [line for line in output.splitlines() if not line.startswith("Prices:")]
