"""Speed as ratios within one run: embedding against bare sentence-transformers, search against bare FAISS and
LangChain's community store, and indexes of a million vectors.

Each pair is timed in turn, several times; the ratio is of the medians.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable

import faiss
import numpy as np

from embedders import Embedded, SentenceTransformerEmbedder
from embedders.loading import bundled_minilm
from retrievers import VectorIndex
from retrievers.dense import DenseIndex
from retrievers.passage import Passage

ROUNDS = 5


def pair(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Median seconds of both, run in turn after a warm-up."""
    ours(), theirs()
    mine, other = [], []
    for _ in range(rounds):
        for call, times in ((ours, mine), (theirs, other)):
            started = time.perf_counter()
            call()
            times.append(time.perf_counter() - started)
    return statistics.median(mine), statistics.median(other)


def unit(n: int, d: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def texts(count: int) -> list[str]:
    """Pieces of the language reference of 3 to 200 words."""
    import random
    from pydoc_data.topics import topics

    words = " ".join(topics.values()).split()
    rng = random.Random(0)
    found = []
    for _ in range(count):
        size = rng.randint(3, 200)
        at = rng.randrange(len(words) - size)
        found.append(" ".join(words[at : at + size]))
    return found


def embedding() -> list[str]:
    import torch
    from sentence_transformers import SentenceTransformer

    mixed = texts(400)
    by_length = sorted(mixed, key=len, reverse=True)
    where = str(bundled_minilm())
    bare = SentenceTransformer(where, device="cpu", model_kwargs={"dtype": torch.bfloat16})
    default = SentenceTransformer(where, device="cpu")
    ours = SentenceTransformerEmbedder(dtype="bfloat16", device="cpu")

    def encode(model: SentenceTransformer, given: list[str]) -> object:
        return model.encode(given, batch_size=32, normalize_embeddings=True, show_progress_bar=False)

    a, b = pair(lambda: ours.embed_documents(by_length), lambda: encode(bare, by_length))
    c, d = pair(lambda: ours.embed_documents(mixed), lambda: encode(default, mixed))
    return [
        row("embedding, sorted input, 400 texts", a, "bare encode, bfloat16", b),
        row("embedding, mixed lengths, 400 texts", c, "encode as it comes (float32)", d),
    ]


def search() -> list[str]:
    vectors, queries = unit(100_000, 384, 0), unit(1000, 384, 1)
    bare = faiss.IndexFlatIP(384)
    bare.add(vectors)
    index = VectorIndex(384)
    index.add(np.arange(len(vectors)), vectors)
    a, b = pair(lambda: index.search(queries, 10), lambda: bare.search(queries, 10))
    lines = [row("search, 100k x 384, 1,000 queries", a, "bare FAISS", b)]

    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings

    few, asked = vectors[:20_000], queries[:200]
    names = [f"text {i}" for i in range(len(few))]
    by_name = dict(zip(names, few, strict=True)) | {f"query {i}": q for i, q in enumerate(asked)}

    class Known(Embeddings):
        def embed_documents(self, given: list[str]) -> list[list[float]]:
            return [by_name[g].tolist() for g in given]

        def embed_query(self, given: str) -> list[float]:
            return by_name[given].tolist()

    class Same:
        def embed(self, given: list[str], kind: str = "document") -> Embedded:
            return Embedded(np.stack([by_name[g] for g in given]), len(given))

        def count_tokens(self, given: list[str]) -> int:
            return len(given)

    def ours() -> object:
        embedder = Same()
        passages = [Passage(n, n, 0, len(n)) for n in names]
        made = DenseIndex.of(passages, embedder.embed(names).vectors, embedder, 0)
        return made.search([f"query {i}" for i in range(len(asked))], 10)

    def community() -> object:
        store = FAISS.from_texts(names, Known())
        return [store.similarity_search(f"query {i}", 10) for i in range(len(asked))]

    c, d = pair(ours, community, 3)
    lines.append(row("build 20k and search 200 queries", c, "LangChain's community FAISS", d))
    return lines


def like_text(n: int, seed: int) -> np.ndarray:
    """Unit vectors drawn with the mean and covariance of MiniLM's embeddings of real text."""
    sample = SentenceTransformerEmbedder(dtype="bfloat16").embed_documents(texts(5000))
    values, axes = np.linalg.eigh(np.cov(sample.T))
    spread = (axes * np.sqrt(values.clip(0))).T.astype(np.float32)
    rows = np.random.default_rng(seed).standard_normal((n, len(values)), dtype=np.float32) @ spread
    rows += sample.mean(axis=0, dtype=np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def million(what: str, vectors: np.ndarray) -> str:
    """Index all but the last 200 vectors; tune on 100 of those, measure on the other 100."""
    vectors, queries = vectors[:-200], vectors[-200:]
    exact = faiss.IndexFlatIP(384)
    exact.add(vectors)
    started = time.perf_counter()
    _, truth = exact.search(queries, 10)
    flat = (time.perf_counter() - started) / len(queries)
    del exact
    index = VectorIndex(384)
    started = time.perf_counter()
    index.add(np.arange(len(vectors)), vectors)
    built = time.perf_counter() - started
    index.tune(queries[:100], truth[:100], 0.96)
    started = time.perf_counter()
    _, found = index.search(queries[100:], 10)
    searched = (time.perf_counter() - started) / 100
    hits = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, truth[100:], strict=True)])
    probes = faiss.try_extract_index_ivf(index.index.index).nprobe
    line = (
        f"| {what} | {index.factory} | {built:.0f} s | {probes} | {hits:.3f} | {1000 * searched:.1f} ms "
        f"| {1000 * flat:.1f} ms |"
    )
    sys.stderr.write(line + "\n")
    return line


def millions() -> list[str]:
    """Random vectors without structure, the hardest case, and vectors that spread as embeddings of text do."""
    n = 1_000_200
    lines = [
        "| a million vectors of 384 numbers | index | built in | lists visited | recall@10 | a query | Flat, a query |",
        "|---|---|---:|---:|---:|---:|---:|",
        million("uniformly random", unit(n, 384, 2)),
        million("spread as MiniLM's embeddings of text", like_text(n, 3)),
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    memory = (
        f"Lists are tuned on 100 queries until recall@10 is 0.96; the figures are of 100 others. Each index takes "
        f"{4 * 384 * 1e6 / 1e9:.2f} GB; the process, which also holds the vectors, peaks at {peak:.1f} GB."
    )
    return [*lines, "", memory]


def row(what: str, mine: float, than: str, other: float) -> str:
    line = f"| {what} | {mine:.3f} s | {than} | {other:.3f} s | {other / mine:.2f} |"
    sys.stderr.write(line + "\n")
    return line


def main() -> None:
    """Write the table to standard output as Markdown."""
    head = ["| what | lcrag | against | takes | times as fast |", "|---|---:|---|---:|---:|"]
    sys.stdout.write("\n".join([*head, *embedding(), *search(), "", *millions()]) + "\n")


if __name__ == "__main__":
    main()
