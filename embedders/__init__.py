"""Embedding models. Stands on its own; nothing is loaded before a model is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Embedded": "base",
    "Embedder": "base",
    "LangChainEmbedder": "langchain",
    "M2BertEmbedder": "m2_bert",
    "MultiVectorEmbedder": "multi_vector",
    "OpenAIEmbedder": "openai",
    "SentenceTransformerEmbedder": "sentence_transformer",
    "as_langchain": "langchain",
    "embed_spans": "late_chunking",
    "max_sim": "multi_vector",
}

__all__ = [
    "Embedded",
    "Embedder",
    "LangChainEmbedder",
    "M2BertEmbedder",
    "MultiVectorEmbedder",
    "OpenAIEmbedder",
    "SentenceTransformerEmbedder",
    "as_langchain",
    "embed_spans",
    "max_sim",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'embedders' has no attribute {name!r}")
    return getattr(import_module(f"embedders.{_HOMES[name]}"), name)


if TYPE_CHECKING:
    from embedders.base import Embedded, Embedder
    from embedders.langchain import LangChainEmbedder, as_langchain
    from embedders.late_chunking import embed_spans
    from embedders.m2_bert import M2BertEmbedder
    from embedders.multi_vector import MultiVectorEmbedder, max_sim
    from embedders.openai import OpenAIEmbedder
    from embedders.sentence_transformer import SentenceTransformerEmbedder
