"""Language models behind one protocol: one file a backend, imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lcrag.readers.base import Completion, Message, Reader, Request

_HOMES = {
    "LangChainReader": "langchain",
    "OpenAIReader": "openai",
    "RopeExtension": "rope",
    "ScriptedReader": "scripted",
    "TransformersReader": "transformers",
    "VLLMReader": "vllm",
}

__all__ = [
    "Completion",
    "LangChainReader",
    "Message",
    "OpenAIReader",
    "Reader",
    "Request",
    "RopeExtension",
    "ScriptedReader",
    "TransformersReader",
    "VLLMReader",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lcrag.readers' has no attribute {name!r}")
    return getattr(import_module(f"lcrag.readers.{_HOMES[name]}"), name)


if TYPE_CHECKING:
    from lcrag.readers.langchain import LangChainReader
    from lcrag.readers.openai import OpenAIReader
    from lcrag.readers.rope import RopeExtension
    from lcrag.readers.scripted import ScriptedReader
    from lcrag.readers.transformers import TransformersReader
    from lcrag.readers.vllm import VLLMReader
