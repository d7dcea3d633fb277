"""The synchronous half of the transformers reader: prefill, kept prefixes and batched decoding."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache, TextIteratorStreamer

from lcrag.readers.base import Completion, Request
from lcrag.readers.beginning import Beginning
from lcrag.readers.limits import first_stop
from lcrag.readers.shared_prefix import KV, SharedPrefixCache, install, step, supports
from lcrag.readers.streaming import Speaker
from lcrag.readers.writer import Writer
from lcrag.schema import Usage

SMALL_BATCH_TOKENS = 2048  # rows with more tokens after the prefix are decoded one by one


@dataclass(frozen=True)
class Prompt:
    """A tokenised request: its first ``prefix`` tokens are shared with other requests of the same salt.

    ``speaker`` is told the answer while it is written.
    """

    request: Request
    ids: list[int]
    prefix: int = 0
    speaker: Speaker | None = None

    @property
    def key(self) -> str:
        """Names the prefix; empty without one."""
        if not self.prefix:
            return ""
        identity = f"{self.request.cache_salt}\0{','.join(map(str, self.ids[: self.prefix]))}"
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def capacity(self) -> int:
        """Tokens after the prefix to reserve memory for, in steps of 512, so that most prompts can share a batch."""
        return -(-(len(self.ids) - self.prefix + self.request.max_tokens) // 512) * 512


class Generation:
    """A loaded model that answers prompts in batches; use it from one thread.

    Where the model's attention can be shared (see ``shared_prefix.supports``), prefixes are kept and rows decoded
    together; every other architecture, and all with ``kept=False``, runs transformers' own ``generate``, one by one.
    """

    def __init__(
        self, model: Any, tokenizer: Any, batch_size: int, prefix_bytes: float, kept: bool = True
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.batch_size, self.prefix_bytes = batch_size, prefix_bytes
        self._beginning: Beginning | None = None
        self.prefixes: OrderedDict[str, list[KV]] = OrderedDict()
        self.shares = kept and supports(model)
        if self.shares:
            install(model)
        declared = model.generation_config.eos_token_id
        stops = set(declared if isinstance(declared, list) else [declared]) | {tokenizer.eos_token_id}
        self.stops = {i for i in stops if i is not None}

    def rows(self, prompt: Prompt) -> int:
        """How many prompts like this one are decoded together."""
        return self.batch_size if self.shares and prompt.capacity <= SMALL_BATCH_TOKENS else 1

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def run(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """Answer prompts of one prefix and one capacity, at most ``rows`` of them."""
        if not self.shares:
            return [self._plain(prompt) for prompt in prompts]
        started = time.perf_counter()
        prefix, computed = self._prefix(prompts[0])
        lap = time.perf_counter()
        seconds = [lap - started] + [0.0] * (len(prompts) - 1)
        first_logits, suffixes = [], []
        for i, prompt in enumerate(prompts):
            logits, layers = self._prefill(prefix, prompt.ids[prompt.prefix :])
            first_logits.append(logits)
            suffixes.append(layers)
            seconds[i] += time.perf_counter() - lap
            lap = time.perf_counter()
        rows = self.rows(prompts[0])
        cache = SharedPrefixCache(prefix or _empty(suffixes[0]), suffixes, prompts[0].capacity, rows)
        writers = [self._writer(p.request) for p in prompts]
        logits = torch.stack(first_logits)
        while True:
            for writer, row, prompt in zip(writers, logits, prompts, strict=False):
                writer.take(row)
                if prompt.speaker:
                    prompt.speaker.update(writer.text)
            if all(w.reason for w in writers):
                break
            last = [w.tokens[-1] for w in writers] + [0] * (rows - len(prompts))
            logits = step(self.model, cache, torch.tensor(last, device=self.model.device))
        decode_seconds = (time.perf_counter() - lap) / len(prompts)
        computes = [computed and i == 0 for i in range(len(prompts))]
        return [
            Completion(
                text=w.text.strip(),
                usage=Usage(
                    prompt_tokens=len(p.ids),
                    cached_tokens=0 if computed_prefix else p.prefix,
                    completion_tokens=len(w.tokens),
                    calls=1,
                    seconds=s + decode_seconds,
                ),
                finish_reason=w.reason,
                prefix_key=p.key if computed_prefix else "",
                prefix_tokens=p.prefix,
                watched=w.watched,
            )
            for p, w, s, computed_prefix in zip(prompts, writers, seconds, computes, strict=True)
        ]

    def _writer(self, request: Request) -> Writer:
        if (request.begin or request.watch) and self._beginning is None:
            self._beginning = Beginning(self.tokenizer)
        return Writer(request, self.tokenizer, self.stops, self.model.device, self._beginning)

    def _prefix(self, prompt: Prompt) -> tuple[list[KV] | None, bool]:
        """The prefix's KV by layer and whether it had to be computed."""
        if not prompt.prefix:
            return None, False
        if prompt.key in self.prefixes:
            self.prefixes.move_to_end(prompt.key)
            return self.prefixes[prompt.key], False
        _, layers = self._prefill(None, prompt.ids[: prompt.prefix])
        self.prefixes[prompt.key] = layers
        while len(self.prefixes) > 1 and sum(map(_bytes, self.prefixes.values())) > self.prefix_bytes:
            self.prefixes.popitem(last=False)
        return layers, True

    def _prefill(self, prefix: list[KV] | None, ids: list[int]) -> tuple[torch.Tensor, list[KV]]:
        """Last-token logits (vocabulary,) and the new tokens' KV by layer, after ``prefix``."""
        past = DynamicCache(config=self.model.config)
        prefix_tokens = prefix[0][0].shape[1] if prefix else 0
        for layer, (keys, values) in enumerate(prefix or []):
            past.update(keys[None], values[None], layer)
        out = self.model(
            input_ids=torch.tensor([ids], device=self.model.device),
            past_key_values=past,
            use_cache=True,
            logits_to_keep=1,
        )
        new = [
            (la.keys[0, :, prefix_tokens:].clone(), la.values[0, :, prefix_tokens:].clone())
            for la in past.layers
        ]
        return out.logits[0, -1].float(), new

    def _plain(self, prompt: Prompt) -> Completion:
        """One prompt through transformers' own loop, without a kept prefix."""
        started = time.perf_counter()
        request = prompt.request
        ids = torch.tensor([prompt.ids], device=self.model.device)
        sampling = {"do_sample": True, "temperature": request.temperature} if request.temperature > 0 else {}
        if sampling:
            torch.manual_seed(request.seed)
        if request.begin:
            sampling["prefix_allowed_tokens_fn"] = self._constraint(request, len(prompt.ids))
        generated = self.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=request.max_tokens,
            pad_token_id=self.tokenizer.eos_token_id,
            return_dict_in_generate=True,
            output_logits=bool(request.watch),
            streamer=Told(self.tokenizer, prompt.speaker) if prompt.speaker else None,
            **({"do_sample": False} | sampling),
        )
        out = generated.sequences[0, len(prompt.ids) :].tolist()
        writer = self._writer(request)
        if request.watch:
            writer.watch(generated.logits[0][0])
        text = self.tokenizer.decode(out, skip_special_tokens=True)
        cut = first_stop(text, request.stop)
        ended = cut is not None or (bool(out) and out[-1] in self.stops)
        usage = Usage(len(prompt.ids), 0, len(out), 1, time.perf_counter() - started)
        return Completion(text[:cut].strip(), usage, "stop" if ended else "length", watched=writer.watched)

    def _constraint(self, request: Request, prompt_tokens: int) -> Any:
        """``request.begin`` as the ``prefix_allowed_tokens_fn`` of transformers; the prompt has ``prompt_tokens``."""
        writer = self._writer(request)
        all_ids = list(range(len(self.tokenizer)))

        def allowed(_: int, ids: torch.Tensor) -> list[int]:
            text = self.tokenizer.decode(ids[prompt_tokens:].tolist(), skip_special_tokens=True)
            permitted = writer.beginning.allowed(text, request.begin) if writer.beginning else None
            return all_ids if permitted is None else permitted

        return allowed


class Told(TextIteratorStreamer):  # type: ignore[misc]
    """What transformers' own loop writes, told to a speaker."""

    def __init__(self, tokenizer: Any, speaker: Speaker) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.speaker, self.text = speaker, ""

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """One more piece."""
        self.text += text
        self.speaker.update(self.text)


def _bytes(layers: list[KV]) -> int:
    return sum(k.nbytes + v.nbytes for k, v in layers)


def _empty(layers: list[KV]) -> list[KV]:
    return [(k[:, :0], v[:, :0]) for k, v in layers]
