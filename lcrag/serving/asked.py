"""What an application is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig

from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, did_you_mean
from lcrag.routers.routed import Routed
from lcrag.serving.conversation import Turn, turns_of
from lcrag.serving.documents import DocumentStore
from lcrag.strategies.base import Strategy

KEYS = ("question", "documents", "kind", "strategy", "history", "conversation")


@dataclass(frozen=True)
class Asked:
    """One question to an application.

    Attributes:
        text: The question, as the user wrote it.
        document_ids: The documents that it is about.
        kind: Its kind, for routers that look at it; empty if it is not known.
        strategy: The name of the strategy that must answer; empty for the application's.
        history: Earlier turns of the conversation.
        conversation: Names a conversation that the application remembers; empty for none.
    """

    text: str
    document_ids: tuple[str, ...]
    kind: str = ""
    strategy: str = ""
    history: tuple[Turn, ...] = ()
    conversation: str = ""


def asked_of(input: Any, config: RunnableConfig | None, store: DocumentStore) -> Asked:
    """The question in an application's input: a text, or a mapping with some of ``KEYS``.

    Args:
        input: what the application was given.
        config: its ``configurable.thread_id``, as LangGraph has it, names the conversation where the input does not.
        store: the documents; all of them are meant where the input names none.

    Raises:
        LcragError: there is no question in it, or a document does not exist.
    """
    given = {"question": input} if isinstance(input, str) else input
    text = given.get("question") if isinstance(given, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        raise LcragError("Give a question as a text, or as a mapping with the key 'question'.")
    ids = given.get("documents") or store.documents
    ids = (ids,) if isinstance(ids, str) else tuple(ids)
    for id in ids or [""]:
        store.check(id)
    thread = ((config or {}).get("configurable") or {}).get("thread_id", "")
    return whole(
        Asked(
            text,
            ids,
            kind=str(given.get("kind") or ""),
            strategy=str(given.get("strategy") or ""),
            history=turns_of(given.get("history") or ()),
            conversation=str(given.get("conversation") or thread),
        )
    )


def candidates(strategy: Strategy) -> dict[str, Strategy]:
    """The strategies that may be asked for by name: the application's, and those among which it routes."""
    routes: Sequence[Strategy] = strategy.strategies if isinstance(strategy, Routed) else ()
    return {s.name: s for s in (strategy, *routes)}


def chosen(strategy: Strategy, name: str) -> Strategy:
    """The strategy that answers: the application's, or the one of its candidates that is asked for.

    Raises:
        LcragError: it has no such strategy.
    """
    known = candidates(strategy)
    if name and name not in known:
        raise LcragError(f"The application has no strategy {name!r}; {did_you_mean(name, list(known))}")
    return known[name or strategy.name]
