"""Retrievers around retrievers, each against what it says it does."""

import numpy as np
import pytest

pytest.importorskip("faiss")
from retrievers import (
    BM25Retriever,
    DenseRetriever,
    HybridRetriever,
    LateChunkRetriever,
    MMRRetriever,
    MultiVectorRetriever,
    ParentRetriever,
    Passage,
    RecursiveChunker,
    Reranker,
    SentenceChunker,
    SentenceWindowRetriever,
    lara_hybrid,
    lara_reranked,
    ordered,
)
from retrievers.fusion import first_of_each, reciprocal_rank, weighted

SMALL = RecursiveChunker(60, 0)


def passages(*names):
    return [Passage(n, "d", i, i + 1, 1 / (i + 1)) for i, n in enumerate(names)]


def names(found):
    return [p.text for p in found]


def test_orders():
    found = [Passage(str(i), "d", at, at + 1, 1 - i / 10) for i, at in enumerate([30, 10, 50, 20, 40])]
    assert names(ordered(found, "score")) == ["0", "1", "2", "3", "4"]
    assert names(ordered(found, "reversed")) == ["4", "3", "2", "1", "0"]
    assert [p.start for p in ordered(found, "document")] == [10, 20, 30, 40, 50]
    assert names(ordered(found, "sides")) == ["0", "2", "4", "3", "1"]
    with pytest.raises(ValueError, match="order must be"):
        ordered(found, "best")


def test_fusions_by_hand():
    a, b = passages("x", "y", "z"), passages("x", "y", "z")[::-1]
    by_rank = reciprocal_rank([a, b], 3)
    assert by_rank[0].score == pytest.approx(1 / 61 + 1 / 63)
    assert {p.text for p in by_rank} == {"x", "y", "z"}
    assert names(weighted([a, b], (1, 0), 3)) == ["x", "y", "z"]
    assert weighted([a, b], (0.5, 0.5), 1)[0].score == pytest.approx(0.5 * 1 + 0.5 * 1)
    assert names(first_of_each([a, b], (2, 2))) == ["x", "y", "z"]


def test_laras_recipe_takes_three_by_bm25_and_two_by_dense(texts, embedder):
    settings = lara_hybrid(embedder)
    assert (settings.chunker.size, settings.chunker.overlap) == (600, 100)
    index = HybridRetriever(embedder, SMALL, fusion="quota").build(texts)
    (found,) = index.search(["harbour kite ferry"], 5)
    (sparse,), (dense,) = (i.search(["harbour kite ferry"], 5) for i in (index.sparse, index.dense))
    place = lambda p: (p.document_id, p.start)  # noqa: E731
    assert [place(p) for p in found[:3]] == [place(p) for p in sparse[:3]]
    assert {place(p) for p in found[3:]} <= {place(p) for p in dense[:2]}
    with pytest.raises(ValueError, match="fusion must be"):
        HybridRetriever(embedder, fusion="sum")
    with pytest.raises(ValueError, match="dense_weight"):
        HybridRetriever(embedder, dense_weight=2)


def test_mmr_is_dense_at_weight_one_and_varied_below(texts, embedder):
    dense = DenseRetriever(embedder, SMALL).build(texts)
    query = ["Kites fly in the wind"]
    plain = MMRRetriever(embedder, SMALL, weight=1.0).build(texts).search(query, 4)
    assert [p.score for p in plain[0]] == pytest.approx([p.score for p in dense.search(query, 4)[0]])
    (varied,) = MMRRetriever(embedder, SMALL, weight=0.3).build(texts).search(query, 4)
    assert len({p.text for p in varied}) > len({p.text for p in plain[0]})
    assert varied[0].text == plain[0][0].text
    (candidates,) = dense.search(query, 30)
    vectors = embedder.embed_documents([p.text for p in candidates])
    chosen = [0]  # greedy by hand
    while len(chosen) < 4:
        gain = [
            -9.0 if i in chosen else 0.3 * c.score - 0.7 * max(vectors[i] @ vectors[j] for j in chosen)
            for i, c in enumerate(candidates)
        ]
        chosen.append(int(np.argmax(gain)))
    assert [candidates[i].text for i in chosen] == names(varied)


class Longest:
    """A cross-encoder that likes passages with many letters of the query."""

    def predict(self, pairs, batch_size=32):
        self.asked = pairs
        return [float(sum(passage.count(c) for c in query)) for query, passage in pairs]


def test_a_reranker_orders_the_candidates_anew(texts):
    model = Longest()
    inner = BM25Retriever(SMALL)
    index = Reranker(inner, model, fetch=6).build(texts)
    found = index.search(["kite tail", "lamp"], 3)
    assert len(model.asked) == 12  # all queries in one batch
    for query, mine in zip(["kite tail", "lamp"], found, strict=True):
        (candidates,) = inner.build(texts).search([query], 6)
        best = sorted((sum(p.text.count(c) for c in query) for p in candidates), reverse=True)[:3]
        assert [p.score for p in mine] == best


def test_laras_reranker_only_changes_the_order_of_five(texts, embedder):
    model = Longest()
    index = lara_reranked(embedder, model).build(texts)
    (found,) = index.search(["kite tail"], 5)
    (candidates,) = index.inner.search(["kite tail"], 5)
    assert len(model.asked) == len(candidates) and set(names(found)) == set(names(candidates))


def test_a_reranker_with_a_real_cross_encoder(texts, tmp_path):
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    from embedders.loading import bundled_minilm

    config = BertConfig(vocab_size=30522, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=32, num_labels=1)  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(bundled_minilm()).save_pretrained(tmp_path)
    index = Reranker(BM25Retriever(SMALL), str(tmp_path), fetch=4).build(texts)
    (found,) = index.search(["kite tail"], 2)
    assert len(found) == 2 and found[0].score >= found[1].score
    with pytest.raises(ValueError, match=r"'no/cross' could not be loaded .*hf download"):
        Reranker(BM25Retriever(SMALL), "no/cross").build(texts).search(["a kite"], 1)


def test_parents_are_returned_once_each(texts):
    index = ParentRetriever(BM25Retriever(SMALL), RecursiveChunker(200, 0)).build(texts)
    (found,) = index.search(["kite tail"], 3)
    parents = RecursiveChunker(200, 0).split(texts["a"])
    assert {(p.start, p.end) for p in found if p.document_id == "a"} <= set(parents)
    assert len({(p.document_id, p.start) for p in found}) == len(found) == 3
    assert all(texts[p.document_id][p.start : p.end] == p.text for p in found)


def test_a_sentence_comes_with_its_neighbours(texts):
    index = SentenceWindowRetriever(BM25Retriever(SentenceChunker(1)), neighbours=1).build(texts)
    (found,) = index.search(["harbour opened"], 1)
    assert found[0].text == "A kite has a tail.\n\nThe harbour opened in 1987."
    wide = SentenceWindowRetriever(BM25Retriever(SentenceChunker(1)), neighbours=99).build(texts)
    assert wide.search(["harbour opened"], 1)[0][0].text == texts["a"]


def test_late_chunks_and_multi_vectors_of_the_real_model(texts):
    from embedders import MultiVectorEmbedder, SentenceTransformerEmbedder, max_sim

    late = LateChunkRetriever(SentenceTransformerEmbedder(), SMALL).build(texts)
    (found,) = late.search(["When did the harbour open?"], 3)
    assert any("1987" in p.text for p in found) and late.build_tokens > 100
    many = MultiVectorEmbedder("minilm")
    index = MultiVectorRetriever(many, SMALL).build(texts)
    (best,) = index.search(["When did the harbour open?"], 3)
    assert "1987" in best[0].text
    (query,) = many.embed(["When did the harbour open?"], "query")
    (document,) = many.embed([best[0].text])
    assert best[0].score == pytest.approx(max_sim(query, document), abs=1e-2)
    (only,) = index.search(["harbour"], 99, document_ids=["b"])
    assert {p.document_id for p in only} == {"b"}


@pytest.mark.parametrize("make", [
    lambda e: MMRRetriever(e, SMALL), lambda e: ParentRetriever(BM25Retriever(SMALL)),
    lambda e: Reranker(BM25Retriever(SMALL), Longest()),
])  # fmt: skip
def test_filters_and_impossible_numbers(make, texts, embedder):
    index = make(embedder).build(texts)
    (only,) = index.search(["lamp"], 50, document_ids=["b"])
    assert {p.document_id for p in only} == {"b"}
    assert index.search(["lamp"], 1, document_ids=[]) == [[]]
    with pytest.raises(ValueError, match="k must be at least 1"):
        index.search(["lamp"], 0)
    assert index.query_tokens(["lamp"]) >= 0 and index.build_tokens >= 0
