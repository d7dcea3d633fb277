"""The embedder's own promises: the library's vectors, once for each text, kept on disk, counted."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("sentence_transformers")
from sentence_transformers import SentenceTransformer

from embedders import SentenceTransformerEmbedder
from embedders.loading import bundled_minilm, fast_bfloat16

TEXTS = ["Kites need wind.", "  Lamps give light. ", "The old town " * 300, "a", "Kites need wind."]


@pytest.fixture(scope="module")
def exact():
    return SentenceTransformerEmbedder(dtype="float32")


def test_the_vectors_are_sentence_transformers_own(exact):
    theirs = SentenceTransformer(str(bundled_minilm()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert exact.embed_documents(TEXTS) == pytest.approx(theirs, abs=1e-6)


def test_bfloat16_is_close_and_chosen_where_it_is_fast(exact):
    quick = SentenceTransformerEmbedder(dtype="bfloat16").embed_documents(TEXTS)
    assert (quick * exact.embed_documents(TEXTS)).sum(axis=1).min() > 0.999
    chosen = SentenceTransformerEmbedder().encoder.transformer.dtype
    assert str(chosen) == ("torch.bfloat16" if fast_bfloat16("cpu") else "torch.float32")


@pytest.mark.parametrize(("dtype", "least"), [("float32", 0.999999), ("bfloat16", 0.9999)])
def test_a_vector_does_not_depend_on_its_batch_mates_but_for_rounding(dtype, least):
    model = SentenceTransformerEmbedder(dtype=dtype)
    together = model.embed_documents(TEXTS)
    alone = np.stack([model.embed_documents([text])[0] for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > least


def test_equal_texts_are_embedded_once_and_counted_each_time(exact, monkeypatch):
    seen = []
    real = exact.encoder.vectors
    monkeypatch.setattr(
        exact.encoder, "vectors", lambda ids, bar=None: seen.append(len(ids)) or real(ids, bar)
    )
    found = exact.embed(["a b", "a b", "c"])
    assert seen == [2]
    assert np.array_equal(found.vectors[0], found.vectors[1])
    assert found.tokens == 4 + 4 + 3


def test_what_is_cut_is_counted_or_refused(exact):
    found = exact.embed(["word " * 400, "word"])
    assert (found.truncated, found.tokens) == (1, 256 + 3)
    strict = SentenceTransformerEmbedder(dtype="float32", overflow="error")
    with pytest.raises(ValueError, match=r"has 400 tokens, the window of all-MiniLM-L6-v2 254"):
        strict.embed_documents(["word " * 400])


def test_prompts_stand_before_queries_and_documents(exact):
    prompted = SentenceTransformerEmbedder(
        dtype="float32", query_prompt="query: ", document_prompt="passage: "
    )
    assert np.array_equal(prompted.embed_query("kites"), exact.embed_query("query: kites"))
    assert np.array_equal(prompted.embed_documents(["kites"])[0], exact.embed_query("passage: kites"))
    assert prompted.count_tokens(["kites"]) == exact.count_tokens(["passage: kites"])


def test_pooling_can_be_replaced(exact):
    first = SentenceTransformerEmbedder(dtype="float32", pooling="cls")
    assert first.encoder.pooling == "cls"
    assert np.abs(first.embed_query("kites need wind") - exact.embed_query("kites need wind")).max() > 0.01


def test_vectors_come_back_from_the_cache_and_only_for_the_same_settings(tmp_path, monkeypatch):
    file = str(tmp_path / "deep" / "vectors.db")
    first = SentenceTransformerEmbedder(dtype="float32", cache=file)
    made = first.embed(TEXTS)
    assert made.cached == 0
    second = SentenceTransformerEmbedder(dtype="float32", cache=file)
    monkeypatch.setattr(second.encoder, "vectors", lambda *_: pytest.fail("nothing is left to embed"))
    again = second.embed(TEXTS)
    assert again.cached == 4
    assert np.array_equal(again.vectors, made.vectors) and again.tokens == made.tokens
    other = SentenceTransformerEmbedder(dtype="float32", cache=file, temperature=0.9)
    assert other.embed(TEXTS).cached == 0


@pytest.mark.slow
def test_the_cache_survives_a_kill(tmp_path):
    file = tmp_path / "vectors.db"
    code = (
        "from embedders import sentence_transformer as s; s.CHUNK = 8\n"
        f"e = s.SentenceTransformerEmbedder(dtype='float32', cache={str(file)!r})\n"
        "e.embed_documents([f'kite number {i} ' * 60 for i in range(4000)])"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    import sqlite3

    def rows():
        try:
            return sqlite3.connect(file, timeout=5).execute("SELECT count(*) FROM vectors").fetchone()[0]
        except sqlite3.Error:
            return 0

    while process.poll() is None and rows() < 16:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = rows()
    assert kept >= 16 and kept % 8 == 0
    texts = [f"kite number {i} " * 60 for i in range(4000)]
    again = SentenceTransformerEmbedder(dtype="float32", cache=str(file))
    from embedders.sentence_transformer import CHUNK

    assert CHUNK > 8
    assert len(again._store().get(texts)) == kept


def test_a_file_that_is_no_cache_is_refused(tmp_path):
    (tmp_path / "a.db").write_text("this is not a database, and long enough to be read as one" * 20)
    with pytest.raises(ValueError, match=r"a.db cannot be used as a cache"):
        SentenceTransformerEmbedder(cache=str(tmp_path / "a.db")).embed_query("a")


def test_bad_texts_and_settings_are_refused_in_words(exact, monkeypatch):
    with pytest.raises(ValueError, match="Text 1 is empty"):
        exact.embed_documents(["a", " "])
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        SentenceTransformerEmbedder(batch_size=0)
    assert exact.embed_documents([]).shape == (0, 384)
    monkeypatch.setattr(exact.encoder, "vectors", lambda ids, bar=None: np.full((len(ids), 384), np.nan))
    with pytest.raises(ValueError, match=r"gave NaN for the text 'kites'"):
        exact.embed_query("kites")
