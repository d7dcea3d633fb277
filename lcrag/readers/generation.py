"""The synchronous half of the transformers reader: prefill, kept prefixes and batched decoding."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from transformers import TextIteratorStreamer

from lcrag.errors import LcragError
from lcrag.readers.base import Completion, Request
from lcrag.readers.beginning import Beginning
from lcrag.readers.kv.base import KVCache, Store
from lcrag.readers.kv.keep_all import Whole
from lcrag.readers.kv_booking import fractions, no_tokens
from lcrag.readers.kv_calibration import learned
from lcrag.readers.limits import first_stop
from lcrag.readers.prefill import Keep, Suffix, extend, fill, rotary_frequencies
from lcrag.readers.prompt import DENSE, Prompt
from lcrag.readers.shared_prefix import KV, SharedPrefixCache, install, step, supports
from lcrag.readers.streaming import Speaker
from lcrag.readers.writer import Writer
from lcrag.schema import Usage

SMALL_BATCH_TOKENS = 2048  # rows with more tokens after the prefix are decoded one by one


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
        self.learned: dict[str, Any] = {}  # by the method's settings
        self.prefixes: OrderedDict[str, list[Store]] = OrderedDict()
        self.shares = kept and supports(model)
        if self.shares:
            install(model)
        declared = model.generation_config.eos_token_id
        stops = set(declared if isinstance(declared, list) else [declared]) | {tokenizer.eos_token_id}
        self.stops = {i for i in stops if i is not None}

    def rows(self, prompt: Prompt) -> int:
        """How many prompts like this one are decoded together."""
        alone = prompt.cache.selects or prompt.is_kept_whole or prompt.capacity > SMALL_BATCH_TOKENS
        return self.batch_size if self.shares and not alone else 1

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def run(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """Answer prompts that can be decoded together, at most ``rows`` of them.

        Raises:
            LcragError: the model cannot be used with the KV cache method.
        """
        if not self.shares:
            if any(p.cache != DENSE for p in prompts):
                raise LcragError(
                    f"KV cache methods need plain full attention and fixed rotary positions, which "
                    f"{self.model.config.model_type} does not have as it is loaded: leave out `cache`."
                )
            return [self._plain(prompt) for prompt in prompts]
        started = time.perf_counter()
        first_logits, suffixes, loaded, seconds = [], [], 0, []
        prefix: list[Store] = []
        computed = False
        if prompts[0].is_kept_whole:
            logits, prefix = self._fill(prompts[0].ids, prompts[0].cache)
            first_logits, suffixes = [logits], [no_tokens(self.model)]
            seconds = [time.perf_counter() - started]
        else:
            prefix, computed = self._prefix(prompts[0])
            for prompt in prompts:
                suffix = Suffix(prefix)
                first_logits.append(extend(self.model, prompt.ids[prompt.prefix :], suffix))
                suffixes.append(suffix.own)
                loaded += suffix.loaded
                seconds.append(time.perf_counter() - started - sum(seconds))
        lap = time.perf_counter()
        rows = self.rows(prompts[0])
        cache = SharedPrefixCache(prefix or self._empty(suffixes[0]), suffixes, prompts[0].capacity, rows)
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
        passes = cache.passes + (0 if prompts[0].is_kept_whole else len(prompts))
        read = (cache.loaded + loaded) / passes if passes else None
        return [
            Completion(
                text=w.text.strip(),
                usage=Usage(
                    prompt_tokens=len(p.ids),
                    cached_tokens=0 if computed_prefix else p.prefix,
                    completion_tokens=len(w.tokens),
                    calls=1,
                    seconds=s + decode_seconds,
                    **fractions(self.model, prefix, read, len(p.ids) + len(w.tokens)),
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

    def _prefix(self, prompt: Prompt) -> tuple[list[Store], bool]:
        """The prefix's layers and whether they had to be computed."""
        if not prompt.prefix:
            return [], False
        if prompt.key in self.prefixes:
            self.prefixes.move_to_end(prompt.key)
            return self.prefixes[prompt.key], False
        _, layers = self._fill(prompt.ids[: prompt.prefix], prompt.cache)
        self.prefixes[prompt.key] = layers
        while len(self.prefixes) > 1 and sum(map(_bytes, self.prefixes.values())) > self.prefix_bytes:
            self.prefixes.popitem(last=False)
        return layers, True

    def _fill(self, ids: list[int], method: KVCache) -> tuple[torch.Tensor, list[Store]]:
        """Last-token logits (vocabulary,) of a prompt, and its layers as the method keeps them."""
        if repr(method) not in self.learned:
            self.learned[repr(method)] = learned(self.model, self.tokenizer, method)
        layers = self.model.config.get_text_config().num_hidden_layers
        cache = Keep(layers, rotary_frequencies(self.model), method, self.learned[repr(method)])
        with method.watching(self.model):
            return fill(self.model, ids, cache), cache.stores

    def _empty(self, layers: list[KV]) -> list[Store]:
        """A prefix of no tokens."""
        return [Whole(k[:, :0], v[:, :0], 0) for k, v in layers]

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


def _bytes(layers: list[Store]) -> int:
    return sum(store.total for store in layers)
