"""Dense retrieval in Milvus, in this process (Milvus Lite) or behind a URL."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from retrievers.passage import Passage
from retrievers.remote import RemoteRetriever, connected, missing, wrong_dimension

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_ID, MAX_TEXT = 1024, 65_535  # bytes; the second is the most that Milvus keeps in a field


@dataclass(frozen=True)
class MilvusRetriever(RemoteRetriever):
    """Cosine similarity in Milvus (https://milvus.io).

    ``url`` is ``http://host:19530``, or a file such as ``milvus.db`` (the default; in this process).

    Attributes:
        index_type: Milvus' index: ``FLAT`` is exact; a cluster takes ``HNSW``, ``DISKANN`` and others, and chooses with
            ``AUTOINDEX``. A collection keeps the one that it was made with.
    """

    index_type: Literal["FLAT", "AUTOINDEX", "HNSW", "IVF_FLAT", "IVF_SQ8", "DISKANN"] = "FLAT"

    @property
    def database(self) -> MilvusDatabase:
        """See ``RemoteRetriever``."""
        return MilvusDatabase(
            _client(self.url or "milvus.db", self.api_key), self.collection, self.index_type
        )


@cache
def _client(url: str, key: str) -> Any:
    """One client for each address: a file can be opened once."""
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise missing("pymilvus", "milvus") from error
    return connected(lambda: MilvusClient(uri=url, token=key), url)


@dataclass(frozen=True)
class MilvusDatabase:
    """A collection in Milvus (see ``retrievers.remote.Database``)."""

    client: Any
    collection: str
    index_type: str

    def count(self, set_name: str) -> int:
        """See ``Database``."""
        if not self.client.has_collection(self.collection):
            return 0
        self.client.load_collection(self.collection)  # it may have been made by another process
        rows = self.client.query(
            self.collection,
            filter=_expression(set_name, None),
            output_fields=["count(*)"],
            consistency_level="Strong",
        )
        return int(rows[0]["count(*)"])

    def add(
        self, set_name: str, ids: Sequence[str], passages: Sequence[Passage], vectors: NDArray[np.float32]
    ) -> None:
        """See ``Database``.

        Raises:
            ValueError: the collection holds vectors of another dimension, or a passage is too long for Milvus.
        """
        self._make(vectors.shape[1])
        for passage in passages:
            if len(passage.text.encode()) > MAX_TEXT:
                raise ValueError(
                    f"A passage of {passage.document_id!r} is longer than the {MAX_TEXT:,} bytes that Milvus keeps: "
                    "take a chunker that cuts smaller ones."
                )
        rows = [
            {
                "id": id,
                "vector": vector,
                "set_name": set_name,
                "document_id": p.document_id,
                "first": p.start,
                "last": p.end,
                "text": p.text,
            }
            for id, vector, p in zip(ids, vectors.tolist(), passages, strict=True)
        ]
        self.client.upsert(self.collection, rows)

    def _make(self, dimension: int) -> None:
        from pymilvus import DataType

        if not self.client.has_collection(self.collection):
            schema = self.client.create_schema(auto_id=False)
            schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=36)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
            for name, length in (("set_name", 256), ("document_id", MAX_ID), ("text", MAX_TEXT)):
                schema.add_field(name, DataType.VARCHAR, max_length=length)
            for name in ("first", "last"):
                schema.add_field(name, DataType.INT64)
            index = self.client.prepare_index_params()
            index.add_index("vector", index_type=self.index_type, metric_type="IP")
            self.client.create_collection(
                self.collection, schema=schema, index_params=index, consistency_level="Strong"
            )
        described = self.client.describe_collection(self.collection)["fields"]
        is_there = next(int(f["params"]["dim"]) for f in described if f["name"] == "vector")
        if is_there != dimension:
            raise wrong_dimension(self.collection, is_there, dimension)

    def search(
        self, set_name: str, vectors: NDArray[np.float32], k: int, document_ids: Collection[str] | None
    ) -> list[list[Passage]]:
        """See ``Database``."""
        results = self.client.search(
            self.collection,
            data=vectors.tolist(),
            filter=_expression(set_name, document_ids),
            limit=k,
            output_fields=["document_id", "first", "last", "text"],
            consistency_level="Strong",
        )
        return [[_passage(hit["entity"], hit["distance"]) for hit in hits] for hits in results]


def _expression(set_name: str, document_ids: Collection[str] | None) -> str:
    """Milvus' filter; JSON writes strings as its grammar reads them."""
    parts = [f"set_name == {json.dumps(set_name)}"]
    if document_ids is not None:
        parts.append(f"document_id in {json.dumps(list(document_ids), ensure_ascii=False)}")
    return " and ".join(parts)


def _passage(row: dict[str, Any], score: float) -> Passage:
    return Passage(row["text"], row["document_id"], int(row["first"]), int(row["last"]), float(score))
