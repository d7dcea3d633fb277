"""Vectors of documents that survive a restart, for every retriever that embeds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from embedders.base import OPERATIONAL, Embedded, Kind
from embedders.multi_vector import MultiVectorEmbedder
from retrievers.settings import document_settings

if TYPE_CHECKING:
    from embedders.cache import VectorCache

T = TypeVar("T")


@dataclass(frozen=True)
class KeptEmbedder:
    """An embedder that embeds the text of a document once, whatever becomes of the process.

    ``Embedded.tokens`` has only the tokens that were read in fact. Queries are embedded each time, and so are the
    vectors of a late-chunking embedder, which depend on the whole document.

    Attributes:
        embedder: The embedding model.
        path: The SQLite file of vectors; it names a text by its hash.
    """

    embedder: Any
    path: Path = field(metadata=OPERATIONAL)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the embedder's."""
        if name.startswith("__") or name == "embedder":
            raise AttributeError(name)
        return getattr(self.embedder, name)

    @cached_property
    def _cache(self) -> VectorCache:
        from embedders.cache import VectorCache

        settings = {"model": self.embedder.name, **document_settings(self.embedder)}
        return VectorCache(str(self.path), json.dumps(settings, sort_keys=True))

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """See ``embedders.Embedder``."""
        import numpy as np

        if kind != "document":
            return self.embedder.embed(texts, kind)  # type: ignore[no-any-return]
        kept = self._cache.get(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in kept]
        if len(missing) == len(texts):
            embedded: Embedded = self.embedder.embed(texts, kind)
            self._cache.put(dict(zip(texts, embedded.vectors, strict=True)))
            return embedded
        vectors = dict(kept)
        new = self.embedder.embed(missing, kind) if missing else None
        if new is not None:
            vectors |= dict(zip(missing, new.vectors, strict=True))
            self._cache.put({text: vectors[text] for text in missing})
        return Embedded(
            np.stack([vectors[text] for text in texts]),
            tokens=new.tokens if new else 0,
            truncated=new.truncated if new else 0,
            cached=len(kept),
        )


def with_kept_vectors(component: T, path: Path) -> T:
    """A retriever or a strategy whose retrievers, at any depth, keep the vectors of documents.

    Multi-vector models are left alone. So are routers, whose embedders see questions only.
    """
    return _kept(component, path)  # type: ignore[no-any-return]


def _kept(component: Any, path: Path) -> Any:
    if isinstance(component, list | tuple):
        members = [_kept(item, path) for item in component]
        same = all(new is old for new, old in zip(members, component, strict=True))
        return component if same else type(component)(members)
    if _embeds(component):
        return KeptEmbedder(component, path)
    if not is_dataclass(component) or isinstance(component, type) or hasattr(component, "route"):
        return component
    values = {f.name: getattr(component, f.name) for f in fields(component) if f.init and f.name[0] != "_"}
    changed = {name: new for name, old in values.items() if (new := _kept(old, path)) is not old}
    return replace(component, **changed) if changed else component


def _embeds(component: Any) -> bool:
    kind = type(component)
    methods = all(callable(getattr(kind, name, None)) for name in ("embed", "count_tokens"))
    return methods and not isinstance(component, MultiVectorEmbedder | KeptEmbedder)
