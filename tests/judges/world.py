"""Tools whose judge has prepared replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lcrag.readers.base import Completion
from lcrag.schema import Usage


class ScriptedTools:
    """Gives replies in order, or by the last message, and keeps what was asked."""

    def __init__(self, *replies: str | Callable[[str], str]):
        self.replies = list(replies)
        self.requests: list[dict[str, Any]] = []

    async def ask(self, messages, *, judge=None, max_tokens=64, begin=(), temperature=0.0, sample=0):
        self.requests.append(
            {"messages": tuple(messages), "judge": judge, "max_tokens": max_tokens, "begin": begin,
             "sample": sample}
        )  # fmt: skip
        reply = self.replies[0] if callable(self.replies[0]) else self.replies.pop(0)
        return Completion(reply(messages[-1].content) if callable(reply) else reply, Usage(calls=1))

    async def embed(self, texts, kind):
        raise AssertionError("no text is embedded")

    @property
    def prompts(self) -> list[str]:
        return [request["messages"][-1].content for request in self.requests]
