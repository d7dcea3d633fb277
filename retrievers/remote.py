"""Dense retrieval in a vector database behind a URL: what Qdrant and Milvus share."""

from __future__ import annotations

import hashlib
import json
import os
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import NAMESPACE_OID, uuid5

from retrievers.base import OPERATIONAL, check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.embedding import Embedder
from retrievers.passage import Passage
from retrievers.settings import document_settings
from retrievers.work import embed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TIES = 8  # further hits that are fetched, so that equal scores at the last place come in the promised order


class Database(Protocol):
    """A collection of passages and their vectors, in sets that do not see each other."""

    def count(self, set_name: str) -> int:
        """How many passages a set has; 0 where there is no collection."""

    def add(
        self, set_name: str, ids: Sequence[str], passages: Sequence[Passage], vectors: NDArray[np.float32]
    ) -> None:
        """Add passages with their vectors, shape (passages, dimension); an id that is there is overwritten."""

    def search(
        self, set_name: str, vectors: NDArray[np.float32], k: int, document_ids: Collection[str] | None
    ) -> list[list[Passage]]:
        """For each vector the ``k`` passages with the largest inner product, with it as their score, in any order."""


@dataclass(frozen=True)
class RemoteRetriever:
    """Embeds chunks here and keeps them in a database; what is there already is not embedded again.

    A collection holds many sets of passages. The passages of one build are one set, named by a hash of the texts, the
    embedder's settings and the chunker's, so that two corpora, or two embedders, never mix.

    Attributes:
        embedder: The embedding model.
        chunker: Cuts the documents into the chunks that are kept.
        url: The database's address; the class says what else it may be.
        collection: The collection; it is made where it is missing. Embedders of other dimensions need another one.
        api_key_env: The environment variable that holds the key; empty for none.
        set_name: A set that was filled before, such as by ``fill``: it is searched whatever texts are indexed, and
            nothing is embedded.
        build_tokens: The tokens that filling it took, where ``set_name`` is given.
        batch_size: Passages per addition.
    """

    embedder: Embedder
    chunker: Chunker = field(default_factory=RecursiveChunker)
    url: str = field(default="", metadata=OPERATIONAL)
    collection: str = field(default="lcrag", metadata=OPERATIONAL)
    api_key_env: str = field(default="", metadata=OPERATIONAL)
    set_name: str = ""
    build_tokens: int = 0
    batch_size: int = field(default=256, metadata=OPERATIONAL)

    @property
    def api_key(self) -> str:
        """The key in the environment; empty for none."""
        return os.environ.get(self.api_key_env, "") if self.api_key_env else ""

    @property
    @abstractmethod
    def database(self) -> Database:
        """The database, connected to.

        Raises:
            ValueError: its client is not installed, or it cannot be reached.
        """

    def build(self, texts: Mapping[str, str]) -> RemoteIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, one is empty, or the database cannot be used.
        """
        if self.set_name:
            if not self.database.count(self.set_name):
                raise ValueError(
                    f"The collection {self.collection!r} has no set {self.set_name!r}: fill it first, or leave "
                    "set_name empty."
                )
            return RemoteIndex(self, self.set_name, self.build_tokens)
        passages = chunked(texts, self.chunker)
        name = self._name_of(texts)
        if self.database.count(name) == len(passages):  # by an earlier run, at the same cost
            return RemoteIndex(self, name, self.embedder.count_tokens([p.text for p in passages]))
        return RemoteIndex(self, name, self.fill(name, passages))

    def fill(self, set_name: str, passages: Sequence[Passage]) -> int:
        """Embed passages and add them to a set; returns the tokens that the embedder read.

        Adding the same passages again changes nothing, so that a part of a corpus can be repeated after a crash.
        """
        tokens = 0
        for start in range(0, len(passages), self.batch_size):
            batch = passages[start : start + self.batch_size]
            embedded = embed(self.embedder, [p.text for p in batch])
            self.database.add(set_name, [_id(set_name, p) for p in batch], batch, embedded.vectors)
            tokens += embedded.tokens
        return tokens

    def _name_of(self, texts: Mapping[str, str]) -> str:
        made_by = [self.embedder.name, document_settings(self.embedder)]
        made_by += [type(self.chunker).__name__, document_settings(self.chunker)]
        digest = hashlib.sha256(json.dumps(made_by, sort_keys=True).encode())
        for name, text in sorted(texts.items()):
            digest.update(hashlib.sha256(f"{name}\0{text}".encode("utf-8", "surrogatepass")).digest())
        return digest.hexdigest()[:32]


def _id(set_name: str, passage: Passage) -> str:
    """A UUID, which every database takes as an id."""
    identity = "\0".join((set_name, passage.document_id, str(passage.start), str(passage.end), passage.text))
    return str(uuid5(NAMESPACE_OID, identity))


@dataclass(frozen=True)
class RemoteIndex:
    """One set of passages in a database.

    Attributes:
        settings: What made it; its embedder embeds queries.
        set_name: The set.
        build_tokens: Tokens that the embedder read for it.
    """

    settings: RemoteRetriever
    set_name: str
    build_tokens: int

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; a score is the inner product of unit vectors."""
        check_k(k)
        vectors = embed(self.settings.embedder, list(queries), "query").vectors
        hits = self.settings.database.search(self.set_name, vectors, k + TIES, document_ids)
        return [sorted(h, key=lambda p: (-p.score, p.document_id, p.start))[:k] for h in hits]

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return self.settings.embedder.count_tokens(list(queries))


def missing(client: str, extra: str) -> ValueError:
    """The error for a client that is not installed."""
    return ValueError(f"This retriever needs {client}: pip install 'lcrag[{extra}]'.")


def wrong_dimension(collection: str, is_there: int, given: int) -> ValueError:
    """The error for vectors that do not fit a collection."""
    return ValueError(
        f"The collection {collection!r} holds vectors of {is_there} numbers, this embedder makes {given}: name another "
        "`collection`."
    )


def connected(make: Any, url: str) -> Any:
    """What ``make`` returns, a client.

    Raises:
        ValueError: the database cannot be reached.
    """
    try:
        return make()
    except Exception as error:  # each client has errors of its own
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"There is no database at {url} ({first_line}): start it, or correct `url`."
        ) from error
