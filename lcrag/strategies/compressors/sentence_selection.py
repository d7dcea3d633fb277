"""Sentence selection: keep the sentences that are most similar to the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lcrag.schema import Document, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import chat
from lcrag.strategies.pieces.remembering import best_first
from retrievers.chunkers.sentence import sentences


@dataclass(frozen=True)
class SentenceSelection:
    """Select the sentences most similar to the question, in document order; needs no model but the embedder.

    A baseline of extractive retrieval by sentence, not a published compressor: nothing within a sentence is shortened.
    """

    async def compress(self, document: Document, question: Question, tokens: int, tools: Toolbox) -> str:
        """The most similar sentences that fit; at least one."""

        async def split_and_embed(build: Toolbox) -> Any:
            texts = [document.text[s:e] for s, e in sentences(document.text)]
            return texts, await build.embed(texts, "build")

        texts, vectors = await tools.build("extractive:sentences", [document.id], split_and_embed)
        (query,) = await tools.embed([question.text])
        selected: list[int] = []
        remaining = tokens
        for i in best_first([float(s) for s in vectors @ query]):
            remaining -= tools.count_tokens(chat(texts[i], "")) - tools.count_tokens(chat("", ""))
            if selected and remaining < 0:
                break
            selected.append(i)
        return " ".join(texts[i].strip() for i in sorted(selected))
