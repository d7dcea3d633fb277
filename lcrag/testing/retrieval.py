"""What every chunker, embedder and retriever promises."""

from __future__ import annotations

from embedders.base import Embedder
from lcrag.testing.promises import check_component, promise
from lcrag.testing.world import TEXTS
from retrievers.base import Retriever
from retrievers.chunkers.base import Chunker

QUERIES = ("When was Northwind founded?", "Who is the chief of Southbay?")


def check_chunker(chunker: Chunker) -> None:
    """Check a chunker: spans lie in the text and in order, none is empty, and no character but blanks is lost.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(chunker, "chunker")
    for text in (*TEXTS.values(), "One sentence.", "Dr. Smith left.\n\nThen it rained."):
        spans = chunker.split(text)
        promise(
            all(0 <= s < e <= len(text) for s, e in spans),
            f"{label}: a span lies outside the text or is empty.",
        )
        promise(spans == sorted(spans), f"{label}: chunks must come in the order of the text.")
        covered = {i for s, e in spans for i in range(s, e)}
        lost = [c for i, c in enumerate(text) if not c.isspace() and i not in covered]
        promise(not lost, f"{label}: {len(lost)} characters are in no chunk.")


def check_embedder(embedder: Embedder) -> None:
    """Check an embedder: one unit vector per text, the same for the same text, and tokens counted.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    import numpy as np

    label = check_component(embedder, "embedder", "name", "count_tokens", "config")
    for kind in ("document", "query"):
        result = embedder.embed(list(QUERIES), kind)  # type: ignore[arg-type]
        lengths = np.linalg.norm(result.vectors, axis=1)
        promise(result.vectors.shape[0] == len(QUERIES), f"{label}: there must be one vector per text.")
        promise(bool(np.allclose(lengths, 1, atol=1e-2)), f"{label}: vectors must have length 1.")
        promise(result.tokens > 0, f"{label}: the tokens of {kind} texts are not counted.")
        again = embedder.embed([QUERIES[1]], kind).vectors[0]  # type: ignore[arg-type]
        promise(bool(np.allclose(again, result.vectors[1], atol=2e-2)), f"{label}: one text has two vectors.")


def check_retriever(retriever: Retriever) -> None:
    """Check a retriever on two documents.

    At most ``k`` passages, best first, that stand where they say; only of the documents that are asked for; queries
    together are answered as one by one; bad input is refused.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(retriever, "retriever")
    index = retriever.build(TEXTS)
    promise(index.build_tokens >= 0, f"{label}: build_tokens must be a count.")
    for k in (1, 3):
        together = index.search(list(QUERIES), k)
        promise(len(together) == len(QUERIES), f"{label}: there must be one list of passages per query.")
        for query, passages in zip(QUERIES, together, strict=True):
            promise(0 < len(passages) <= k, f"{label}: {len(passages)} passages where {k} were asked for.")
            scores = [p.score for p in passages]
            promise(scores == sorted(scores, reverse=True), f"{label}: passages must come best first.")
            for p in passages:
                promise(
                    TEXTS[p.document_id][p.start : p.end] == p.text,
                    f"{label}: a passage of {p.document_id} does not stand at its offsets.",
                )
            alone = index.search([query], k)[0]
            promise(
                alone == passages, f"{label}: a query alone finds other passages than beside another one."
            )
        for name, text in TEXTS.items():
            alone_index = retriever.build({name: text})  # what other builds left in a store must not show
            for searched in (index, alone_index):
                for passages in searched.search(list(QUERIES), k, document_ids=[name]):
                    promise(
                        all(p.document_id == name for p in passages),
                        f"{label}: asked for passages of {name} alone, it gives others.",
                    )
                    promise(bool(passages), f"{label}: asked for passages of {name} alone, it gives none.")
    for bad, what in (
        (lambda: index.search([QUERIES[0]], 0), "k = 0"),
        (lambda: retriever.build({}), "no documents"),
    ):
        try:
            bad()
        except ValueError:
            continue
        promise(False, f"{label}: {what} must raise ValueError.")
