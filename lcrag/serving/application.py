"""A strategy, routed or not, that answers an application's questions: a LangChain Runnable."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig

from embedders.base import Embedder
from lcrag.cost.price import Price
from lcrag.cost.prices import Prices
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.metrics.base import Metric
from lcrag.metrics.f1 import F1
from lcrag.readers.base import Reader
from lcrag.readers.streaming import OnText
from lcrag.routers.base import Router
from lcrag.runtime.caps import Budget
from lcrag.runtime.defaults import with_defaults
from lcrag.runtime.guard import BudgetGuard
from lcrag.schema import Document, Question, Usage
from lcrag.serving.asked import asked_of, chosen
from lcrag.serving.conversation import ConversationStore, FollowUp, Turn, standalone
from lcrag.serving.documents import DocumentStore, read_documents
from lcrag.serving.drift import Drift
from lcrag.serving.given import Feedback
from lcrag.serving.kept_vectors import with_kept_vectors
from lcrag.serving.live import LiveFeedback
from lcrag.serving.resources import ServingResources, builds_ended
from lcrag.serving.result import result_of
from lcrag.serving.runnable import AnsweringRunnable
from lcrag.serving.spent import restore_spent, save_spent
from lcrag.serving.streaming import StreamingToolbox, told
from lcrag.serving.tracing import trace_answer
from lcrag.strategies.base import Strategy
from retrievers.base import Retriever


class Application(AnsweringRunnable):
    """Answers questions about some documents by one strategy, with indexes and prefixes kept in between.

    ``invoke`` (``ainvoke``, ``batch``, ``stream``, ``|``) takes a question, or a mapping with ``question`` and, if you
    like, ``documents`` (ids; all documents by default), ``strategy`` (the name of the one that must answer), ``kind``,
    ``history`` (earlier messages) or ``conversation`` (the name of one that the application remembers; LangGraph's
    ``thread_id`` will do), and returns a mapping (see ``lcrag.serving.result``).

    Args:
        strategy: any strategy, such as ``Routed(load_router(file), [ChunkedRetrieval(), LongContext()])``.
        reader: the language model.
        documents: documents, texts by id, or a folder of files.
        retriever: default: BM25 and dense, fused.
        embedder: default: MiniLM.
        keep: a folder for memories, vectors of documents, documents that were changed while serving, and what was
            spent: after a restart nothing is made again. ``None`` keeps them in this process. One process per folder.
        prices: the reader's price card, or ``Prices``; it overrides the published price.
        budget: caps on what a question and (``experiment``) the whole application may spend, kept before each call.
        demonstrations: questions with answers that strategies may show in a prompt; the documents of a dataset are
            for its demonstrations alone.
        follow_up: how a question in a conversation is understood: ``condense`` lets the reader rewrite it, ``pass``
            puts the conversation before it.
        seed: seeds the reader.
        feedback_folder: where answers and the feedback on them are kept, several processes may share it; ``None``: no
            feedback is taken.
        metric: scores answers against gold answers that ``feedback`` is given; default: token F1.
        learn: with a ``feedback_folder``, a bandit explores and learns from each feedback, and is saved there as
            ``learned.router``; ``False``: it stays as it is.
        traces: log each answer as a trace to MLflow's current experiment (``mlflow.set_experiment``).

    Raises:
        LcragError: no document (without ``keep``), an empty one, or a cap that cannot be kept.
    """

    def __init__(
        self,
        strategy: Strategy,
        reader: Reader,
        documents: Sequence[Document] | Mapping[str, str] | Path | str = (),
        *,
        retriever: Retriever | None = None,
        embedder: Embedder | None = None,
        keep: Path | str | None = None,
        prices: Price | Prices | None = None,
        budget: Budget | None = None,
        demonstrations: Dataset | Sequence[Question] = (),
        follow_up: FollowUp = "condense",
        seed: int = 0,
        feedback_folder: Path | str | None = None,
        metric: Metric | None = None,
        learn: bool = True,
        traces: bool = False,
    ) -> None:
        super().__init__()
        self.keep = None if keep is None else Path(keep)
        retriever, embedder = with_defaults(retriever, embedder)
        if self.keep is not None:
            strategy = with_kept_vectors(strategy, self.keep / "vectors.db")
            retriever = with_kept_vectors(retriever, self.keep / "vectors.db")
        self.strategy = strategy
        self._live = LiveFeedback(strategy, feedback_folder, metric or F1(), learn)
        changes = None if self.keep is None else self.keep / "documents.jsonl"
        self.store = DocumentStore(read_documents(documents), changes)
        if not self.store.documents and self.keep is None:
            raise LcragError("An application needs at least one document.")
        given = demonstrations if isinstance(demonstrations, Dataset) else None
        self._demonstrated = {d.id: d for d in given.documents} if given else {}
        self.resources = ServingResources(
            reader,
            {**self._demonstrated, **self.store.documents},
            retriever,
            embedder,
            prices=prices,
            seed=seed,
            keep=self.keep,
            demonstration_pool=given.demonstrations if given else tuple(demonstrations),  # type: ignore[arg-type]
            budget=budget or Budget(),
        )
        if budget:
            budget.check(self.resources.priced(Usage(1)), reader.name)
        if self.keep is not None:
            restore_spent(self.resources.spending, self.keep / "spent.json")
        self.follow_up, self.traces = follow_up, traces
        self.conversations = ConversationStore(None if self.keep is None else self.keep / "conversations.db")
        self._numbers = itertools.count(1)

    @property
    def documents(self) -> Mapping[str, Document]:
        """The documents by id, as they are now."""
        return self.store.documents

    @property
    def spent(self) -> Usage:
        """What the reader has cost so far, builds and (with ``keep``) earlier processes included."""
        return self.resources.spending.paid

    def add_documents(self, documents: Sequence[Document] | Mapping[str, str] | Path | str) -> dict[str, int]:
        """Add documents, or replace those with the same ids, while questions are answered.

        A question sees the documents of the moment at which it was asked. With ``keep`` only new chunks are embedded.

        Returns:
            How many were ``added``, ``replaced`` and ``unchanged``.

        Raises:
            LcragError: a document is empty, or cannot be read or kept.
        """
        new = read_documents(documents)
        counts = self._loop.run(self._change(lambda: self.store.put(new), [d.id for d in new]))
        return dict(counts)

    def remove_documents(self, ids: Sequence[str] | str) -> None:
        """Remove documents, and what memories hold of them.

        Raises:
            LcragError: there is no such document; then none is removed.
        """
        ids = [ids] if isinstance(ids, str) else [*ids]
        self._loop.run(self._change(lambda: self.store.remove(ids), ids))
        self.resources.memories.forget(ids)

    async def _change(self, change: Any, ids: Sequence[str]) -> Any:
        await builds_ended(self.resources, ids)
        result = change()
        self.resources = self.resources.with_documents({**self._demonstrated, **self.store.documents})
        return result

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

    async def _answer(
        self, input: Any, config: RunnableConfig | None, on_text: OnText | None = None
    ) -> dict[str, Any]:
        resources, started = self.resources, time.time()  # those of this moment
        asked = asked_of(input, config, self.store)
        strategy = told(chosen(self.strategy, asked.strategy))
        turns = asked.history or (self.conversations.turns(asked.conversation) if asked.conversation else ())
        guard = BudgetGuard(resources, resources.spending.question())
        tools = StreamingToolbox(resources, self.strategy.name, guard, on_text=on_text)
        try:
            text = await standalone(asked.text, turns, tools, self.follow_up)
            id = f"live-{next(self._numbers)}"
            question = Question(id, text, asked.document_ids, kind=asked.kind)
            answer = await self._live.answer(question, tools, strategy)
        finally:
            if self.keep is not None:
                save_spent(resources.spending, self.keep / "spent.json")
        if asked.conversation:
            self.conversations.add(asked.conversation, Turn(asked.text, answer.text))
        answer = replace(answer, usage=tools.ledger)
        result = result_of(answer, question, strategy.name, resources.documents, guard)
        result = {"id": self._live.remember(question, answer, resources.reader.context_window), **result}
        if self.traces:
            trace_answer(question, answer, tools.steps, result, resources.reader.name, started)
        return result
