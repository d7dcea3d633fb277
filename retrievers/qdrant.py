"""Dense retrieval in Qdrant, in this process or behind a URL."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from retrievers.passage import Passage
from retrievers.remote import RemoteRetriever, connected, missing, wrong_dimension

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class QdrantRetriever(RemoteRetriever):
    """Cosine similarity in Qdrant (https://qdrant.tech).

    ``url`` is ``http://host:6333``, a folder (in this process, exact), or ``:memory:`` (the default; it ends with the
    process).

    Attributes:
        exact: Compare with every vector of the set on a server, too; without it, Qdrant's HNSW graph is searched.
    """

    exact: bool = False

    @property
    def database(self) -> QdrantDatabase:
        """See ``RemoteRetriever``."""
        return QdrantDatabase(_client(self.url or ":memory:", self.api_key), self.collection, self.exact)


@cache
def _client(url: str, key: str) -> Any:
    """One client for each address: a folder can be opened once."""
    try:
        from qdrant_client import QdrantClient
    except ImportError as error:
        raise missing("qdrant-client", "qdrant") from error
    if "://" in url:
        return connected(
            lambda: _reached(
                QdrantClient(url=url, api_key=key or None, timeout=60, check_compatibility=False)
            ),
            url,
        )
    if url == ":memory:":
        return QdrantClient(url)
    return connected(lambda: QdrantClient(path=url), url)


def _reached(client: Any) -> Any:
    client.get_collections()
    return client


@dataclass(frozen=True)
class QdrantDatabase:
    """A collection in Qdrant (see ``retrievers.remote.Database``)."""

    client: Any
    collection: str
    exact: bool
    _known: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def count(self, set_name: str) -> int:
        """See ``Database``."""
        if not self.client.collection_exists(self.collection):
            return 0
        return int(self.client.count(self.collection, count_filter=_filter(set_name, None), exact=True).count)

    def add(
        self, set_name: str, ids: Sequence[str], passages: Sequence[Passage], vectors: NDArray[np.float32]
    ) -> None:
        """See ``Database``.

        Raises:
            ValueError: the collection holds vectors of another dimension.
        """
        from qdrant_client import models

        self._make(vectors.shape[1])
        payloads = [
            {"set": set_name, "document_id": p.document_id, "start": p.start, "end": p.end, "text": p.text}
            for p in passages
        ]
        points = models.Batch(ids=list(ids), payloads=payloads, vectors=vectors.tolist())
        self.client.upsert(self.collection, points=points, wait=True)

    def _make(self, dimension: int) -> None:
        from qdrant_client import models

        if not self.client.collection_exists(self.collection):
            size = models.VectorParams(size=dimension, distance=models.Distance.DOT)
            try:
                self.client.create_collection(self.collection, vectors_config=size)
            except Exception:  # another process was faster
                if not self.client.collection_exists(self.collection):
                    raise
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Payload indexes have no effect")  # in this process
                for name in ("set", "document_id"):
                    self.client.create_payload_index(self.collection, name, models.PayloadSchemaType.KEYWORD)
        is_there = self.client.get_collection(self.collection).config.params.vectors.size
        if is_there != dimension:
            raise wrong_dimension(self.collection, is_there, dimension)

    def search(
        self, set_name: str, vectors: NDArray[np.float32], k: int, document_ids: Collection[str] | None
    ) -> list[list[Passage]]:
        """See ``Database``."""
        from qdrant_client import models

        requests = [
            models.QueryRequest(
                query=vector,
                filter=_filter(set_name, document_ids),
                limit=k,
                params=models.SearchParams(exact=self.exact),
                with_payload=True,
            )
            for vector in vectors.tolist()
        ]
        results = self.client.query_batch_points(self.collection, requests=requests)
        return [[_passage(point.payload, point.score) for point in result.points] for result in results]


def _filter(set_name: str, document_ids: Collection[str] | None) -> Any:
    from qdrant_client import models

    conditions: list[Any] = [models.FieldCondition(key="set", match=models.MatchValue(value=set_name))]
    if document_ids is not None:
        any_of = models.MatchAny(any=list(document_ids))
        conditions.append(models.FieldCondition(key="document_id", match=any_of))
    return models.Filter(must=conditions)


def _passage(payload: dict[str, Any], score: float) -> Passage:
    values = {name: payload[name] for name in ("text", "document_id", "start", "end")}
    return replace(Passage(**values), score=score)
