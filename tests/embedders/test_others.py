"""Late chunking, multi-vector models, embedding servers, and models whose weights are not here."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

pytest.importorskip("sentence_transformers")
from embedders import (
    M2BertEmbedder,
    MultiVectorEmbedder,
    OpenAIEmbedder,
    SentenceTransformerEmbedder,
    max_sim,
)
from embedders.loading import bundled_minilm

TEXT = "Northwind sells kites. It was founded in Bergen in 1987. The firm employs forty people."
SPANS = [(0, 22), (23, 55), (56, len(TEXT))]


@pytest.fixture(scope="module")
def minilm():
    return SentenceTransformerEmbedder(dtype="float32")


def test_a_late_chunk_is_the_mean_of_its_tokens_in_the_whole_documents_pass(minilm):
    model = minilm.encoder.model
    states = model.encode([TEXT], output_value="token_embeddings")[0].numpy()
    offsets = model.tokenizer(TEXT, return_offsets_mapping=True)["offset_mapping"]
    expected = []
    for start, end in SPANS:
        rows = [i for i, (s, e) in enumerate(offsets) if e > s and s < end and e > start]
        mean = states[rows].mean(axis=0)
        expected.append(mean / np.linalg.norm(mean))
    assert minilm.embed_spans(TEXT, SPANS) == pytest.approx(np.stack(expected), abs=1e-5)


def test_a_late_chunk_knows_its_document(minilm):
    """'It was founded' is nearer to a question on Northwind with the document read than alone."""
    query = minilm.embed_query("When was Northwind founded?")
    alone = minilm.embed_documents([TEXT[23:55]])[0]
    assert minilm.embed_spans(TEXT, SPANS)[1] @ query > alone @ query


def test_long_documents_are_read_in_windows_that_overlap(minilm):
    text = " ".join(f"Sentence {i} is about kites." for i in range(200))
    spans = [(i, i + 400) for i in range(0, len(text) - 400, 400)]
    long = minilm.embed_spans(text, spans, overlap=64)
    assert long.shape == (len(spans), 384)
    assert np.linalg.norm(long, axis=1) == pytest.approx(1, abs=1e-5)
    assert long[0] == pytest.approx(minilm.embed_spans(text[:1200], spans[:1])[0], abs=0.15)


def test_token_vectors_are_sentence_transformers_own_without_special_tokens(minilm):
    texts = [TEXT, "Kites"]
    vectors, tokens = minilm.embed_tokens(texts)
    theirs = minilm.encoder.model.encode(texts, output_value="token_embeddings")
    for ours, states, count in zip(vectors, theirs, tokens, strict=True):
        inner = states.numpy()[1:-1]
        assert ours == pytest.approx(inner / np.linalg.norm(inner, axis=1, keepdims=True), abs=1e-5)
        assert count == len(states)


def test_token_vectors_of_a_long_text_are_read_in_windows_that_are_counted(minilm):
    text = "wind " * 400
    (vectors,), (tokens,) = minilm.embed_tokens([text])
    assert vectors.shape == (400, 384)
    assert tokens == 256 + 256 + 148  # of 0 to 254, 127 to 381 and 254 to 400, each with two special tokens


def test_chunks_and_tokens_of_parallel_windows_are_read_window_by_window(minilm):
    parallel = SentenceTransformerEmbedder(dtype="float32", extension="parallel_windows", window=1024)
    text = "wind " * 900  # more than the positions of MiniLM
    assert parallel.embed_tokens([text])[0][0] == pytest.approx(minilm.embed_tokens([text])[0][0], abs=1e-5)
    assert parallel.embed_spans(text, [(0, 100)]) == pytest.approx(
        minilm.embed_spans(text, [(0, 100)]), abs=1e-5
    )


def test_late_chunking_refuses_what_it_cannot_do(minilm):
    with pytest.raises(ValueError, match="pools by the mean"):
        SentenceTransformerEmbedder(pooling="cls").embed_spans(TEXT, SPANS)
    with pytest.raises(ValueError, match="contains no token"):
        minilm.embed_spans("a   b", [(1, 3)])


def test_multi_vector_scores_are_the_sum_of_best_matches():
    model = MultiVectorEmbedder("minilm")
    (query,) = model.embed(["When was the firm founded?"], "query")
    documents = model.embed(["The firm was founded in 1987.", "Kites need wind to fly."])
    assert query.ndim == 2 and np.linalg.norm(documents[0], axis=1) == pytest.approx(1, abs=1e-4)
    direct = sum(max(float(q @ d) for d in documents[0]) for q in query)
    assert max_sim(query, documents[0]) == pytest.approx(direct, abs=1e-4)
    assert max_sim(query, documents[0]) > max_sim(query, documents[1])
    assert model.count_tokens(["a b"]) == 4


@pytest.fixture
def server():
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            known = body["model"] in {"tiny", "uncounted"}
            rows = [[float(len(text)), 3.0] for text in body["input"]]
            data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]
            usage = {"prompt_tokens": 7, "total_tokens": 7} if body["model"] == "tiny" else None
            answer = (
                {
                    "object": "list",
                    "data": data[::-1],
                    "model": "tiny",
                    "usage": usage,
                }
                if known
                else {"error": {"message": "no such model"}}
            )
            raw = json.dumps(answer).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_):
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/v1", asked
    http.shutdown()


def test_an_openai_compatible_server(server):
    url, asked = server
    model = OpenAIEmbedder("tiny", url, batch_size=2, query_prompt="q: ", dimensions=2)
    found = model.embed(["aaaa", "bb", "c"])
    assert found.vectors[0] == pytest.approx([0.8, 0.6]) and found.tokens == 14
    assert [len(a["input"]) for a in asked] == [2, 1] and asked[0]["dimensions"] == 2
    model.embed(["kites"], "query")
    assert asked[-1]["input"] == ["q: kites"]
    with pytest.raises(ValueError, match="no such model"):
        OpenAIEmbedder("other", url, max_retries=0).embed_query("a")


def test_a_server_that_reports_no_tokens_gets_an_estimate(server):
    url, _ = server
    assert OpenAIEmbedder("uncounted", url).embed(["12345678", "1"]).tokens == 2 + 1


def test_an_empty_list_needs_no_server():
    assert OpenAIEmbedder("m", "http://127.0.0.1:9/v1").embed([]).vectors.shape == (0, 0)


def test_retrieval_sends_queries_with_the_query_prompt_and_chunks_with_the_document_prompt(server):
    pytest.importorskip("faiss")
    from retrievers import DenseRetriever, HybridRetriever, MMRRetriever, RecursiveChunker

    url, requests = server
    model = OpenAIEmbedder("tiny", url, query_prompt="query: ", document_prompt="passage: ")
    for retriever in (DenseRetriever, HybridRetriever, MMRRetriever):
        requests.clear()
        index = retriever(model, RecursiveChunker(100, 0)).build({"a": "Kites need wind."})
        index.search(["What do kites need?"], 1)
        assert [r["input"] for r in requests] == [
            ["passage: Kites need wind."],
            ["query: What do kites need?"],
        ]
        assert index.build_tokens == 7  # the server's count


def test_how_a_server_is_reached_does_not_change_the_identity_of_what_it_gives():
    from lcrag.components import settings

    plain = settings(OpenAIEmbedder("m"), identity=True)
    patient = OpenAIEmbedder("m", timeout=5, max_retries=9, api_key_env="KEY", batch_size=2)
    assert settings(patient, identity=True) == plain
    assert settings(OpenAIEmbedder("m", query_prompt="query: "), identity=True) != plain
    for small, large in (
        (
            SentenceTransformerEmbedder(),
            SentenceTransformerEmbedder(device="cpu", batch_size=2, progress=True),
        ),
        (MultiVectorEmbedder("m"), MultiVectorEmbedder("m", device="cpu", batch_size=2)),
        (
            M2BertEmbedder("m", trust_remote_code=True),
            M2BertEmbedder("m", device="cuda", trust_remote_code=True),
        ),
    ):
        assert settings(small, identity=True) == settings(large, identity=True)


def test_embedders_are_found_by_name():
    from lcrag.components import names

    assert names("embedder") == ["langchain", "m2_bert", "multi_vector", "openai", "sentence_transformer"]


def test_a_server_that_is_down_and_a_key_that_is_missing(monkeypatch):
    with pytest.raises(ValueError, match=r"No embedding server answers at http://127.0.0.1:9/v1: start it"):
        OpenAIEmbedder("m", "http://127.0.0.1:9/v1", max_retries=0).embed_query("a")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ValueError, match="set OPENAI_API_KEY"):
        OpenAIEmbedder("m").embed_query("a")


def test_absent_weights_say_how_to_get_them():
    with pytest.raises(ValueError, match=r"M2-BERT's weights 'no/m2' are not here .*hf download"):
        M2BertEmbedder("no/m2", tokenizer="no/tokenizer", trust_remote_code=True).embed_query("a")


def test_m2_bert_runs_no_code_of_strangers_unless_told_so(tmp_path):
    """A checkpoint whose code leaves a file behind."""
    from lcrag.components.build import build
    from lcrag.errors import LcragError

    trace, checkpoint = tmp_path / "trace", tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "stranger.py").write_text(f"open({str(trace)!r}, 'w').write('ran')\n")
    auto = {"AutoConfig": "stranger.C", "AutoModelForSequenceClassification": "stranger.M"}
    (checkpoint / "config.json").write_text(json.dumps({"model_type": "stranger", "auto_map": auto}))
    tokenizer = str(bundled_minilm())
    spec = {"type": "m2_bert", "model": str(checkpoint), "tokenizer": tokenizer}
    for switch in ({}, {"trust_remote_code": False}):
        with pytest.raises(
            LcragError, match="runs code that comes with its weights: set trust_remote_code: true"
        ):
            build("embedder", spec | switch, "own.yaml: embedder").embed(["text"])
    assert not trace.exists()
    with pytest.raises(Exception, match=r"stranger|M2-BERT|C"):
        build("embedder", spec | {"trust_remote_code": True}, "own.yaml: embedder").embed(["text"])
    assert trace.exists()
    with pytest.raises(ValueError, match=r"'no/colbert' could not be loaded .*hf download"):
        MultiVectorEmbedder("no/colbert").embed(["a"], "query")


def test_whether_the_hub_can_be_reached_is_found_out_before_its_client_tries_for_minutes(
    tmp_path, monkeypatch
):
    from huggingface_hub import constants

    from embedders.hub import only_local

    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with socket.create_server(("127.0.0.1", 0)) as hub:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{hub.getsockname()[1]}")
        assert not only_local("some/model")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert only_local("some/model")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert only_local("some/model")
    assert not only_local(str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert not only_local("some/model")
