"""A LangChain retriever that YAML names."""

import pytest

from lcrag.components import build
from lcrag.errors import LcragError
from lcrag.experiment.config import load_experiment
from retrievers.langchain import LangChainRetriever

HERE = "tests.retrievers.by_word"
YAML = f"""
mlflow: false
dataset: {{type: files, documents: docs, questions: q.jsonl}}
reader: {{type: "{HERE}:reader"}}
retriever:
  type: langchain
  retriever: {HERE}:ByWord.from_documents
  options: {{k: 3}}
  chunker: {{type: sentence, size: 1}}
strategies:
  - {{type: chunked_retrieval, k: 1}}
"""


def test_an_experiment_retrieves_with_it(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Bees hum in May. Kites need wind. Tea is hot.")
    (tmp_path / "q.jsonl").write_text(
        '{"question": "What do kites need?", "answers": "Kites need wind.", "evidence": "Kites need wind."}\n'
    )
    (tmp_path / "own.yaml").write_text(f"output: {tmp_path}/out\n{YAML}")
    row = load_experiment(tmp_path / "own.yaml").run().table.iloc[0]
    assert (row["answer"], row["error"]) == ("Kites need wind.", "")
    assert row["score_accuracy"] == row["score_recall"] == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no.such:thing", "retriever 'no.such:thing' cannot be imported"),
        (f"{HERE}:Nothing", "cannot be imported"),
        (HERE, "cannot be imported"),
        (f"{HERE}:__doc__", "cannot be called"),
    ],
)
def test_a_wrong_name_is_refused_before_anything_is_spent(name, message):
    with pytest.raises(LcragError, match=f"here .langchain.: .*{message}.*LangChain"):
        build("retriever", {"type": "langchain", "retriever": name}, "here")


def test_what_makes_something_else_is_refused():
    with pytest.raises(ValueError, match="made a NoneType, which is not a LangChain retriever"):
        LangChainRetriever(f"{HERE}:nothing").build({"a": "Kites."})
    with pytest.raises(ValueError, match="has no documents yet"):
        LangChainRetriever(f"{HERE}:ByWord.from_documents").search(["kites"], 1)
