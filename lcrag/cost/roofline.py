"""Seconds, concurrent users and context switches of a model on hardware: the roofline model.

A step takes as long as the slower of computing and reading (Williams, Waterman and Patterson 2009, doi
10.1145/1498765.1498785). Fu 2024 (arXiv 2405.08944) applies it to long context.
"""

from __future__ import annotations

from math import floor

from lcrag.cost.amounts import not_negative
from lcrag.cost.compression import DENSE, KVShares
from lcrag.cost.hardware import Hardware
from lcrag.cost.model import ModelSpec


def roofline_seconds(flops: float, read_bytes: float, hardware: Hardware) -> float:
    """``max(FLOPs / (F * mfu), bytes / (BW * mbu))``."""
    return max(flops / (hardware.flops * hardware.mfu), read_bytes / (hardware.bandwidth * hardware.mbu))


def prefill_seconds(
    spec: ModelSpec, hardware: Hardware, new: float, past: float = 0, kv: KVShares = DENSE
) -> float:
    """Seconds to the first token of a prompt with ``new`` tokens after ``past`` cached ones.

    Long prompts are bounded by FLOP/s. The weights and the cached prefix are read once. Attention has its own
    utilisations if the card has them.
    """
    flops, attention = spec.prefill_flops(new, past), spec.attention_flops(new, past)
    if not new:
        return 0.0
    slower = hardware.mfu / (hardware.attention_mfu or hardware.mfu)
    cache = spec.kv_bytes(past)
    read = spec.weights_read(new) + cache * kv.loaded * _cache_factor(hardware)
    seconds = roofline_seconds(flops + attention * (slower - 1), read, hardware)
    return seconds + cache * kv.fetched / hardware.link


def decode_seconds(
    spec: ModelSpec, hardware: Hardware, tokens: float, past: float, batch: float = 1, kv: KVShares = DENSE
) -> float:
    """Seconds to write ``tokens`` tokens in each of ``batch`` sequences after ``past`` tokens each.

    Small batches are bounded by the memory's bandwidth: ``tokens * (W + batch * KV(n)) / BW`` (Fu 2024, arXiv
    2405.08944). Reading the cache has its own utilisation if the card has it. A KV cache method reads a share of the
    cache and fetches another over the link, one after the other; FLOPs are counted as if all were read.
    """
    flops, weights = batch * spec.decode_flops(tokens, past), tokens * spec.weights_read(batch)
    cache = spec.decode_bytes(tokens, past, batch) - weights
    read = weights + cache * kv.loaded * _cache_factor(hardware)
    return roofline_seconds(flops, read, hardware) + cache * kv.fetched / hardware.link


def _cache_factor(hardware: Hardware) -> float:
    """Time to read a byte of the KV cache, relative to a byte of the weights."""
    return hardware.mbu / (hardware.attention_mbu or hardware.mbu)


def call_seconds(
    spec: ModelSpec,
    hardware: Hardware,
    prompt: float,
    cached: float,
    completion: float,
    kv: KVShares = DENSE,
) -> float:
    """Seconds of one call without concurrent calls: constant time, uncached prompt, completion."""
    not_negative(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion)
    decode = decode_seconds(spec, hardware, completion, prompt, kv=kv) if completion else 0.0
    return hardware.call_seconds + prefill_seconds(spec, hardware, prompt - cached, cached, kv) + decode


def concurrency(spec: ModelSpec, hardware: Hardware, tokens: float, kv: KVShares = DENSE) -> int:
    """The number of users with ``tokens`` tokens each that fit into memory: ``floor((M - W) / KV(n))`` (Fu 2024).

    ``M`` is memory in bytes, from GiB (see ``Hardware``); 0 if the weights alone do not fit.
    """
    free = hardware.memory - spec.total_parameters * spec.weight_bytes
    each = spec.kv_bytes(tokens) * kv.stored
    return max(0, floor(free / each)) if each else 0


def switch_seconds(
    spec: ModelSpec, hardware: Hardware, leaving: float, coming: float, kv: KVShares = DENSE
) -> float:
    """Seconds to swap one user's KV cache for another's: ``(KV_out + KV_in) / PCIe`` (Fu 2024)."""
    return (spec.kv_bytes(leaving) + spec.kv_bytes(coming)) * kv.stored / hardware.link
