"""Any server with OpenAI's chat completions API: api.openai.com, vLLM, llama.cpp, Ollama, TGI."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError
from lcrag.readers.base import OPERATIONAL, Completion, Message, PrefixCache, Reader, Request
from lcrag.readers.beginning import pattern
from lcrag.readers.kv.servers import kv_fractions, kv_label
from lcrag.readers.openai_endpoint import OPENAI, is_openai
from lcrag.readers.openai_server import Server
from lcrag.readers.streaming import speaker_for
from lcrag.readers.tokens import ChatTokenizer, estimate_room
from lcrag.readers.watch import MAX_LOGPROBS, probability
from lcrag.redaction import secrets_in
from lcrag.schema import Usage

if TYPE_CHECKING:
    from lcrag.cost.model import ModelSpec
    from lcrag.readers.openai_retries import Patience


@dataclass(frozen=True)
class OpenAIReader(Reader):
    """A model behind an OpenAI-compatible server.

    The server caches prefixes and reports how many prompt tokens it reused (start vLLM with
    ``--enable-prompt-tokens-details``). Of these ``Usage.cached_tokens`` has those that the strategy's own prompts
    explain, and ``Usage.foreign_cached_tokens`` the rest. ``Usage.seconds`` is the time of the successful try. A
    request that fails while others succeed is a failed row; a run stops when nothing succeeds any more.

    Attributes:
        model: The model's name at the server.
        base_url: The server's address with its version, such as ``http://localhost:8000/v1``. It is no part of a
            row's identity: a model that moves to another address is the same model.
        api_key_env: Environment variable with the key; empty for OPENAI_API_KEY at OpenAI itself
            and no key at any other address.
        max_model_len: Context window in tokens. Without it the published one of the provider at this address, else
            what the server reports. It is no part of a row's identity: rows that were cut to another window stay.
        max_concurrency: How many requests may be in flight at once.
        timeout: Seconds that one try may take, from the request to the last byte of the reply.
        retry_seconds: How long a request is tried again after rate limits, server errors, lost connections and broken
            replies, with growing pauses or those that the server asks for (``Retry-After``). A server that has never
            answered is not waited for.
        tokenizer: Hugging Face name or folder of the model, for exact token counts and for FLOPs;
            without it tokens are estimated before a request (see ``tokens.estimate_room``).
        structured_outputs: Constrain the beginning of an answer where a strategy wants it; for servers
            with vLLM's ``structured_outputs``.
        send_cache_salt: Keep the prefixes of different strategies apart at the server, so that latency, too, is that of
            the strategy alone; for servers with vLLM's ``cache_salt``.
        prefix_block: Tokens of a block of the server's prefix cache; without it 128 at OpenAI and 16 elsewhere.
        prefix_minimum: Tokens of the shortest prefix that the server reuses; without it 1,024 at OpenAI, else 0.
        token_probabilities: Request the first token's probabilities where a strategy watches for a word.
        kv_cache_dtype: The type of the KV cache's numbers that the server was started with (vLLM and SGLang:
            ``--kv-cache-dtype``), such as ``fp8_e5m2``. Named in the rows, and their bytes follow.
        sliding_window: Tokens that each layer sees, where the server was started with such a window; 0 for the model's
            own. Named in the rows, and their bytes follow.
        extra_body: More fields of the request, such as
            ``{"chat_template_kwargs": {"enable_thinking": false}}``.
        documents_in_flight: How many documents' questions run at once: as many as the server's KV cache holds.
    """

    model: str
    base_url: str = field(default=OPENAI, metadata=OPERATIONAL)
    api_key_env: str = field(default="", metadata=OPERATIONAL)
    max_model_len: int | None = field(default=None, metadata=OPERATIONAL)
    max_concurrency: int = field(default=16, metadata=OPERATIONAL)
    timeout: float = field(default=120.0, metadata=OPERATIONAL)
    retry_seconds: float = field(default=120.0, metadata=OPERATIONAL)
    tokenizer: str = ""
    structured_outputs: bool = False
    send_cache_salt: bool = False
    prefix_block: int | None = None
    prefix_minimum: int | None = None
    token_probabilities: bool = False
    kv_cache_dtype: str = "auto"
    sliding_window: int = 0
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    documents_in_flight: int = field(default=4, metadata=OPERATIONAL)  # type: ignore[misc]

    @property
    def name(self) -> str:
        """The model's name, as in the results, with what changes its KV cache."""
        return self.model + kv_label(self.kv_cache_dtype, self.sliding_window)

    @property
    def host(self) -> str:
        """Name and port of the server."""
        return self._server.host

    @cached_property
    def context_window(self) -> int:
        """Tokens of prompt and completion together: ``max_model_len``, else published or reported by the server.

        Raises:
            ReaderUnavailable: the server is down, does not serve the model, or its window is not known.
        """
        if self.max_model_len is not None:
            return self.max_model_len
        with self._server.redacted_errors():
            return self._server.window()

    @cached_property
    def spec(self) -> ModelSpec | None:
        """The model's shape for FLOPs and KV bytes; ``None`` without ``tokenizer`` or if not covered."""
        if not self.tokenizer:
            return None
        from transformers import AutoConfig

        from lcrag.cost.model import ModelSpec

        try:
            return ModelSpec.from_config(AutoConfig.from_pretrained(self.tokenizer).get_text_config())
        except (OSError, ValueError, LcragError):
            return None

    @cached_property
    def prefix_cache(self) -> PrefixCache:
        """The server's cache; prompts are compared by tokens with ``tokenizer``, else by characters."""
        block, minimum = (128, 1024) if is_openai(self.base_url) else (16, 0)
        return PrefixCache(
            self.prefix_block or block,
            minimum if self.prefix_minimum is None else self.prefix_minimum,
            self.send_cache_salt,
            self._tokenizer.encode if self.tokenizer else None,
        )

    @cached_property
    def _server(self) -> Server:
        variable = self.api_key_env or ("OPENAI_API_KEY" if is_openai(self.base_url) else "")
        secrets = secrets_in([self.base_url, self.extra_body])
        return Server(self.model, self.base_url, variable, self.timeout, frozenset(secrets))

    @cached_property
    def _tokenizer(self) -> ChatTokenizer:
        return ChatTokenizer(self.tokenizer, self.extra_body.get("chat_template_kwargs", {}))

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered chat prompt: exact with ``tokenizer``, otherwise estimated with a margin."""
        return self._tokenizer.count(messages) if self.tokenizer else estimate_room(messages)

    def check(self) -> None:
        """See ``Reader.check``."""
        self._server.check_key()

    async def generate(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            ReaderUnavailable: the server is gone, refuses the key, or does not serve the model.
            LcragError: prompt and completion do not fit, or the server refused or failed this request.
        """
        import openai

        from lcrag.readers.openai_errors import NotACompletion
        from lcrag.readers.openai_reply import chat_completion
        from lcrag.readers.openai_retries import Patience
        from lcrag.readers.openai_stream import streamed_completion

        body, speaker = self._body(request), speaker_for(request)
        with self._server.redacted_errors():
            patience = Patience(self._server, self.retry_seconds)
            try:
                reply, seconds = await patience.send(
                    lambda: (
                        streamed_completion(self._server, body, speaker)
                        if speaker
                        else chat_completion(self._server, body)
                    )
                )
            except (openai.OpenAIError, TimeoutError, NotACompletion) as error:
                raise await self._explain(error, request, patience) from error
            completion = self._completion(reply, request, seconds)
            if speaker:
                speaker.finish(completion.text)
            return completion

    def _body(self, request: Request) -> dict[str, Any]:
        limit = "max_completion_tokens" if is_openai(self.base_url) else "max_tokens"
        extra = dict(self.extra_body)
        if self.send_cache_salt and request.cache_salt:
            extra["cache_salt"] = request.cache_salt
        if self.structured_outputs and request.begin:
            extra["structured_outputs"] = {"regex": pattern(request.begin)}
        watch = {"logprobs": True, "top_logprobs": MAX_LOGPROBS} if self.token_probabilities else {}
        return {
            "model": self.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "temperature": request.temperature,
            "seed": request.seed,
            limit: request.max_tokens,
            **({"stop": list(request.stop)} if request.stop else {}),
            **(watch if request.watch else {}),
            **extra,
        }

    def _completion(self, reply: Mapping[str, Any], request: Request, seconds: float) -> Completion:
        from lcrag.readers.openai_reply import answer_of, counts_of, first_tokens

        who = f"The server at {self.base_url}"
        text, reason = answer_of(reply, who)
        prompt, cached, written = counts_of(reply, who)
        if reason == "length" and written < request.max_tokens:
            # a server may shorten the answer until it fits: the request did not
            raise self._too_long(prompt, request)
        first = first_tokens(reply) if request.watch else []
        watched = probability(first, request.watch) if first else None
        fractions = kv_fractions(self.kv_cache_dtype, self.sliding_window, prompt + written)
        usage = Usage(prompt, cached, written, calls=1, seconds=seconds, **fractions)
        return Completion(text, usage, reason, watched=watched)

    def _too_long(self, tokens: int | str, request: Request) -> LcragError:
        window = f" the {self.max_model_len} tokens of" if self.max_model_len else ""
        return LcragError(
            f"A prompt of {tokens} tokens and {request.max_tokens} for the answer do not fit into{window} "
            f"{self.model} at {self.base_url}: shorten the document or truncate it."
        )

    async def _explain(self, error: Exception, request: Request, patience: Patience) -> LcragError:
        from openai import NotFoundError, RateLimitError

        from lcrag.readers.openai_errors import explain, is_about_length, is_transient, unknown_model

        if is_about_length(error):
            count = self.count_tokens(request.messages)
            return self._too_long(count if self.tokenizer else f"about {count}", request)
        if isinstance(error, NotFoundError):
            windows = await asyncio.to_thread(self._server.windows)
            if self.model not in windows:
                return unknown_model(self.model, self.base_url, windows)
        if not is_transient(error):
            return explain(error, self._server)
        limited = isinstance(error, RateLimitError)
        gone = not patience.others_succeed and (limited or not await self._server.answers())
        return explain(error, self._server, patience.tries, gone)
