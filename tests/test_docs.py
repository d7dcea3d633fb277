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
