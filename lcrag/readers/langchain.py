"""Any LangChain chat model as a reader."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from lcrag.errors import LcragError
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.readers.tokens import CHARS_PER_TOKEN, estimate_tokens
from lcrag.schema import Usage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from lcrag.cost.model import ModelSpec

_KINDS: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}


@dataclass(frozen=True)
class LangChainReader:
    """A LangChain chat model behind lcrag's reader protocol.

    Token counts come from the message's ``usage_metadata``; where the model gives none they are
    counted by the model's own counter if it has one, else estimated (see ``tokens.estimate_tokens``).

    Attributes:
        model: the chat model.
        context_window: tokens of prompt and completion together; LangChain models do not know theirs.
        max_concurrency: requests in flight at once.
        name: the name in results and for prices; empty takes the model's own.
        passed_on: settings of a request that go to the model with each call, under these names.
            Providers differ: take out what yours refuses, add ``seed`` where it is known.
    """

    # not inherited from Reader: a dataclass field without a default cannot replace its property
    documents_in_flight: ClassVar[int] = Reader.documents_in_flight
    shares_prefix_in_batch: ClassVar[bool] = Reader.shares_prefix_in_batch
    spec: ClassVar[ModelSpec | None] = None

    model: BaseChatModel
    context_window: int
    max_concurrency: int = 8
    name: str = ""
    passed_on: tuple[str, ...] = ("max_tokens", "temperature")
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        own = (getattr(self.model, key, None) for key in ("model_name", "model", "model_id"))
        named = self.name or next((n for n in own if isinstance(n, str) and n), type(self.model).__name__)
        object.__setattr__(self, "name", named)
        unknown = set(self.passed_on) - {"max_tokens", "temperature", "seed"}
        if unknown:
            raise LcragError(f"passed_on: {sorted(unknown)[0]!r} is none of max_tokens, temperature, seed.")

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the chat by the model's own counter if it has one that works here, else the estimate."""
        if self._counts:
            try:
                return int(self.model.get_num_tokens_from_messages(_convert(messages)))
            except Exception:  # counters that need a download or another package
                self._state["counts"] = False
        return estimate_tokens(messages)

    @property
    def _counts(self) -> bool:
        """Whether the model brings a counter; LangChain's default would fetch GPT-2's vocabulary."""
        kind = type(self.model)
        own = (
            self.model.custom_get_token_ids is not None
            or kind.get_token_ids is not BaseLanguageModel.get_token_ids
            or kind.get_num_tokens is not BaseLanguageModel.get_num_tokens
            or kind.get_num_tokens_from_messages is not BaseLanguageModel.get_num_tokens_from_messages
        )
        return own and bool(self._state.get("counts", True))

    async def generate(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            LcragError: prompt and completion do not fit, or the model failed.
        """
        counted = self.count_tokens(request.messages)
        if counted + request.max_tokens > self.context_window:
            raise LcragError(
                f"A prompt of {counted} tokens and {request.max_tokens} for the answer do not fit into "
                f"the {self.context_window} tokens of {self.name}: shorten the document or truncate it."
            )
        given = {key: getattr(request, key) for key in self.passed_on}
        if request.stop:
            given["stop"] = list(request.stop)
        started = time.perf_counter()
        try:
            reply = await self.model.ainvoke(_convert(request.messages), **given)
        except Exception as error:
            said = (str(error).strip() or "no reason given").splitlines()[0]
            raise LcragError(f"The model {self.name} failed with {type(error).__name__}: {said}") from error
        seconds = time.perf_counter() - started
        text = str(reply.text)
        ends = [at for stop in request.stop if (at := text.find(stop)) >= 0]
        metadata = reply.response_metadata
        reason = metadata.get("finish_reason") or metadata.get("stop_reason") or "stop"
        return Completion(
            (text[: min(ends)] if ends else text).strip(),
            self._usage(reply, counted, text, seconds),
            "length" if reason in {"length", "max_tokens"} else "stop",
        )

    def _usage(self, reply: AIMessage, counted: int, text: str, seconds: float) -> Usage:
        told = reply.usage_metadata
        if not told:
            written = self._count_text(text)
            return Usage(counted, 0, written, calls=1, seconds=seconds)
        cached = told.get("input_token_details", {}).get("cache_read") or 0
        return Usage(told["input_tokens"], cached, told["output_tokens"], calls=1, seconds=seconds)

    def _count_text(self, text: str) -> int:
        if self._counts:
            try:
                return int(self.model.get_num_tokens(text))
            except Exception:
                self._state["counts"] = False
        return math.ceil(len(text) / CHARS_PER_TOKEN)


def _convert(messages: Sequence[Message]) -> list[BaseMessage]:
    return [_KINDS[m.role](content=m.content) for m in messages]
