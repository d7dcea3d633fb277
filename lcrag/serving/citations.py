"""Where an answer comes from: spans of the documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lcrag.datasets.evidence import find_quote
from lcrag.schema import Answer, Document, Passage


def citations(
    answer: Answer, documents: Mapping[str, Document], document_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """What an answer stands on, as spans: ``documents[c["document"]].text[c["start"]:c["end"]] == c["text"]``.

    First come the sentences that the model says it copied, as far as they stand in the documents, then the passages
    that it read, best first. An answer that declines, or of a strategy that has neither, has none.

    Args:
        answer: the strategy's.
        documents: the documents by id.
        document_ids: the documents that the question is about.
    """
    if answer.declined:
        return []
    asked = [documents[id] for id in document_ids]
    places = [*_quoted(answer.quotes, asked), *_read(answer.evidence, documents)]
    return [
        {"document": id, "start": start, "end": end, "text": documents[id].text[start:end]}
        for id, start, end in dict.fromkeys(places)
    ]


def _quoted(quotes: Sequence[str], documents: Sequence[Document]) -> Iterator[tuple[str, int, int]]:
    for quote in quotes:
        found = ((d.id, find_quote(d.text, quote)) for d in documents)
        yield from ((id, *place) for id, place in found if place)


def _read(passages: Sequence[Passage], documents: Mapping[str, Document]) -> Iterator[tuple[str, int, int]]:
    """Places of passages; what a memory made of a part of the document stands where that part does."""
    for passage in passages:
        document = documents.get(passage.document_id)
        if document is not None and 0 <= passage.start < passage.end <= len(document.text):
            yield passage.document_id, passage.start, passage.end
