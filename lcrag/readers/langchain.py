"""Any LangChain chat model as a reader."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from pydantic import SecretStr

from embedders.tokens import estimate_tokens
from lcrag.errors import LcragError
from lcrag.readers.base import OPERATIONAL, Completion, Message, PrefixCache, Reader, Request
from lcrag.readers.characters import whole
from lcrag.readers.finish import check_counts, finish_reason
from lcrag.readers.langchain_models import (
    chat_model,
    check_key,
    price_name,
    provider_of,
    published_window,
    with_settings,
)
from lcrag.readers.limits import check_fits, first_stop
from lcrag.readers.streaming import Speaker, speaker_for
from lcrag.readers.tokens import estimate_prompt, estimate_room
from lcrag.redaction import redact, secrets_in
from lcrag.schema import Usage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_KINDS: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}


@dataclass(frozen=True)
class LangChainReader(Reader):
    """A LangChain chat model behind lcrag's reader protocol.

    Token counts come from the reply's ``usage_metadata``, cached tokens included. Where the model reports none, its own
    counter counts if it has one; otherwise they are estimated from characters (see ``tokens.estimate_prompt``).

    Attributes:
        model: The chat model, or ``provider:model`` with a provider of LangChain's ``init_chat_model``, such as
            ``anthropic:claude-sonnet-4-5`` (needs ``lcrag[hosted]`` and the provider's package).
        context_window: Tokens of prompt and completion together; 0 for the published window or the one in the model's
            LangChain profile.
        max_concurrency: How many requests may be in flight at once.
        name: The name in results and for prices; empty for the model's own name.
        passed_on: Settings of a request that the model is given.
            Providers differ: leave out what yours refuses, add ``seed`` if yours has it.
        options: More arguments of the provider's class for a model that is given by its name, such as
            ``{"max_retries": 6, "thinking_budget": 0}``.

    Raises:
        LcragError: an unknown setting in ``passed_on``, or the window is not known.
    """

    prefix_cache: ClassVar[PrefixCache | None] = PrefixCache()  # type: ignore[misc]
    batch_invariant: ClassVar[bool] = False  # type: ignore[misc]  # the provider decides what shares a batch

    model: BaseChatModel | str
    context_window: int = field(default=0, metadata=OPERATIONAL)
    max_concurrency: int = field(default=8, metadata=OPERATIONAL)
    name: str = ""
    passed_on: tuple[str, ...] = ("max_tokens", "temperature")
    options: Mapping[str, Any] = field(default_factory=dict)
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.model, str) and not provider_of(self.model):
            raise LcragError(
                f"{self.model!r} names no provider: give provider:model, such as anthropic:claude-sonnet-4-5."
            )
        if not isinstance(self.model, str) and not hasattr(self.model, "ainvoke"):
            raise LcragError(f"model: {self.model!r} is not a chat model: give provider:model.")
        object.__setattr__(self, "name", self.name or self._own_name())
        unknown = set(self.passed_on) - {"max_tokens", "temperature", "seed"}
        if unknown:
            raise LcragError(
                f"passed_on: {sorted(unknown)[0]!r} is not one of max_tokens, temperature and seed."
            )
        object.__setattr__(self, "context_window", self.context_window or self._window())

    def _own_name(self) -> str:
        if isinstance(self.model, str):
            return price_name(self.model)
        candidates = (getattr(self.model, key, None) for key in ("model_name", "model", "model_id"))
        return next((n for n in candidates if isinstance(n, str) and n), type(self.model).__name__)

    def _window(self) -> int:
        if isinstance(self.model, str) and (window := published_window(self.model)):
            return window
        profile = getattr(self._chat, "profile", None) or {}
        if window := profile.get("max_input_tokens"):
            return int(window)
        raise LcragError(f"How many tokens fit into {self.name} is not known: set context_window.")

    @cached_property
    def _chat(self) -> BaseChatModel:
        return chat_model(self.model, self.options) if isinstance(self.model, str) else self.model

    def check(self) -> None:
        """See ``Reader.check``."""
        if isinstance(self.model, str):
            check_key(self.model, self.options)
        _ = self._chat

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the chat by the model's own counter, otherwise estimated with a margin."""
        count = self._counted(messages)
        return estimate_room(messages) if count is None else count

    def _counted(self, content: str | Sequence[Message]) -> int | None:
        """Tokens by the model's own counter, ``None`` where it has none or the counter does not work."""
        if not self._has_counter:
            return None
        try:
            if isinstance(content, str):
                return int(self._chat.get_num_tokens(content))
            return int(self._chat.get_num_tokens_from_messages(_convert(content)))
        except Exception:  # the counter needs a download or a package that is missing
            self._state["counter_failed"] = True
            return None

    @property
    def _has_counter(self) -> bool:
        """Whether the model has a counter that works; LangChain's default would fetch GPT-2's vocabulary.

        That of a hosted model is a request to its provider, which each request would wait for.
        """
        if isinstance(self.model, str):
            return False
        kind = type(self.model)
        overridden = (
            self.model.custom_get_token_ids is not None
            or kind.get_token_ids is not BaseLanguageModel.get_token_ids
            or kind.get_num_tokens is not BaseLanguageModel.get_num_tokens
            or kind.get_num_tokens_from_messages is not BaseLanguageModel.get_num_tokens_from_messages
        )
        return overridden and not self._state.get("counter_failed", False)

    async def generate(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            LcragError: prompt and completion do not fit, the model failed or refused, or its counts are impossible.
        """
        check_fits(self.count_tokens(request.messages), request, self)
        model, settings = with_settings(self._chat, {key: getattr(request, key) for key in self.passed_on})
        if request.stop:
            settings["stop"] = list(request.stop)
        speaker, started = speaker_for(request), time.perf_counter()
        try:
            if speaker:
                reply = await _streamed(model, request, settings, speaker)
            else:
                reply = await model.ainvoke(_convert(request.messages), **settings)
        except Exception as error:
            told = redact(whole(str(error)), self._secrets()).strip() or "no reason given"
            reason = told.splitlines()[0]
            raise LcragError(f"The model {self.name} failed with {type(error).__name__}: {reason}") from error
        seconds = time.perf_counter() - started
        reason = self._reason(reply)
        text = whole(str(reply.text))
        text = text[: first_stop(text, request.stop)].strip()
        if speaker:
            speaker.finish(text)
        return Completion(text, self._usage(reply, request, seconds), reason)

    def _secrets(self) -> list[str]:
        """The model's keys: providers repeat them in their errors."""
        keys = [v.get_secret_value() for v in vars(self._chat).values() if isinstance(v, SecretStr)]
        return [*keys, *secrets_in(self.options)]

    def _reason(self, reply: AIMessage) -> Literal["stop", "length"]:
        """Why the text ended; a refusal or a call of a tool is no answer."""
        who, metadata = f"The model {self.name}", reply.response_metadata
        if refusal := reply.additional_kwargs.get("refusal"):
            raise LcragError(f"{who} refused to answer: {whole(str(refusal))[:300]}")
        if reply.tool_calls:
            raise LcragError(f"{who} gave no answer, but called the tool {reply.tool_calls[0]['name']}.")
        return finish_reason(metadata.get("finish_reason") or metadata.get("stop_reason"), who)

    def _usage(self, reply: AIMessage, request: Request, seconds: float) -> Usage:
        reported = reply.usage_metadata
        if reported:
            prompt, completion = reported["input_tokens"], reported["output_tokens"]
            cached = reported.get("input_token_details", {}).get("cache_read") or 0
            check_counts(prompt, cached, completion, f"The model {self.name}")
            return Usage(prompt, cached, completion, calls=1, seconds=seconds)
        text = str(reply.text)
        own_prompt, own_completion = self._counted(request.messages), self._counted(text)
        return Usage(
            estimate_prompt(request.messages) if own_prompt is None else own_prompt,
            0,
            estimate_tokens(len(text)) if own_completion is None else own_completion,
            calls=1,
            seconds=seconds,
        )


async def _streamed(
    model: BaseChatModel, request: Request, settings: Mapping[str, Any], speaker: Speaker
) -> AIMessage:
    """The reply, told while it arrives."""
    reply = AIMessageChunk(content="")
    async for chunk in model.astream(_convert(request.messages), **settings):
        reply = reply + chunk
        speaker.update(whole(str(reply.text)))
    return reply


def _convert(messages: Sequence[Message]) -> list[BaseMessage]:
    return [_KINDS[m.role](content=m.content) for m in messages]
