"""A corpus in files, embedded by Ray Data into a database, file by file."""

import json
import sys

import pytest

from lcrag.testing.world import WordEmbedder
from retrievers import MilvusRetriever, QdrantRetriever, RecursiveChunker
from retrievers.corpus import documents_of, embed_corpus

SMALL = RecursiveChunker(60, 0)


@pytest.fixture
def files(tmp_path, texts):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"id": name, "text": text} for name, text in texts.items()]
    pq.write_table(pa.Table.from_pylist([*rows[:1], {"id": "empty", "text": " "}]), tmp_path / "one.parquet")
    (tmp_path / "two.jsonl").write_text(json.dumps(rows[1]) + "\n")
    (tmp_path / "three.md").write_text(rows[2]["text"])
    return [tmp_path / name for name in ("one.parquet", "two.jsonl", "three.md")]


def test_parquet_json_lines_and_text(files, texts):
    found = {k: v for file in files for part in documents_of(file) for k, v in part.items()}
    assert found == {"a": texts["a"], "b": texts["b"], str(files[2]): texts["c"]}
    with pytest.raises(ValueError, match="there is no column 'body', only id, text"):
        list(documents_of(files[0], text="body"))


def test_what_is_missing_is_told(files, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install 'lcrag\[ray\]'"):
        embed_corpus(files, list, "towns", tmp_path / "done.jsonl")


@pytest.mark.slow
def test_it_is_searched_like_an_index_that_was_built_here_and_a_crash_repeats_no_finished_file(
    files, texts, tmp_path
):
    ray = pytest.importorskip("ray")
    pytest.importorskip("milvus_lite")
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    url = str(tmp_path / "milvus.db")  # one process at a time opens the file: a single actor fills it

    def make():
        return MilvusRetriever(WordEmbedder(), SMALL, url)

    def embed(of, text="text"):
        return embed_corpus(of, make, "towns", tmp_path / "done.jsonl", actors=1, text=text)

    try:
        first = embed(files[:2])
        with pytest.raises(ValueError, match=r"two.jsonl: there is no column 'body', only id, text"):
            embed_corpus(files[1:2], make, "towns", tmp_path / "other.jsonl", actors=1, text="body")
        with (tmp_path / "done.jsonl").open("a") as done:
            done.write('{"file": "cut')
        again = embed(files)
    finally:
        ray.shutdown()
    assert (first.embedded, again.embedded) == (2, 1)
    assert [s.file for s in again.shards] == [str(f) for f in files]
    exact = QdrantRetriever(WordEmbedder(), SMALL).build(
        {"a": texts["a"], "b": texts["b"], str(files[2]): texts["c"]}
    )
    assert again.tokens == exact.build_tokens and again.passages == exact.settings.database.count(
        exact.set_name
    )
    index = MilvusRetriever(WordEmbedder(), SMALL, url, set_name="towns", build_tokens=again.tokens).build(
        texts
    )
    for query in ("The harbour opened in 1987.", "Ada Moss leads", "the ferry costs"):
        assert index.search([query], 1)[0][0].text == exact.search([query], 1)[0][0].text
