"""Conversations of several turns: what was said before, and questions that refer to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lcrag.errors import LcragError, reason
from lcrag.readers.base import Message
from lcrag.strategies.base import Toolbox

FollowUp = Literal["condense", "pass"]
MAX_TURNS = 6  # of a conversation that a follow-up may refer to: the last ones
QUESTION_TOKENS = 64
_TABLE = (
    "CREATE TABLE IF NOT EXISTS turns "
    "(id INTEGER PRIMARY KEY, conversation TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL)"
)
SYSTEM = "You rewrite questions."
CONDENSE = (
    "Rewrite the last question so that it can be understood without the conversation: put names in place of "
    "pronouns. Do not answer it. Write the question alone."
)


@dataclass(frozen=True)
class Turn:
    """One question of a conversation and its answer."""

    question: str
    answer: str


def turns_of(history: Any) -> tuple[Turn, ...]:
    """Turns of a history: LangChain messages, mappings with ``role`` and ``content``, or pairs of question and answer.

    Several questions without an answer are one; system messages are left out.

    Raises:
        LcragError: it is something else.
    """
    turns: list[Turn] = []
    asked: list[str] = []
    try:
        for item in history:
            if isinstance(item, Turn | tuple | list):
                question, answer = (item.question, item.answer) if isinstance(item, Turn) else item
                turns.append(Turn(str(question), str(answer)))
                continue
            role, text = _message(item)
            if role in {"user", "human"}:
                asked.append(text)
            elif role in {"assistant", "ai"}:
                turns.append(Turn("\n".join(asked), text))
                asked = []
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise LcragError(
            "history: messages with `role` and `content`, or pairs of question and answer, are expected."
        ) from error
    return tuple(turns)


def _message(item: Any) -> tuple[str, str]:
    if isinstance(item, Mapping):
        return str(item["role"]), str(item["content"])
    return str(item.type), str(item.text)  # LangChain's


async def standalone(question: str, turns: Sequence[Turn], tools: Toolbox, how: FollowUp) -> str:
    """A question that can be understood without the conversation.

    Args:
        question: the follow-up, as the user wrote it.
        turns: the conversation before it; without one the question is returned as it is.
        tools: asks the reader under the role ``retrieve``.
        how: ``condense`` lets the reader rewrite it; ``pass`` puts the conversation before it.
    """
    if not turns:
        return question
    talk = "\n".join(f"User: {t.question}\nAssistant: {t.answer}" for t in turns[-MAX_TURNS:])
    if how == "pass":
        return f"(Conversation so far:\n{talk})\n{question}"
    prompt = f"Conversation:\n{talk}\n\nLast question: {question}\n\n{CONDENSE}"
    messages = (Message("system", SYSTEM), Message("user", prompt))
    reply = await tools.read(messages, max_tokens=QUESTION_TOKENS, stop=("\n",), role="retrieve")
    return reply.text.strip().strip('"') or question


class ConversationStore:
    """Conversations by name, each a list of turns.

    Args:
        path: a SQLite file; ``None`` forgets them with the process.

    Raises:
        LcragError: the file is not one of conversations.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = ":memory:" if path is None else str(path)
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, check_same_thread=False)
            self._db.execute(_TABLE)
        except (sqlite3.Error, OSError) as error:
            raise LcragError(f"{path} is not a store of conversations: {reason(error)}.") from error

    def turns(self, conversation: str) -> tuple[Turn, ...]:
        """The turns of a conversation; none of a new one."""
        rows = self._db.execute(
            "SELECT question, answer FROM turns WHERE conversation = ? ORDER BY id", (conversation,)
        )
        return tuple(Turn(*row) for row in rows)

    def add(self, conversation: str, turn: Turn) -> None:
        """Remember one more turn.

        Raises:
            LcragError: the disk is full.
        """
        try:
            with self._db:
                self._db.execute(
                    "INSERT INTO turns (conversation, question, answer) VALUES (?, ?, ?)",
                    (conversation, turn.question, turn.answer),
                )
        except sqlite3.Error as error:
            raise LcragError(f"{self.path} could not be written ({error}): make room.") from error

    def forget(self, conversation: str) -> None:
        """Forget a conversation."""
        with self._db:
            self._db.execute("DELETE FROM turns WHERE conversation = ?", (conversation,))
