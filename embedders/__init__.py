"""Embedding models. Stands on its own; nothing is loaded before a model is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Embedder": "base",
    "LangChainEmbedder": "langchain",
    "SentenceTransformerEmbedder": "sentence_transformer",
    "as_langchain": "langchain",
}

__all__ = ["Embedder", "LangChainEmbedder", "SentenceTransformerEmbedder", "as_langchain"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'embedders' has no attribute {name!r}")
    return getattr(import_module(f"embedders.{_HOMES[name]}"), name)


if TYPE_CHECKING:
    from embedders.base import Embedder
    from embedders.langchain import LangChainEmbedder, as_langchain
    from embedders.sentence_transformer import SentenceTransformerEmbedder
