"""Finding the gold region in LaRA's financial filings, and finding the right filing among all of them.

LaRA (Li et al. 2025, arXiv 2502.09977): the answer of a location question stands in one of n equal slices of the
filing. Needs the published data: set LCRAG_DATA to the folder that holds ``LaRA``.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from embedders import SentenceTransformerEmbedder
from retrievers import (
    BM25Retriever,
    DenseRetriever,
    HybridRetriever,
    RecursiveChunker,
    TokenChunker,
    lara_hybrid,
)

K = 5


def load(folder: Path) -> tuple[dict[str, str], list[dict]]:
    """Filings of 32k tokens by name, and the location questions on them."""
    texts = {p.name: p.read_text("utf-8") for p in sorted((folder / "datasets/32k/financial").iterdir())}
    lines = (folder / "datasets/query/32k_financial_location.jsonl").read_text("utf-8").splitlines()
    return texts, [json.loads(line) for line in lines if line.strip()]


def regions(questions: list[dict], texts: dict[str, str]) -> list[tuple[int, int]]:
    """Where each answer stands: slice i of n."""
    slices = defaultdict(set)
    for q in questions:
        slices[q["file"]].add(q["context_order"])
    found = []
    for q in questions:
        size = len(texts[q["file"]]) // (max(slices[q["file"]]) + 1)
        found.append((q["context_order"] * size, (q["context_order"] + 1) * size))
    return found


def recall(retriever, texts: dict[str, str], questions: list[dict], gold: list[tuple[int, int]]) -> float:
    """Share of questions with a passage among the five best whose middle lies in the gold region."""
    hits = []
    by_file = defaultdict(list)
    for q, span in zip(questions, gold, strict=True):
        by_file[q["file"]].append((q["question"], span))
    for name, asked in by_file.items():
        index = retriever.build({name: texts[name]})
        for passages, (start, end) in zip(
            index.search([q for q, _ in asked], K), (s for _, s in asked), strict=True
        ):
            hits.append(any(start <= (p.start + p.end) // 2 < end for p in passages))
    return float(np.mean(hits))


def ndcg(scores: np.ndarray, gold: list[int]) -> float:
    """nDCG@10 with one right document for each query."""
    ranks = [int((row > row[g]).sum()) + 1 for row, g in zip(scores, gold, strict=True)]
    return float(np.mean([1 / np.log2(1 + r) if r <= 10 else 0.0 for r in ranks]))


def main() -> None:
    """Write both tables to standard output as Markdown."""
    folder = Path(os.environ.get("LCRAG_DATA", "data")) / "LaRA"
    if not folder.is_dir():
        sys.exit(f"{folder} is not there: set LCRAG_DATA to the folder that holds LaRA's data.")
    texts, questions = load(folder)
    gold = regions(questions, texts)
    model = SentenceTransformerEmbedder()
    chunker = RecursiveChunker()
    arms = {
        "BM25": BM25Retriever(chunker),
        "dense": DenseRetriever(model, chunker),
        "hybrid (RRF)": HybridRetriever(model, chunker),
        "hybrid (LaRA's recipe: 600 tokens, 3 BM25 + 2 dense)": lara_hybrid(model),
    }
    lines = [
        f"{len(questions)} location questions on {len(texts)} filings.",
        "",
        f"| retriever | recall@{K} of the gold region |",
        "|---|---:|",
    ]
    chance = float(
        np.mean([(e - s) / len(texts[q["file"]]) for q, (s, e) in zip(questions, gold, strict=True)])
    )
    for name, retriever in arms.items():
        lines.append(f"| {name} | {recall(retriever, texts, questions, gold):.3f} |")
        sys.stderr.write(lines[-1] + "\n")
    lines.append(f"| five passages at random | {1 - (1 - chance) ** K:.3f} |")

    names = list(texts)
    right = [names.index(q["file"]) for q in questions]
    asked = model.embed([q["question"] for q in questions], "query").vectors
    whole = {
        "whole filing, truncated at 512 tokens": SentenceTransformerEmbedder(window=512),
        "whole filing, parallel windows (mean)": SentenceTransformerEmbedder(
            extension="parallel_windows", window=65_536
        ),
    }
    lines += ["", "| which filing? | nDCG@10 |", "|---|---:|"]
    for name, embedder in whole.items():
        lines.append(
            f"| {name} | {ndcg(asked @ embedder.embed_documents(list(texts.values())).T, right):.3f} |"
        )
        sys.stderr.write(lines[-1] + "\n")
    pieces, owners = [], []
    for i, text in enumerate(texts.values()):
        mine = [text[s:e] for s, e in TokenChunker(254).split(text)]
        pieces += mine
        owners += [i] * len(mine)
    starts = np.flatnonzero(np.diff([-1, *owners]))
    best = np.maximum.reduceat(asked @ model.embed_documents(pieces).T, starts, axis=1)
    lines.append(f"| chunks of 256 tokens, max-sim | {ndcg(best, right):.3f} |")
    index = BM25Retriever(RecursiveChunker(10**9, 0)).build(texts)
    found = np.zeros((len(questions), len(names)))
    for row, passages in zip(
        found, index.search([q["question"] for q in questions], len(names)), strict=True
    ):
        for p in passages:
            row[names.index(p.document_id)] = p.score
    lines.append(f"| BM25 on whole filings | {ndcg(found, right):.3f} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
