"""Keep the sentences that are nearest to the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lcrag.schema import Document, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import chat
from lcrag.strategies.pieces.remembering import best_first
from retrievers.chunkers.sentence import sentences


@dataclass(frozen=True)
class Extractive:
    """Keeps the sentences that are nearest to the question, in document order: no model beside the embedder."""

    async def compress(self, document: Document, question: Question, tokens: int, tools: Toolbox) -> str:
        """The nearest sentences that fit; at least one."""
        said = [document.text[s:e] for s, e in sentences(document.text) if document.text[s:e].strip()]

        async def embed(build: Toolbox) -> Any:
            return await build.embed(said, "build")

        known = await tools.build("sentences", [document.id], embed)
        (query,) = await tools.embed([question.text])
        kept: list[int] = []
        left = tokens
        for i in best_first([float(s) for s in known @ query]):
            left -= tools.count_tokens(chat(said[i], "")) - tools.count_tokens(chat("", ""))
            if kept and left < 0:
                break
            kept.append(i)
        return " ".join(said[i].strip() for i in sorted(kept))
