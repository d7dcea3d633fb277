"""A Hugging Face model in this process: the embedded default, with prefix KV reuse and batched decoding."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from lcrag.cost.model import ModelSpec
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.local import run_local, run_local_now
from lcrag.readers.base import OPERATIONAL, Completion, Message, Reader, Request
from lcrag.readers.kv.base import KVCache
from lcrag.readers.limits import check_fits
from lcrag.readers.rope import RopeExtension
from lcrag.readers.streaming import speaker_for

if TYPE_CHECKING:
    from lcrag.readers.generation import Generation
    from lcrag.readers.prompt import Prompt


@dataclass(frozen=True)
class TransformersReader(Reader):
    """A causal language model through transformers.

    The document at the head of a prompt (``Request.prefix_chars``) is prefilled once; its KV is kept
    and reused by every later question on it, and ``Usage.cached_tokens`` says so. Questions that wait
    together are decoded together, up to ``batch_size``. Greedy answers do not depend on the batch.

    Attributes:
        model: ``"smollm2"`` for the bundled SmolLM2-135M-Instruct, else a Hugging Face name or folder.
        dtype: torch dtype by name; bfloat16 is fastest on CPUs that have it.
        device: torch device; empty for CUDA where there is one, else the CPU.
        rope: stretches the window, such as ``RopeExtension("yarn", 2)``. With dynamic, longrope and self_extend
            no prefix is kept and questions are decoded one by one, since a token's keys depend on the length.
        batch_size: questions decoded together.
        prefix_cache_gb: memory for kept prefixes, in GB; the least recently used are dropped.
        cache: how the KV cache is kept and read, such as ``SnapKV(budget=0.25)``; without it everything is. A request
            may name another (``Request.cache``).
    """

    shares_prefix_in_batch: ClassVar[bool] = True

    model: str = "smollm2"
    dtype: str = "bfloat16"
    device: str = ""
    rope: RopeExtension | None = None
    batch_size: int = 8
    prefix_cache_gb: float = field(default=0.5, metadata=OPERATIONAL)
    cache: KVCache | None = None
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The model's name, as in the results."""
        return "SmolLM2-135M-Instruct" if self.model == "smollm2" else self.model

    @property
    def max_concurrency(self) -> int:
        """Requests to keep in flight: one batch is decoded while the next one gathers."""
        return 2 * self.batch_size

    @property
    def batch_invariant(self) -> bool:
        """``True``: each prompt is prefilled by itself, and every batch is padded to ``batch_size`` rows."""
        return True

    @property
    def context_window(self) -> int:
        """Tokens of prompt and completion together, from the model's configuration."""
        return int(self._loaded["window"])

    @property
    def spec(self) -> ModelSpec | None:
        """The model's shape, for FLOPs and KV bytes; ``None`` where the cost model does not cover it."""
        try:
            return ModelSpec.from_config(self._loaded["model"].config.get_text_config())
        except LcragError:
            return None

    @property
    def _loaded(self) -> dict[str, Any]:
        if "model" not in self._state:
            run_local_now(self._load)
        return self._state

    def _load(self) -> None:
        try:
            import torch
            from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise ReaderUnavailable(
                f"TransformersReader needs `{error.name}`: pip install 'lcrag[local]'."
            ) from error
        from embedders.hub import only_local
        from lcrag.readers import smollm2
        from lcrag.readers.generation import Generation

        source = str(smollm2.checkpoint()) if self.model == "smollm2" else self.model
        device = self.device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            local = {"local_files_only": only_local(source)}
            tokenizer = AutoTokenizer.from_pretrained(source, **local)
            config = AutoConfig.from_pretrained(source, **local)
            text_config = config.get_text_config()
            window = self.rope.window(text_config) if self.rope else text_config.max_position_embeddings
            changes = self.rope.transformers_overrides(text_config) if self.rope else {}
            group = self.rope.group(text_config) if self.rope and self.rope.method == "self_extend" else 0
            for key, value in changes.items():
                setattr(text_config, key, value)
            model = AutoModelForCausalLM.from_pretrained(
                source, config=config, dtype=getattr(torch, self.dtype), **local
            )
        except (OSError, ValueError) as error:
            first_line = str(error).strip().splitlines()[0]
            raise ReaderUnavailable(
                f"The model {self.model!r} could not be loaded ({first_line}): give a folder that holds it, or "
                "fetch it once while online: hf download NAME."
            ) from error
        model = model.to(device).eval()
        if group and self.rope:
            from lcrag.readers.self_extend import install

            install(model, self.rope.near, group)
        keep_prefixes = not (self.rope and self.rope.length_dependent)
        self._state.update(
            window=window,
            model=model,
            tokenizer=tokenizer,
            generation=Generation(
                model, tokenizer, self.batch_size, self.prefix_cache_gb * 1e9, keep_prefixes
            ),
            queue=[],
            lock=Lock(),
        )

    def render(self, messages: Sequence[Message]) -> str:
        """The chat prompt as text, with the generation prompt at its end."""
        tokenizer = self._loaded["tokenizer"]
        if not tokenizer.chat_template:
            return "\n\n".join(m.content for m in messages) + "\n"
        chat = [{"role": m.role, "content": m.content} for m in messages]
        return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered chat prompt."""
        return len(self._loaded["tokenizer"](self.render(messages), add_special_tokens=False).input_ids)

    def prepare(self, request: Request) -> Prompt:
        """Tokenise a request and find the token where its shared prefix ends.

        Raises:
            LcragError: prompt and completion do not fit into the context window.
        """
        from lcrag.readers.prompt import DENSE, Prompt

        text = self.render(request.messages)
        coded = self._loaded["tokenizer"](text, add_special_tokens=False, return_offsets_mapping=True)
        ids: list[int] = coded.input_ids
        check_fits(len(ids), request, self)
        first = next((m.content for m in request.messages if m.role == "user"), "")
        start = text.find(first)
        cache = request.cache or self.cache or DENSE
        shares = self._loaded["generation"].shares and not cache.reads_question
        if not request.prefix_chars or start < 0 or not shares:
            return Prompt(request, ids, cache=cache)
        end = start + request.prefix_chars
        prefix = sum(1 for _, stop in coded.offset_mapping if stop <= end)
        return Prompt(request, ids, min(prefix, len(ids) - 1), cache)

    async def generate(self, request: Request) -> Completion:
        """Answer one request, together with the others that are waiting.

        Raises:
            LcragError: prompt and completion do not fit into the context window.
        """
        state = self._loaded
        prompt = self.prepare(request)
        speaker = speaker_for(request)
        prompt = replace(prompt, speaker=speaker) if speaker else prompt
        done: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        with state["lock"]:
            state["queue"].append((prompt, done))
        if (worker := state.get("worker")) is None or worker.done():
            state["worker"] = asyncio.create_task(self._work())
        completion = await done
        if speaker:
            speaker.finish(completion.text)
        return completion

    async def _work(self) -> None:
        """Answer the queue, batch by batch."""
        while self._state["queue"]:
            await asyncio.sleep(0.003)  # let the others of this round arrive
            batch, results = await run_local(self._answer_next)
            for done, result in zip(batch, results, strict=True):
                if done.done():  # its caller was cancelled
                    continue
                if isinstance(result, BaseException):
                    done.set_exception(result)
                else:
                    done.set_result(result)

    def _answer_next(self) -> tuple[list[asyncio.Future[Completion]], list[Completion | BaseException]]:
        """Take the first in the queue and all that can be decoded with it; what fails goes to its callers."""
        generation: Generation = self._state["generation"]
        with self._state["lock"]:
            queue = self._state["queue"]
            first = queue[0][0]
            alike = [item for item in queue if item[0].can_join(first)]
            batch = alike[: generation.rows(first)]
            self._state["queue"] = [item for item in queue if item not in batch]
        prompts, waiting = [prompt for prompt, _ in batch], [done for _, done in batch]
        try:
            return waiting, [*generation.run(prompts)]
        except BaseException as error:
            return waiting, [error] * len(batch)
