"""A model in vLLM's engine inside this process: continuous batching and prefix caching without a server."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.readers.beginning import pattern
from lcrag.readers.kv.servers import kv_fractions, kv_label
from lcrag.readers.limits import check_fits
from lcrag.readers.rope import RopeExtension
from lcrag.readers.streaming import speaker_for
from lcrag.readers.tokens import ChatTokenizer
from lcrag.readers.vllm_engine import Engine
from lcrag.readers.watch import MAX_LOGPROBS, probability
from lcrag.schema import Usage

if TYPE_CHECKING:
    from lcrag.cost.model import ModelSpec


@dataclass(frozen=True)
class VLLMReader(Reader):
    """A causal language model through vLLM's asynchronous engine.

    The engine starts with the first request, in a process of its own that imports the main script anew:
    a script needs ``if __name__ == "__main__":`` around what it runs. Requests join the running batch
    whenever they come. On a CPU set the environment variable VLLM_CPU_KVCACHE_SPACE (GiB for the KV
    cache) before. ``close()``, or ``async with``, ends the engine; so does the end of the program.

    Attributes:
        model: ``"smollm2"`` for the bundled SmolLM2-135M-Instruct, else a Hugging Face name or folder.
        max_model_len: context window in tokens; without it the model's own.
        dtype: torch dtype by name, or ``"auto"`` for the checkpoint's.
        max_concurrency: requests in flight, and sequences in a batch at most.
        gpu_memory_utilization: share of the GPU's memory for weights and KV cache.
        enable_prefix_caching: keep the KV of prefixes; ``Usage.cached_tokens`` counts what was reused,
            in whole blocks (16 tokens on GPUs, 128 on CPUs).
        batch_invariant: the same text whichever requests share the batch. On a GPU with vLLM's batch-invariant kernels
            (VLLM_BATCH_INVARIANT, which this sets while the engine starts); they need Triton, so on a CPU it takes
            ``max_concurrency=1`` and ``enable_prefix_caching=False``.
        rope: stretches the window, such as ``RopeExtension("yarn", 2)``.
        kv_cache_dtype: type of the KV cache's numbers, such as ``"fp8"`` on a GPU that has it; named in the rows.
        sliding_window: tokens that each layer sees; 0 for the model's own. Named in the rows.
        hf_overrides: other changes to the model's configuration.
        chat_template_kwargs: for the chat template, such as ``{"enable_thinking": False}``.
        engine_kwargs: any other field of vLLM's ``AsyncEngineArgs``.
    """

    model: str = "smollm2"
    max_model_len: int | None = None
    dtype: str = "auto"
    max_concurrency: int = 64
    gpu_memory_utilization: float = 0.9
    enable_prefix_caching: bool = True
    batch_invariant: bool = False
    rope: RopeExtension | None = None
    kv_cache_dtype: str = "auto"
    sliding_window: int = 0
    hf_overrides: Mapping[str, Any] = field(default_factory=dict)
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    engine_kwargs: Mapping[str, Any] = field(default_factory=dict)
    _engine: Engine = field(default_factory=Engine, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weakref.finalize(self, self._engine.close)

    @property
    def name(self) -> str:
        """The model's name, as in the results, with what changes its KV cache."""
        name = "SmolLM2-135M-Instruct" if self.model == "smollm2" else self.model
        return name + kv_label(self.kv_cache_dtype, self.sliding_window)

    @cached_property
    def source(self) -> str:
        """What is loaded: a Hugging Face name or a folder."""
        if self.model != "smollm2":
            return self.model
        from lcrag.readers import smollm2

        return str(smollm2.checkpoint())

    @cached_property
    def _tokenizer(self) -> ChatTokenizer:
        return ChatTokenizer(self.source, self.chat_template_kwargs)

    @cached_property
    def context_window(self) -> int:
        """Tokens of prompt and completion together; starts the engine unless ``max_model_len`` is set."""
        if self.max_model_len is not None:
            return self.max_model_len
        return int(self._started().vllm_config.model_config.max_model_len)

    @cached_property
    def spec(self) -> ModelSpec | None:
        """The model's shape for FLOPs and KV bytes, ``None`` for an architecture that is not covered."""
        from transformers import AutoConfig

        from lcrag.cost.model import ModelSpec

        try:
            return ModelSpec.from_config(AutoConfig.from_pretrained(self.source).get_text_config())
        except LcragError:
            return None

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered chat prompt; does not start the engine."""
        return self._tokenizer.count(messages)

    async def generate(self, request: Request) -> Completion:
        """Answer one request, in one batch with whatever else is running.

        Raises:
            LcragError: prompt and completion do not fit into the context window.
            ReaderUnavailable: vLLM is missing, or its engine did not start or died.
        """
        engine = await asyncio.to_thread(self._started)
        ids, prefix = self._tokenizer.encode(request.messages, request.prefix_chars)
        check_fits(len(ids), request, self)
        return await self._engine.wait_for(self._answer(engine, request, ids, prefix))

    async def _answer(self, engine: Any, request: Request, ids: list[int], prefix: int) -> Completion:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams
        from vllm.v1.engine.exceptions import EngineDeadError

        speaker = speaker_for(request)
        sampling = SamplingParams(
            temperature=request.temperature,
            seed=request.seed if request.temperature > 0 else None,
            max_tokens=request.max_tokens,
            stop=list(request.stop),
            logprobs=MAX_LOGPROBS if request.watch else None,
            structured_outputs=StructuredOutputsParams(regex=pattern(request.begin))
            if request.begin
            else None,
            output_kind=RequestOutputKind.CUMULATIVE if speaker else RequestOutputKind.FINAL_ONLY,
        )
        prompt = {"prompt_token_ids": ids} | (
            {"cache_salt": request.cache_salt} if request.cache_salt else {}
        )
        started = time.perf_counter()
        try:
            async for output in engine.generate(prompt, sampling, uuid.uuid4().hex):
                result = output
                if speaker:
                    speaker.update(output.outputs[0].text)
        except EngineDeadError as error:
            raise ReaderUnavailable(f"vLLM's engine for {self.name} died; its log says why.") from error
        seconds = time.perf_counter() - started
        written, cached = result.outputs[0], result.num_cached_tokens or 0
        block = engine.vllm_config.cache_config.block_size
        shared = prefix // block * block if self.enable_prefix_caching else 0
        key = hashlib.sha256(f"{request.cache_salt}\0{ids[:shared]}".encode()).hexdigest()[:16]
        if speaker:
            speaker.finish(written.text.strip())
        return Completion(
            written.text.strip(),
            Usage(
                len(ids),
                cached,
                len(written.token_ids),
                calls=1,
                seconds=seconds,
                **kv_fractions(self.kv_cache_dtype, self.sliding_window, len(ids) + len(written.token_ids)),
            ),
            written.finish_reason or "stop",
            prefix_key=key if cached < shared else "",
            prefix_tokens=shared,
            watched=_watched(written.logprobs, request.watch),
        )

    def _overrides(self) -> dict[str, Any]:
        window = {"sliding_window": self.sliding_window} if self.sliding_window else {}
        if self.rope is None:
            return {**window, **self.hf_overrides}
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(self.source).get_text_config()
        return {**self.rope.vllm_overrides(config), **window, **self.hf_overrides}

    def _started(self) -> Any:
        return self._engine.start(
            {
                "model": self.source,
                "max_model_len": self.max_model_len,
                "dtype": self.dtype,
                "max_num_seqs": self.max_concurrency,
                "kv_cache_dtype": self.kv_cache_dtype,
                "gpu_memory_utilization": self.gpu_memory_utilization,
                "enable_prefix_caching": self.enable_prefix_caching,
                "hf_overrides": self._overrides(),
                **self.engine_kwargs,
            },
            self.batch_invariant,
        )

    def close(self) -> None:
        """End the engine and give its memory back; the next request would start it anew."""
        self._engine.close()

    async def __aenter__(self) -> Self:
        """The reader, with its engine running."""
        await asyncio.to_thread(self._started)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the engine."""
        await asyncio.to_thread(self.close)


def _watched(logprobs: Any, word: str) -> float | None:
    if not word or not logprobs:
        return None
    return probability([(t.decoded_token or "", t.logprob) for t in logprobs[0].values()], word)
