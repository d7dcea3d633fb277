"""A strategy, routed or not, that answers an application's questions: a LangChain Runnable."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from langchain_core.documents import Document as LangChainDocument
from langchain_core.runnables import Runnable, RunnableConfig

from embedders.base import Embedder
from lcrag.datasets.base import Dataset
from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, did_you_mean
from lcrag.metrics.base import Metric
from lcrag.metrics.f1 import F1
from lcrag.readers.base import Reader
from lcrag.routers.base import Router
from lcrag.runtime.defaults import with_defaults
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Answer, Document, Ledger, Question
from lcrag.serving.drift import Drift
from lcrag.serving.given import Feedback
from lcrag.serving.live import LiveFeedback
from lcrag.serving.loop import BackgroundLoop
from lcrag.strategies.base import Strategy
from retrievers.base import Retriever


class Application(Runnable[Any, dict[str, Any]]):
    """Answers questions about some documents by one strategy, with indexes and prefixes kept in between.

    ``invoke`` (``ainvoke``, ``batch``, ``|``) takes a question, or a mapping with ``question`` and ``documents``
    (ids; all documents by default), and returns a mapping: ``id`` (for ``feedback``), ``answer``, ``declined``,
    ``strategy`` (the one that answered), ``sources`` (LangChain documents with the places of the passages), ``usage``
    (what this question took of the language model: tokens, seconds, FLOPs, dollars), ``routing`` (that part of it which
    was spent on deciding) and ``embedding`` (what it took of embedder and reranker).

    Args:
        strategy: any strategy, such as ``Routed(load_router(file), [ChunkedRetrieval(), LongContext()])``.
        reader: the language model.
        documents: documents, texts by id, or a folder of files.
        retriever: default: BM25 and dense, fused.
        embedder: default: MiniLM.
        feedback_folder: where answers and the feedback on them are kept, several processes may share it; ``None``: no
            feedback is taken.
        metric: scores answers against gold answers that ``feedback`` is given; default: token F1.
        learn: with a ``feedback_folder``, a bandit explores and learns from each feedback, and is saved there as
            ``learned.router``; ``False``: it stays as it is.

    Raises:
        LcragError: no document, or an empty one.
    """

    def __init__(
        self,
        strategy: Strategy,
        reader: Reader,
        documents: Sequence[Document] | Mapping[str, str] | Path | str,
        *,
        retriever: Retriever | None = None,
        embedder: Embedder | None = None,
        feedback_folder: Path | str | None = None,
        metric: Metric | None = None,
        learn: bool = True,
    ) -> None:
        self.strategy = strategy
        self._live = LiveFeedback(strategy, feedback_folder, metric or F1(), learn)
        known = {d.id: d for d in Dataset("application", tuple(_documents(documents)), ()).documents}
        if not known:
            raise LcragError("An application needs at least one document.")
        self.resources = Resources(reader, known, *with_defaults(retriever, embedder))
        self._loop = BackgroundLoop()
        self._numbers = itertools.count(1)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        """Answer one question.

        Raises:
            LcragError: no question, an unknown document, or whatever the strategy raises.
        """
        return self._call_with_config(lambda x: self._loop.run(self._answer(x)), input, config)

    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Answer one question, without blocking the caller's loop."""

        async def work(x: Any) -> dict[str, Any]:
            return await self._loop.await_(self._answer(x))

        return await self._acall_with_config(work, input, config)

    async def _answer(self, input: Any) -> dict[str, Any]:
        question = self._question(input)
        tools = MeteredToolbox(self.resources, salt=self.strategy.name)
        answer = replace(await self._live.answer(question, tools), usage=tools.ledger)
        id = self._live.remember(question, answer, self.resources.reader.context_window)
        return {"id": id, **self._result(answer, question)}

    @property
    def router(self) -> Router | None:
        """The router with what it has learned from feedback; ``None`` if one strategy answers everything."""
        return self._live.router

    def feedback(
        self,
        id: str,
        score: float | None = None,
        *,
        thumb: bool | None = None,
        gold: str | Sequence[str] | None = None,
    ) -> Feedback:
        """Say how good an answer was; of several times the last one counts.

        Args:
            id: the answer's ``id``.
            score: from 0 to 1.
            thumb: up or down, in place of a score.
            gold: the right answer, or several that count as right, in place of a score.

        Raises:
            LcragError: there is no ``feedback_folder`` or no such answer, or not exactly one of the three is given.
        """
        return self._live.take(id, score, thumb, gold)

    def drift(self) -> Drift:
        """Whether the questions are still such as the router learned from; print it.

        Raises:
            LcragError: there is no ``feedback_folder``, nothing was asked, or the router keeps no sample of its inputs.
        """
        return self._live.drift()

    def _question(self, input: Any) -> Question:
        given = {"question": input} if isinstance(input, str) else input
        text = given.get("question") if isinstance(given, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            raise LcragError("Give a question as a text, or as a mapping with the key 'question'.")
        ids = given.get("documents") or self.resources.documents
        ids = (ids,) if isinstance(ids, str) else tuple(ids)
        for id in ids:
            if id not in self.resources.documents:
                hint = did_you_mean(str(id), list(self.resources.documents))
                raise LcragError(f"The application has no document {id!r}; {hint}")
        return whole(Question(f"live-{next(self._numbers)}", text, ids, kind=str(given.get("kind", ""))))

    def _result(self, answer: Answer, question: Question) -> dict[str, Any]:
        route = next((s for s in answer.steps if s.name == "route"), None)
        return {
            "answer": answer.text,
            "declined": answer.declined,
            "strategy": route.output if route else self.strategy.name,
            "sources": [
                LangChainDocument(
                    p.text, metadata={"document": p.document_id, "start": p.start, "end": p.end}
                )
                for p in answer.evidence
            ],
            "usage": asdict(answer.usage.sum(("read", "retrieve", "route"))),
            "embedding": asdict(answer.usage.sum(("embed", "rerank"))),
            "routing": asdict(Ledger(answer.usage.entries)["route"]),
        }


def _documents(given: Any) -> list[Document]:
    if isinstance(given, Mapping):
        return [Document(str(id), text) for id, text in given.items()]
    if isinstance(given, str | Path):
        from lcrag.datasets.folder import read_folder

        return list(read_folder(Path(given)).documents.values())
    return list(given)
