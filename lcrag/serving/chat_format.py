"""OpenAI's chat completions: what a client sends, and an application's result in that form."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lcrag.errors import LcragError
from lcrag.files import json_value


class Part(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="ignore")
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]

    @property
    def text(self) -> str:
        """The content as one text."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class Options(BaseModel):
    """What a question may name beside its text, in the request's field ``lcrag``."""

    model_config = ConfigDict(extra="forbid")
    documents: list[str] | None = Field(default=None, description="Ids; all documents by default.")
    conversation: str = Field(
        default="", description="The name of a conversation that the application remembers."
    )
    kind: str = Field(default="", description="The question's kind, for routers that look at it.")


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class ChatRequest(BaseModel):
    """A chat completion request; settings of the model, such as ``temperature``, are the strategy's and ignored."""

    model_config = ConfigDict(extra="ignore")
    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    lcrag: Options = Options()

    def asked(self, strategy: str) -> dict[str, Any]:
        """The application's input.

        Args:
            strategy: the name of the strategy that must answer; empty for the application's.

        Raises:
            LcragError: the last message is not the user's.
        """
        *history, last = self.messages
        if last.role != "user":
            raise LcragError("The last message must be the user's question.")
        earlier = [{"role": m.role, "content": m.text} for m in history]
        options = {k: v for k, v in self.lcrag.model_dump().items() if v}
        return {"question": last.text, "history": earlier, "strategy": strategy, **options}


class FeedbackRequest(BaseModel):
    """How good an answer was: a score from 0 to 1, a thumb, or the right answer."""

    model_config = ConfigDict(extra="forbid")
    id: str
    score: float | None = None
    thumb: bool | None = None
    gold: str | list[str] | None = None


@dataclass
class Reply:
    """One chat completion that is being sent.

    Attributes:
        model: The name under which the application was asked.
        include_usage: Whether the last chunk of a stream has the usage.
    """

    model: str
    include_usage: bool = False
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, result: dict[str, Any]) -> dict[str, Any]:
        """A result as one chat completion."""
        message = {"role": "assistant", "content": result["answer"], "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        head = self._head("chat.completion")
        return {**head, "choices": [choice], "usage": usage_of(result), "lcrag": details_of(result)}

    def piece(self, text: str) -> str:
        """A piece of an answer as a server-sent event."""
        return self._event({"role": "assistant", "content": text})

    def end(self, result: dict[str, Any]) -> str:
        """The last events of a stream; the result is in them but for its answer."""
        events = self._event({}, "stop", lcrag=details_of(result))
        if self.include_usage:
            chunk = {**self._head("chat.completion.chunk"), "choices": [], "usage": usage_of(result)}
            events += sse(chunk)
        return events + "data: [DONE]\n\n"

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _event(self, delta: dict[str, Any], reason: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return sse({**self._head("chat.completion.chunk"), "choices": [choice], **more})


def sse(content: dict[str, Any]) -> str:
    """A server-sent event."""
    return f"data: {json.dumps(content)}\n\n"


def usage_of(result: dict[str, Any]) -> dict[str, Any]:
    """Tokens of the language model as OpenAI counts them."""
    prompt, written = (int(result["usage"][f"{kind}_tokens"]) for kind in ("prompt", "completion"))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
        "prompt_tokens_details": {"cached_tokens": int(result["usage"]["cached_tokens"])},
    }


def details_of(result: dict[str, Any]) -> dict[str, Any]:
    """Everything else that an application says: the route, why, what it cost, and where the answer stands."""
    left_out = {"answer", "sources"}
    return {key: json_value(value) for key, value in result.items() if key not in left_out}
